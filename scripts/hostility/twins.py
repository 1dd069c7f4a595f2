"""Counts lines that are nearly the same: `python -m scripts.hostility.twins [--share 0.8]`.

Two lines are twins where the words that they share are at least that share of all their words. Twins across the splits would let a
network remember what it should have understood.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from sklearn.feature_extraction.text import CountVectorizer

from assistant.signals.cues.corpus import read_cue_lines
from assistant.signals.hostility.corpus import read_corpus
from assistant.signals.hostility.load import bundled_folder
from assistant.signals.hostility.splits import split_of

BLOCK = 1000


def twins(texts: Sequence[str], share: float) -> Iterator[tuple[int, int]]:
    """Pairs of places in `texts`, the lesser first, whose words are the same to at least `share`, in (0, 1]."""
    held = CountVectorizer(binary=True, token_pattern=r"[^ ]+", dtype="int32").fit_transform(texts)
    sizes = held.sum(axis=1).A1
    for first in range(0, len(texts), BLOCK):
        common = (held[first : first + BLOCK] @ held.T).tocoo()
        rows = common.row + first
        near = (common.data >= share * (sizes[rows] + sizes[common.col] - common.data)) & (rows < common.col)
        yield from zip(rows[near].tolist(), common.col[near].tolist(), strict=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="twins", description=__doc__)
    parser.add_argument("--models", type=Path, default=bundled_folder())
    parser.add_argument("--share", type=float, default=0.8)
    options = parser.parse_args(arguments)
    corpus = [(line.text.text, line.text.before or "", line.family) for line in read_corpus(options.models / "corpus")]
    cues = [(line.text.text, line.text.before or "", line.family) for line in read_cue_lines(options.models / "cues")]
    for name, lines in (("corpus", corpus), ("cues", cues)):
        pairs = list(twins([f"{text} << {before}" for text, before, _ in lines], options.share))
        among = {place for pair in pairs for place in pair}
        apart = {place for a, b in pairs if lines[a][2] != lines[b][2] for place in (a, b)}
        leaked = {
            test
            for a, b in pairs
            for train, test in ((a, b), (b, a))
            if split_of(lines[train][2]) == "train" and split_of(lines[test][2]) == "test"
        }
        same = len(lines) - len({(text, before) for text, before, _ in lines})
        print(
            f"{name}: {len(lines)} lines, {same} the same as another, {len(among)} nearly the same as another, "
            f"{len(apart)} as one of another family, {len(leaked)} test lines as one of train"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
