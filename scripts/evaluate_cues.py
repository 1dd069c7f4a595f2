"""Precision and recall of each cue on lines that it was never built on: rules and scores together, as a call hears them.

python -m scripts.evaluate_cues [--lines FOLDER] [--model FOLDER] [--wrong N] [--json]
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from assistant.events import Utterance
from assistant.guidance.policy_file import load_policy
from assistant.signals.cues.corpus import CueLine, read_cue_lines
from assistant.signals.cues.hear import Cues
from assistant.signals.cues.kinds import CUES, DISTRESS, CueKind, may_say
from assistant.signals.hostility import Classifier, load_classifier

LINES = Path(__file__).parents[1] / "tests" / "data" / "cues"


@dataclass(frozen=True)
class Found:
    """How one cue was found: counts of lines."""

    cue: str
    held: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.held if self.held else 1.0


def heard_in(line: CueLine, classifier: Classifier, warning_words: Sequence[str]) -> dict[str, str]:
    """The cues of one line, each with the rule that fired."""
    scores = classifier.judge([line.text])[0].cues
    track = "agent" if line.text.speaker == "agent" else "caller"
    said = Utterance(utterance_id="u", track=track, start_s=0.0, end_s=3.0, text=line.text.text, confidence=1.0)  # type: ignore[arg-type]
    return {event.cue: event.rule for event in Cues(tuple(warning_words)).heard(said, scores, line.text.before)}


def measure(lines: Sequence[CueLine], heard: Sequence[Iterable[str]]) -> list[Found]:
    """One `Found` a cue, then the three of distress as one."""
    rows = [_count(cue, lines, heard, frozenset({cue})) for cue in CUES]
    return [*rows, _count("distress", lines, heard, DISTRESS)]


def _count(name: str, lines: Sequence[CueLine], heard: Sequence[Iterable[str]], cues: frozenset[CueKind]) -> Found:
    held = [bool(line.cues & cues) and any(may_say(line.text.speaker, cue) for cue in cues) for line in lines]
    found = [bool(cues & set(one)) for one in heard]
    return Found(name, sum(held), sum(found), sum(h and f for h, f in zip(held, found, strict=True)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=Path, default=LINES)
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--wrong", type=int, default=0, help="print so many lines of each cue that were missed or wrongly found")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    lines = read_cue_lines(options.lines)
    classifier, words = load_classifier(options.model), load_policy().warning_words
    heard = [heard_in(line, classifier, words) for line in lines]
    rows = measure(lines, heard)
    if options.json:
        print(json.dumps([asdict(row) | {"precision": row.precision, "recall": row.recall} for row in rows]))
        return 0
    print(f"{len(lines)} lines, {sum(not line.cues for line in lines)} without a cue")
    for row in rows:
        print(f"{row.cue:22} held {row.held:4}  precision {row.precision:.3f}  recall {row.recall:.3f}")
        for line, cues in _wrong(row.cue, lines, heard)[: options.wrong]:
            print(f"    {'missed' if row.cue in line.cues else 'wrong '}: {line.where} {line.text.text} {cues.get(row.cue, '')}")
    return 0


def _wrong(cue: str, lines: Sequence[CueLine], heard: Sequence[dict[str, str]]) -> list[tuple[CueLine, dict[str, str]]]:
    return [(line, cues) for line, cues in zip(lines, heard, strict=True) if (cue in line.cues) != (cue in cues) and cue in CUES]


if __name__ == "__main__":
    raise SystemExit(main())
