"""The form of a policy file: which keys there are and what may stand at each. Pure.

In: what TOML made of a file. Out: every place whose key or value is wrong, with the mend. What keys mean together is in
`policy_checks`.
"""

import difflib
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec import inspect as shape

from assistant.guidance.policy import Budget, Card, CardId, Evidence, Grant, LadderPolicy, Rule, Section, Words
from assistant.guidance.policy_faults import Place
from assistant.heat.model import HeatParameters

LanguageCode = Annotated[str, Meta(pattern="^[a-z]{2,3}(-[A-Z]{2})?$", description="a language is named by its code, as de or de-AT")]
TeamName = Annotated[str, Meta(pattern=r"^[\w-]+$", description="a team's name has letters, digits, - and _ only")]


class Overlay(Section, frozen=True):
    """Parts of a policy that are laid over another: whatever is left out stays as it was."""

    evidence: Evidence | UnsetType = UNSET
    heat: HeatParameters | UnsetType = UNSET
    ladder: LadderPolicy | UnsetType = UNSET
    budget: Budget | UnsetType = UNSET
    remit: tuple[Grant, ...] | UnsetType = UNSET
    """Takes the place of the whole remit."""
    rules: tuple[Rule, ...] | UnsetType = UNSET
    """A rule whose id is known is laid over that one, another is added."""
    cards: Mapping[CardId, Card] | UnsetType = UNSET


class TeamOverlay(Overlay, frozen=True):
    """`[teams.NAME]`: what holds for the calls of one team."""

    languages: Mapping[LanguageCode, Overlay] | UnsetType = UNSET
    """The team's own words in other languages."""


class PolicyFile(TeamOverlay, frozen=True):
    """A policy of Calmline. Whatever is left out comes from the file that it extends, in the end from the bundled policy."""

    version: Words | UnsetType = UNSET
    """Stands on every card and step; best the date on which the policy was agreed."""
    language: LanguageCode | UnsetType = UNSET
    """The language of the words in this file outside of `[languages]`; en where it is left out."""
    extends: Words | UnsetType = UNSET
    """Another policy file, from the folder of this one, that it is laid over."""
    teams: Mapping[TeamName, TeamOverlay] | UnsetType = UNSET
    """What is different for a team."""
    languages: Mapping[LanguageCode, Overlay] | UnsetType = UNSET
    """Words in other languages."""


NEEDED: dict[type, frozenset[str]] = {Rule: frozenset({"id"}), Grant: frozenset({"cues", "say"})}
"""What must stand in each part of a file, even of an overlay; the rest may come from what it is laid over."""

Wrong = tuple[Place, str]


def wrong_in_file(raw: dict[str, Any]) -> Iterator[Wrong]:
    """Everything in a file that is not of the form, each key and value looked at on its own."""
    yield from _wrong(raw, PolicyFile, (), whole=False)
    yield from _twice(raw, ())


def wrong_in_whole(raw: Any, form: Any) -> Iterator[Wrong]:
    """The same of a whole policy, in which nothing may be left out that has no default."""
    yield from _wrong(raw, form, (), whole=True)


def close_to(name: str, known: list[str]) -> str:
    """`; did you mean ...?`, or what there is."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean `{close[0]}`?" if close else f"; known are {', '.join(sorted(known))}"


@cache
def _fields(form: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {field.encode_name: field for field in msgspec.structs.fields(form)}


def _wrong(value: Any, form: Any, place: Place, *, whole: bool) -> Iterator[Wrong]:
    form = _present(form)
    if isinstance(form, type) and issubclass(form, msgspec.Struct):
        yield from _wrong_table(value, form, place, whole=whole)
    elif get_origin(form) is not None and isinstance(get_origin(form), type) and issubclass(get_origin(form), Mapping):
        yield from _wrong_map(value, form, place, whole=whole)
    elif _is_list(form) and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _wrong(item, get_args(_bare(form))[0], (*place, number), whole=whole)
        if not value:
            yield from _wrong_value(value, form, place)
    else:
        yield from _wrong_value(value, form, place)


def _wrong_table(value: Any, form: type[msgspec.Struct], place: Place, *, whole: bool) -> Iterator[Wrong]:
    if not isinstance(value, dict):
        yield place, f"must be a table of {', '.join(_fields(form))}, not {_told(value)}"
        return
    fields = _fields(form)
    for key, item in value.items():
        if key in fields:
            yield from _wrong(item, fields[key].type, (*place, key), whole=whole)
        else:
            yield (*place, key), f"is not a known key{close_to(key, list(fields))}"
    needed = {key for key, field in fields.items() if field.required} if whole else NEEDED.get(form, frozenset[str]())
    for key in sorted(needed - value.keys()):
        yield (*place, key), f"is missing; it must be {_expected(fields[key].type)}"


def _wrong_map(value: Any, form: Any, place: Place, *, whole: bool) -> Iterator[Wrong]:
    if not isinstance(value, dict):
        yield place, f"must be a table, not {_told(value)}"
        return
    key_form, item_form = get_args(form)
    for key, item in value.items():
        wrong_key = list(_wrong_value(key, key_form, (*place, key)))
        yield from wrong_key or _wrong(item, item_form, (*place, key), whole=whole)


def _wrong_value(value: Any, form: Any, place: Place) -> Iterator[Wrong]:
    if isinstance(value, float) and not math.isfinite(value):
        yield place, f"must be {_expected(form)}, not {value}"
        return
    try:
        msgspec.convert(value, form)
    except msgspec.ValidationError:
        kind = shape.type_info(form)
        if (known := _choices(kind)) and isinstance(value, str):
            yield place, f'cannot be "{value}"{close_to(value, known)}'
        elif isinstance(kind, shape.Metadata) and isinstance(value, str | list):
            yield place, f"{(kind.extra_json_schema or {}).get('description', '')}, not {_told(value)}"
        else:
            yield place, f"must be {_expected(form)}, not {_told(value)}"


def _twice(raw: dict[str, Any], place: Place) -> Iterator[Wrong]:
    """Rules of one part that have the same id."""
    rules = raw.get("rules")
    if isinstance(rules, list):
        ids = [rule.get("id") if isinstance(rule, dict) else None for rule in rules]
        often = Counter(name for name in ids if isinstance(name, str))
        for number, name in enumerate(ids):
            if isinstance(name, str) and often[name] > 1 and ids.index(name) < number:
                yield (*place, "rules", number, "id"), f'"{name}" is the id of rules[{ids.index(name)}] too; each rule has its own'
    for key in ("teams", "languages"):
        parts = raw.get(key)
        if isinstance(parts, dict):
            for name, part in parts.items():
                if isinstance(part, dict):
                    yield from _twice(part, (*place, key, name))


@cache
def _present(form: Any) -> Any:
    """A form without the absence of it."""
    if get_origin(form) in (Union, UnionType):
        left = [one for one in get_args(form) if one not in (NoneType, UnsetType)]
        return left[0] if len(left) == 1 else form
    return form


def _bare(form: Any) -> Any:
    return get_args(form)[0] if get_origin(form) is Annotated else form


@cache
def _is_list(form: Any) -> bool:
    return get_origin(_bare(form)) is tuple


def _expected(form: Any) -> str:
    """What may stand somewhere, in words."""
    form = _present(form)
    match shape.type_info(form):
        case shape.Metadata(type=kind):
            return _of(kind)
        case kind:
            return _of(kind)


def _of(kind: Any) -> str:
    match kind:
        case shape.BoolType():
            return "true or false"
        case shape.IntType() | shape.FloatType():
            return ("a whole number" if isinstance(kind, shape.IntType) else "a number") + _bounds(kind)
        case shape.StrType():
            return "words in quotes"
        case _ if known := _choices(kind):
            return "one of " + ", ".join(f'"{value}"' for value in known)
        case shape.VarTupleType():
            return "a list"
        case _:
            return "a table"


def _choices(kind: Any) -> list[str]:
    """The names that may stand somewhere, where only certain ones may."""
    if isinstance(kind, shape.UnionType):
        return [name for one in kind.types for name in _choices(one)]
    return [str(value) for value in kind.values] if isinstance(kind, shape.LiteralType) else []


def _bounds(kind: shape.IntType | shape.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:g}"
    if kind.ge is not None:
        return f" of at least {kind.ge:g}"
    return f" above {kind.gt:g}" if kind.gt is not None else ""


def _told(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"' if len(value) <= 50 else f'"{value[:49]}…"'
        case int() | float():
            return str(value)
        case []:
            return "an empty list"
        case list():
            return "a list"
        case dict():
            return "a table"
        case _:
            return f"the {type(value).__name__} {value}"
