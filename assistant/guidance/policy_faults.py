"""What is wrong in a policy file, and where: file, line, field, mend. Pure.

In: the text of a TOML file. Out: the line of each of its fields, and faults as lines of words.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from assistant.errors import ConfigError

if TYPE_CHECKING:
    from tree_sitter import Node

Place = tuple[str | int, ...]
"""Where a field stands: keys and, inside of a list, numbers from 0."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_AT = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\"' -]*[A-Za-z0-9_\"'])\s*=")


@dataclass(frozen=True)
class Fault:
    """One thing to mend."""

    file: str
    line: int
    """From 1."""
    field: str
    """As `rules[3].count`; the whole file where it is empty."""
    what: str
    """What is wrong, and the mend."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.what}" if self.field else f"{self.file}:{self.line}: {self.what}"


class PolicyFaults(ConfigError):
    """A policy is not in order; its text is a line for each fault."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.file, fault.line)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class Source:
    """A file of a policy. Raises `PolicyFaults` where it is not TOML."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        try:
            self.raw: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as broken:
            raise PolicyFaults([_not_toml(name, text, str(broken))]) from broken

    @cached_property
    def lines(self) -> dict[Place, int]:
        """The line of each field, from 1; found only once something is wrong."""
        return field_lines(self.text)

    def fault(self, place: Place, what: str) -> Fault:
        """A fault at a field; one that is not there is said to be at the nearest one around it."""
        known = next((place[:end] for end in range(len(place), 0, -1) if place[:end] in self.lines), None)
        return Fault(self.name, 1 if known is None else self.lines[known], dotted(place), what)


def dotted(place: Place) -> str:
    """A place as people write it: `rules[3].count`, `cards."ladder.note".title`."""
    told = ""
    for part in place:
        if isinstance(part, int):
            told += f"[{part}]"
        else:
            told += ("." if told else "") + (part if _BARE.fullmatch(part) else f'"{part}"')
    return told


def field_lines(text: str) -> dict[Place, int]:
    """The line of each table, key and list element of a TOML text, from 1. The first mention counts."""
    import tree_sitter
    import tree_sitter_toml

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_toml.language()))
    lines: dict[Place, int] = {}
    lengths: dict[Place, int] = {}
    for node in parser.parse(text.encode()).root_node.named_children:
        match node.type:
            case "pair":
                _pair(node, (), lines)
            case "table" | "table_array_element":
                head, *pairs = (child for child in node.named_children if child.type != "comment")
                place: Place = ()
                parts = list(_keys(head))
                for number, part in enumerate(parts):
                    place = (*place, part)
                    lines.setdefault(place, _line(head))
                    if node.type == "table_array_element" and number == len(parts) - 1:
                        lengths[place] = lengths.get(place, 0) + 1
                    if place in lengths:
                        place = (*place, lengths[place] - 1)
                        lines.setdefault(place, _line(head))
                for pair in pairs:
                    _pair(pair, place, lines)
    return lines


def _pair(node: "Node", place: Place, lines: dict[Place, int]) -> None:
    key, value = (child for child in node.named_children if child.type != "comment")
    for part in _keys(key):
        place = (*place, part)
        lines.setdefault(place, _line(key))
    _value(value, place, lines)


def _value(node: "Node", place: Place, lines: dict[Place, int]) -> None:
    children = [child for child in node.named_children if child.type != "comment"]
    if node.type == "inline_table":
        for child in children:
            _pair(child, place, lines)
    elif node.type == "array":
        for number, child in enumerate(children):
            lines[*place, number] = _line(child)
            _value(child, (*place, number), lines)


def _keys(node: "Node") -> Iterator[str]:
    if node.type == "dotted_key":
        for child in node.named_children:
            yield from _keys(child)
    else:
        text = (node.text or b"").decode()
        yield text if node.type == "bare_key" else next(iter(tomllib.loads(f"{text} = 0")))


def _line(node: "Node") -> int:
    return node.start_point.row + 1


def _not_toml(name: str, text: str, said: str) -> Fault:
    at = _AT.search(said)
    written = text.split("\n")
    number = int(at[1]) if at and at[1] else max(1, len(text.rstrip().split("\n")))
    line = written[number - 1] if number <= len(written) else ""
    key = _KEY.match(line)
    what = _AT.sub("", said)
    return Fault(name, number, key[1].strip() if key else "", f"this is not TOML ({what}): {line.strip()[:80]}")
