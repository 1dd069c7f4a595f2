"""Measures the judge on callers' phrases, messages to a chatbot and turns at a bank: `python -m scripts.evaluate_phrases`.

The three sets lie in `tests/data`; each is by another hand than any training line, and nothing is trained or tuned on them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.signals.hostility.corpus import CorpusError, Line, read_corpus
from assistant.signals.hostility.judge import HostilityJudge
from assistant.signals.hostility.labels import LABELS, Text
from assistant.signals.hostility.load import load_classifier
from assistant.signals.hostility.metrics import at_threshold, auroc

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


def read_turns(path: Path) -> list[tuple[int, str]]:
    """Turns of ordinary callers, one a line, each of level 0. Errors: `OSError`."""
    return [(0, row) for row in path.read_text(encoding="utf-8").splitlines() if row.strip()]


def abuse_figures(judge: HostilityJudge, levels: Sequence[int], texts: Sequence[Text]) -> dict[str, float]:
    """Level 3 against 0 and 1: `auroc`, and at the judge's threshold `precision`, `recall` and `f1`, NaN where one side is missing;
    `called_K`, the share of level K that is called abuse."""
    judged = judge.judge(texts)
    of = np.array(levels)
    p, called = np.array([one.p_abuse for one in judged]), np.array([float(one.abuse) for one in judged])
    clear = of != 2
    figures = {f"called_{level}": float(called[of == level].mean()) for level in sorted(set(levels))}
    if set(levels) - {2} > {3}:
        found = at_threshold(called[clear], of[clear] == 3, 0.5)
        figures |= {"auroc": auroc(p[clear], of[clear] == 3), "precision": found.precision, "recall": found.recall, "f1": found.f1}
    return figures


def phrase_figures(judge: HostilityJudge, lines: Sequence[Line]) -> dict[str, dict[str, float]]:
    """The figures of all phrases, and for each label the share of its abuse that is called so."""
    figures = {"phrases": abuse_figures(judge, [line.level for line in lines], [line.text for line in lines])}
    for label in LABELS:
        texts = [line.text for line in lines if line.level == 3 and label in line.labels]
        if texts:
            figures[f"phrases: {label}"] = {"recall": sum(one.abuse for one in judge.judge(texts)) / len(texts)}
    return figures


def all_figures(judge: HostilityJudge, sets: Path = SETS) -> dict[str, dict[str, float]]:
    """The figures of each set. Errors: `OSError`, `ValueError`, `CorpusError`."""
    figures = phrase_figures(judge, read_corpus(sets / "phrases"))
    for name, rows in (
        ("messages to a bot", read_levels(sets / "bot_abuse" / "messages.txt")),
        ("callers of a bank", read_turns(sets / "ordinary" / "banking.txt")),
    ):
        figures[name] = abuse_figures(judge, [level for level, _ in rows], [Text(words) for _, words in rows])
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
    columns = ("auroc", "precision", "recall", "f1", "called_0", "called_1", "called_2")
    print(f"| set | {' | '.join(columns)} |\n|{'---|' * (len(columns) + 1)}")
    for name, row in figures.items():
        print(f"| {name} | {' | '.join(f'{row[column]:.4f}' if column in row else '' for column in columns)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
