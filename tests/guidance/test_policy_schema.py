"""The shipped JSON Schema is that of the types, and says yes and no where the reader of files does."""

import tomllib
from importlib import resources
from typing import Any

import jsonschema
import msgspec
import pytest

from assistant.guidance.policy_form import PolicyFile
from assistant.guidance.policy_schema import PARTS, field_notes, policy_schema, schema_text

FOLDER = resources.files("assistant.guidance")
CHECK = jsonschema.Draft202012Validator(policy_schema())


def test_the_shipped_schema_is_that_of_the_types() -> None:
    shipped = (FOLDER / "policy.schema.json").read_text("utf-8")
    assert shipped == schema_text(), "run: calmline policy schema > assistant/guidance/policy.schema.json"


def test_the_schema_is_sound() -> None:
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    assert {part.__name__ for part in PARTS} == {*policy_schema()["$defs"], PolicyFile.__name__}


@pytest.mark.parametrize("name", ["policy.toml", "policy.de.toml"])
def test_bundled_files_point_editors_to_the_schema_and_keep_to_it(name: str) -> None:
    text = (FOLDER / name).read_text("utf-8")
    assert text.startswith("#:schema ./policy.schema.json\n")
    CHECK.validate(tomllib.loads(text))


@pytest.mark.parametrize(
    "broken",
    [
        {"budgets": {}},
        {"budget": {"dwell_s": -1}},
        {"cards": {"crysis": {}}},
        {"cards": {"crisis": {"title": "one two three four five six seven"}}},
        {"rules": [{"why": "x"}]},
        {"teams": {"a": {"version": "x"}}},
        {"ladder": {"insult": {"say": {"warn": "x"}}}},
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(broken: dict[str, Any]) -> None:
    assert not CHECK.is_valid(broken)


def test_an_overlay_needs_no_whole_parts() -> None:
    CHECK.validate({"teams": {"a": {"cards": {"crisis": {"say": "x"}}, "rules": [{"id": "x", "count": 2}]}}})


def test_the_line_under_a_field_is_its_description() -> None:
    class Part(msgspec.Struct):
        plain: int = 0
        told: int = 0
        """Over two
        lines."""

    assert field_notes(Part) == {"told": "Over two lines."}
    assert policy_schema()["$defs"]["Budget"]["properties"]["dwell_s"]["description"].startswith("A card stays")
