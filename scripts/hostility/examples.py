"""What the trainer learns from: an utterance and what its source says of it, and nothing more.

A source that was never asked about a label says nothing of it: the label is absent and its loss is masked. A source
that knows "abusive or hostile" but not which gives a set of levels, and the loss asks only that the model be inside
the set.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.signals.cues.corpus import CueLine, read_cue_lines
from assistant.signals.cues.kinds import CUES, DISTRESS
from assistant.signals.hostility.corpus import Line, read_corpus
from assistant.signals.hostility.labels import LABELS, TARGETS, Text
from assistant.signals.hostility.normalise import normalise
from assistant.signals.hostility.splits import Split, split_of
from scripts.asks.calls import ABUSIVE, read_ask_calls

ASKED = (*LABELS, *CUES)
"""What a source may have been asked about, each an independent probability."""
ALL_LEVELS = frozenset({0, 1, 2, 3})
ALL_TARGETS = frozenset(TARGETS)
CUE_SOURCE, ASK_SOURCE = "cues", "asks"


@dataclass(frozen=True)
class Example:
    """One utterance. `labels` holds only what the source asked, in [0, 1]; `levels` and `targets` are what it leaves
    possible."""

    text: Text
    source: str
    split: Split
    labels: dict[str, float] = field(default_factory=dict)
    levels: frozenset[int] = ALL_LEVELS
    targets: frozenset[str] = ALL_TARGETS
    family: str = ""
    tags: tuple[str, ...] = ()
    weight: float = 1.0


def from_line(line: Line) -> Example:
    """A corpus line: every label is known, but `hostile` where a plain insult leaves it open."""
    labels = {name: float(name in line.labels) for name in LABELS}
    if "distress" not in line.labels:
        labels |= dict.fromkeys(DISTRESS, 0.0)
    if line.level == 3 and line.target == "person":
        labels["hostile"] = 1.0
    elif line.level >= 2 and "hostile" not in line.labels:
        del labels["hostile"]
    said = line.text
    text = Text(normalise(said.text), said.speaker, said.before, said.before_speaker)
    return Example(
        text,
        "corpus",
        split_of(line.family),
        labels,
        frozenset({line.level}),
        frozenset({line.target}),
        line.family,
        line.tags,
    )


def from_cue_line(line: CueLine) -> Example:
    """A line of the cues' corpus: every cue is known, and distress; nothing else of hostility."""
    labels = {cue: float(cue in line.cues) for cue in CUES} | {"distress": float(bool(line.cues & DISTRESS))}
    said = line.text
    text = Text(normalise(said.text), said.speaker, said.before, said.before_speaker)
    return Example(text, CUE_SOURCE, split_of(line.family), labels, family=line.family, tags=line.tags)


def ask_examples(folder: Path) -> list[Example]:
    """What the callers say from whom the network of asks learns: no abuse, where their call does not bear that tag."""
    labels = {name: 0.0 for name in LABELS if name not in ("hostile", "distress")}
    calls = [call for call in read_ask_calls(folder) if ABUSIVE not in call.tags]
    lines = [(call.family, normalise(line.text)) for call in calls for line in call.lines]
    return [Example(Text(text), ASK_SOURCE, split_of(family), labels, frozenset({0, 1, 2}), family=family) for family, text in lines]


def corpus_examples(folder: Path) -> list[Example]:
    """The corpus of our own, by file and line."""
    return [from_line(line) for line in read_corpus(folder)]


def cue_examples(folder: Path) -> list[Example]:
    """The corpus of cues, by file and line."""
    return [from_cue_line(line) for line in read_cue_lines(folder)]


def label_arrays(examples: Iterable[Example]) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """(n, 32) labels and cues with NaN where masked, (n, 4) possible levels, (n, 5) possible targets."""
    rows = list(examples)
    labels = np.full((len(rows), len(ASKED)), np.nan, dtype=np.float32)
    levels = np.zeros((len(rows), 4), dtype=np.bool_)
    targets = np.zeros((len(rows), len(TARGETS)), dtype=np.bool_)
    for at, row in enumerate(rows):
        for name, value in row.labels.items():
            labels[at, ASKED.index(name)] = value
        levels[at, list(row.levels)] = True
        targets[at, [TARGETS.index(name) for name in row.targets]] = True
    return labels, levels, targets
