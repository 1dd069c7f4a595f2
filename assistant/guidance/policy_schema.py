"""The JSON Schema of policy files, for editors: `calmline policy schema`. It is shipped as `policy.schema.json` beside the policy.

In: the types of a policy file and the lines under their fields. Out: a schema (draft 2020-12). What fields mean together it does not
say; `calmline policy check` does.
"""

import ast
import inspect
import json
import textwrap
from typing import Any

import msgspec

from assistant.guidance.policy import (
    CARDS,
    STEPS,
    Budget,
    Card,
    CoolOff,
    Evidence,
    Grant,
    KindEvidence,
    KindLadder,
    LadderPolicy,
    Rule,
    Skip,
)
from assistant.guidance.policy_form import NEEDED, Overlay, PolicyFile, TeamOverlay
from assistant.heat.model import HeatParameters

PARTS: tuple[type[msgspec.Struct], ...] = (
    PolicyFile,
    TeamOverlay,
    Overlay,
    Evidence,
    HeatParameters,
    LadderPolicy,
    KindLadder,
    KindEvidence,
    Skip,
    CoolOff,
    Budget,
    Grant,
    Rule,
    Card,
)


def schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"


def policy_schema() -> dict[str, Any]:
    """The schema of a policy file."""
    whole: dict[str, Any] = msgspec.json.schema(PolicyFile)
    parts: dict[str, Any] = whole["$defs"]
    for part in PARTS:
        form = parts[part.__name__]
        needed = NEEDED.get(part, frozenset[str]())
        form.pop("required", None)
        if needed:
            form["required"] = sorted(needed)
        notes = field_notes(part)
        for key, field in form["properties"].items():
            # A default is what holds where nothing lies below; that is so of what is new alone.
            if part not in (Rule, Grant):
                field.pop("default", None)
            if key in notes:
                field["description"] = notes[key]
    root = parts.pop(PolicyFile.__name__)
    for overlay in (root, parts["TeamOverlay"], parts["Overlay"]):
        overlay["properties"]["cards"]["propertyNames"] = {"enum": list(CARDS)}
    for by_step in ("say", "approvers"):
        parts["KindLadder"]["properties"][by_step]["propertyNames"] = {"enum": list(STEPS)}
    whole_form: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A policy of Calmline"}
    return whole_form | {key: value for key, value in root.items() if key != "title"} | {"$defs": parts}


def field_notes(part: type[msgspec.Struct]) -> dict[str, str]:
    """The lines under the fields of a class and of those that it is made of, each as one line."""
    notes: dict[str, str] = {}
    for made_of in reversed(part.__mro__):
        if made_of is msgspec.Struct or not issubclass(made_of, msgspec.Struct):
            continue
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(made_of))).body
        assert isinstance(tree, ast.ClassDef)
        for field, note in zip(tree.body, tree.body[1:], strict=False):
            match field, note:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(words))):
                    notes[name] = " ".join(words.split())
                case _:
                    pass
    return notes
