"""Reads the corpus of our own (`models/hostility/corpus/*.txt`, format in its README).

In: a folder or a file's text. Out: `Line`s with their family. Errors: `CorpusError` naming file and line.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from assistant.errors import AssistantError
from assistant.signals.hostility.labels import LABELS, Text

_TARGETS = {
    "person": "person",
    "situation": "situation",
    "report": "third_person_report",
    "self": "self",
    "none": "none",
}
_SPEAKERS = ("agent", "caller")


class CorpusError(AssistantError):
    """A line of the corpus is not in the format; the text names file and line."""


@dataclass(frozen=True)
class Line:
    """One utterance of the corpus: what was said and what is true of it."""

    family: str
    topic: str
    tags: tuple[str, ...]
    text: Text
    level: int
    labels: frozenset[str]
    target: str
    where: str


def read_corpus(folder: Path) -> list[Line]:
    """All lines of all `*.txt` in `folder`, by file name. Errors: `CorpusError`, also for a family id that two files
    use."""
    return read_families(folder, parse_corpus)


class InFamily(Protocol):
    """A line of a file of families."""

    @property
    def family(self) -> str:
        """The id of its family."""
        ...

    @property
    def where(self) -> str:
        """File and line."""
        ...


Parsed = TypeVar("Parsed", bound=InFamily)


def read_families(folder: Path, parse: Callable[[str, str], Iterator[Parsed]]) -> list[Parsed]:
    """What `parse` finds in all `*.txt` of `folder` (it is given content and name), by file name.

    Errors: `CorpusError`, also for a family id that two files use.
    """
    lines: list[Parsed] = []
    seen: dict[str, str] = {}
    for file in sorted(folder.glob("*.txt")):
        for line in parse(file.read_text(encoding="utf-8"), file.name):
            if seen.setdefault(line.family, file.name) != file.name:
                raise CorpusError(f"{line.where}: family {line.family} is in {seen[line.family]}, too")
            lines.append(line)
    return lines


def parse_corpus(content: str, name: str) -> Iterator[Line]:
    """The lines of one file's `content`; `name` is for the errors."""
    for row, where, heading in headed_rows(content, name):
        yield _line(row, where, heading)


Heading = tuple[str, str, tuple[str, ...]]
"""Family, topic, tags."""


def headed_rows(content: str, name: str) -> Iterator[tuple[str, str, Heading]]:
    """Each row below a heading: the row, where it stands, its heading."""
    heading: Heading | None = None
    for number, raw in enumerate(content.splitlines(), 1):
        where = f"{name}:{number}"
        row = raw.strip()
        if not row:
            continue
        if row.startswith("#"):
            heading = _heading(row, where)
        elif heading is None:
            raise CorpusError(f"{where}: a line before the first heading")
        else:
            yield row, where, heading


def _heading(row: str, where: str) -> Heading:
    parts = [part.strip() for part in row.lstrip("#").split("|")]
    if len(parts) != 3 or not parts[0]:
        raise CorpusError(f"{where}: a heading is `# family-id | topic | tag, tag`")
    return parts[0], parts[1], tuple(tag.strip() for tag in parts[2].split(",") if tag.strip())


def _line(row: str, where: str, heading: Heading) -> Line:
    head, bar, words = row.partition("|")
    fields = head.split()
    speaker = "caller"
    if fields and fields[0] == "A":
        speaker = "agent"
        fields = fields[1:]
    if not bar or len(fields) < 3:
        raise CorpusError(f"{where}: a line is `level labels target | words`")
    level, target = fields[0], fields[-1]
    labels = frozenset("".join(fields[1:-1]).split(",")) - {"-", ""}
    if level not in ("0", "1", "2", "3"):
        raise CorpusError(f"{where}: level {level!r} is not 0 to 3")
    if target not in _TARGETS:
        raise CorpusError(f"{where}: target {target!r} is none of {', '.join(_TARGETS)}")
    if unknown := labels - set(LABELS):
        raise CorpusError(f"{where}: unknown label {', '.join(sorted(unknown))}")
    said, before, before_speaker = said_and_before(words, where)
    family, topic, tags = heading
    text = Text(said, speaker, before, before_speaker)
    return Line(family, topic, tags, text, int(level), labels, _TARGETS[target], where)


def said_and_before(words: str, where: str) -> tuple[str, str | None, str | None]:
    """What is said, the utterance before it and who said that; None and None where there is none."""
    said, arrow, before = (part.strip() for part in words.partition("<<"))
    if not said:
        raise CorpusError(f"{where}: no words")
    if not arrow:
        return said, None, None
    speaker, colon, spoken = (part.strip() for part in before.partition(":"))
    if not colon or speaker not in _SPEAKERS or not spoken:
        raise CorpusError(f"{where}: after << comes `agent: words` or `caller: words`")
    return said, spoken, speaker
