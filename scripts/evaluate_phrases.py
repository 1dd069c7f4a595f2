"""Measures the judge on callers' phrases, messages to a chatbot and turns at a bank: `python -m scripts.evaluate_phrases`.

The three sets lie in `tests/data`; each is by another hand than any training line, and nothing is trained or tuned on them.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from assistant.signals.hostility.corpus import CorpusError, Line, read_corpus
from assistant.signals.hostility.evaluate import abuse_figures, share_called
from assistant.signals.hostility.judge import HostilityJudge
from assistant.signals.hostility.labels import LABELS, Text
from assistant.signals.hostility.load import load_classifier

SETS = Path(__file__).parents[1] / "tests" / "data"


def read_levels(path: Path) -> list[tuple[int, str]]:
    """The level and the words of each line, `level | words`. Errors: `ValueError` naming the line."""
    found = []
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        level, _, words = (part.strip() for part in row.partition("|"))
        if level not in ("0", "1", "3") or not words:
            raise ValueError(f"{path}:{number}: not `level | words` with a level of 0, 1 or 3")
        found.append((int(level), words))
    return found


def read_turns(path: Path) -> list[str]:
    """Turns of ordinary callers, one a line. Errors: `OSError`."""
    return [row for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]


def phrase_figures(judge: HostilityJudge, lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    """The figures of all phrases, and for each label the share of its abuse that is called so."""
    judged = judge.judge([line.text for line in lines])
    figures = {"phrases": abuse_figures([line.level for line in lines], judged)}
    for label in LABELS:
        found = [one for line, one in zip(lines, judged, strict=True) if line.level == 3 and label in line.labels]
        if found:
            figures[f"phrases: {label}"] = {"recall": share_called(found)}
    return figures


def all_figures(judge: HostilityJudge, sets: Path = SETS) -> dict[str, dict[str, float]]:
    """The figures of each set. Errors: `OSError`, `ValueError`, `CorpusError`."""
    figures = phrase_figures(judge, read_corpus(sets / "phrases"))
    messages, turns = read_levels(sets / "bot_abuse" / "messages.txt"), read_turns(sets / "ordinary" / "banking.txt")
    figures["messages to a bot"] = abuse_figures([level for level, _ in messages], judge.judge([Text(words) for _, words in messages]))
    figures["callers of a bank"] = {"false_on_ordinary": share_called(judge.judge([Text(turn) for turn in turns]))}
    return figures


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="evaluate_phrases", description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of weights; the shipped ones where it is left out")
    parser.add_argument("--sets", type=Path, default=SETS, help="a folder that holds the three sets")
    options = parser.parse_args(arguments)
    try:
        figures = all_figures(load_classifier(options.model), options.sets)
    except (OSError, ValueError, CorpusError) as error:
        print(error, file=sys.stderr)
        return 2
    columns = ("auroc", "precision", "recall", "f1", "false_on_ordinary", "false_on_upset", "called_abuse_of_hostile")
    print(f"| set | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name, row in figures.items():
        values = [row.get(column, math.nan) for column in columns]
        print(f"| {name} | {' | '.join('' if math.isnan(value) else f'{value:.4f}' for value in values)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
