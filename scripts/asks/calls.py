"""Calls of which every utterance says what it asks for, as `models/asks/README.md` tells the format.

In: a folder of text files. Out: `AskCall`s.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from assistant.weights import bundled_dir

ABUSIVE, SHEAF, KEPT = "abusive", "sheaf", "kept"
"""The tags: somebody is abused in the call; it is no call but three asks, each said in as many ways as can be; it is never learnt from."""
_LINE = re.compile(r"(-|[1-9]\d?) \| (\S.*)")


@dataclass(frozen=True)
class AskLine:
    """One utterance of a caller; `asks` numbers what it asks for among the asks of its call, None if it asks for nothing."""

    asks: int | None
    text: str


@dataclass(frozen=True)
class AskCall:
    """The utterances of one caller, in order; `family` is the id of the call, `tags` some of `ABUSIVE`, `SHEAF` and `KEPT`."""

    family: str
    tags: tuple[str, ...]
    lines: tuple[AskLine, ...]


def bundled_calls() -> Path:
    """The folder of the calls that the networks learn from."""
    return bundled_dir() / "asks" / "calls"


def read_ask_calls(folder: Path) -> list[AskCall]:
    """All calls of the folder's `*.txt`, by name. Errors: `ValueError` that names the file and the line."""
    return [call for file in sorted(folder.glob("*.txt")) for call in parse_ask_calls(file.read_text(encoding="utf-8"), file.name)]


def parse_ask_calls(text: str, name: str) -> list[AskCall]:
    """As `read_ask_calls`, of one file's text."""
    calls: list[tuple[list[str], list[AskLine]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            calls.append(([part.strip() for part in line[1:].split("|")], []))
        elif line.strip():
            found = _LINE.fullmatch(line.strip())
            if found is None or not calls:
                raise ValueError(f"{name}:{number}: neither `# id | industry` nor, under such a heading, `NUMBER | words` or `- | words`")
            calls[-1][1].append(AskLine(None if found[1] == "-" else int(found[1]), found[2]))
    return [AskCall(heading[0], tuple(heading[2:]), tuple(lines)) for heading, lines in calls]


def made_again(call: AskCall) -> list[bool]:
    """For each line, whether it asks for what an earlier line of the call asked for."""
    return [line.asks is not None and any(line.asks == old.asks for old in call.lines[:at]) for at, line in enumerate(call.lines)]
