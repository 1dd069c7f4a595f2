"""Reads lines with their cues (`models/hostility/cues/*.txt`, format in its README).

In: a folder. Out: `CueLine`s with their family. Errors: `CorpusError` naming file and line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.signals.cues.kinds import CUES, CueKind, may_say
from assistant.signals.hostility.corpus import CorpusError, headed_rows, read_families, said_and_before
from assistant.signals.hostility.labels import Text


@dataclass(frozen=True)
class CueLine:
    """One utterance and every cue that it holds."""

    family: str
    tags: tuple[str, ...]
    text: Text
    cues: frozenset[CueKind]
    where: str


def read_cue_lines(folder: Path) -> list[CueLine]:
    """All lines of all `*.txt` in `folder`, by file name. Errors: `CorpusError`, also for a family id that two files use."""
    return read_families(folder, parse_cue_lines)


def parse_cue_lines(content: str, name: str) -> Iterator[CueLine]:
    """The lines of one file's `content`; `name` is for the errors."""
    for row, where, (family, _, tags) in headed_rows(content, name):
        head, bar, words = row.partition("|")
        fields = head.strip()
        speaker = "caller"
        if fields == "A" or fields.startswith("A "):
            speaker, fields = "agent", fields[1:].strip()
        if not bar or not fields:
            raise CorpusError(f"{where}: a line is `cue, cue | words`, or `- | words`")
        named = frozenset(field.strip() for field in fields.split(",")) - {"-", ""}
        cues = frozenset(cue for cue in CUES if cue in named)
        if len(cues) != len(named):
            raise CorpusError(f"{where}: unknown cue {', '.join(sorted(named - cues))}")
        if unsaid := [cue for cue in CUES if cue in named and not may_say(speaker, cue)]:
            raise CorpusError(f"{where}: the {speaker} does not say {', '.join(unsaid)} (models/hostility/cues/README.md)")
        said, before, before_speaker = said_and_before(words, where)
        yield CueLine(family, tags, Text(said, speaker, before, before_speaker), cues, where)
