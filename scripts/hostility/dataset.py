"""Everything a run trains, calibrates and is measured on, by split.

In: the folders of the public files and of the corpus. Out: `Dataset`. Families and texts stay on one side of each
split.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.splits import split_of
from scripts.hostility.augment import Augmenter
from scripts.hostility.examples import Example, ask_examples, corpus_examples, cue_examples
from scripts.hostility.public import BUDGET, ORDINARY, budgeted, public_examples


@dataclass(frozen=True)
class Dataset:
    """Examples by split. `train` has each row once; `ordinary_dev` are turns of ordinary calls that no run trains on."""

    corpus_train: list[Example]
    cues_train: list[Example]
    cues_dev: list[Example]
    corpus_dev_clean: list[Example]
    public_train: list[Example]
    """Rows of the public sources, and what the callers of `models/asks/calls` say."""
    ordinary_dev: list[Example]
    all_texts: list[str]

    @property
    def train(self) -> list[Example]:
        """Corpus and public training rows, each once."""
        return self.corpus_train + self.cues_train + self.public_train

    def training_rows(self, confusions: Mapping[str, Sequence[str]], copies: int, seed: int) -> list[Example]:
        """Each public row once, some of them noised; each line of our own as it is and in `copies - 1` variations."""
        augmenter = Augmenter(confusions, seed)
        rng = random.Random(seed)
        rows = [augmenter.vary(e, self.corpus_train) if rng.random() < 0.4 else e for e in self.public_train]
        own = self.corpus_train + self.cues_train
        rows += own
        for _ in range(copies - 1):
            rows += [augmenter.vary(e, self.corpus_train) for e in own]
        return rows

    def corpus_dev(self, confusions: Mapping[str, Sequence[str]]) -> list[Example]:
        """The corpus's dev lines, as they are and as a recogniser garbles them."""
        augmenter = Augmenter(confusions, seed=1)
        return self.corpus_dev_clean + [augmenter.noise(e) for e in self.corpus_dev_clean]

    def cue_dev(self, confusions: Mapping[str, Sequence[str]]) -> list[Example]:
        """The cues' dev lines, as they are and as a recogniser garbles them."""
        augmenter = Augmenter(confusions, seed=2)
        return self.cues_dev + [augmenter.noise(e) for e in self.cues_dev]

    def vocabulary_texts(self) -> list[str]:
        """What the tokenizer must be able to say: all training texts, those of our own three times."""
        return self.all_texts + 2 * [e.text.text for e in self.corpus_train + self.cues_train]

    def counts(self) -> dict[str, int]:
        """Training rows of each source, before variations."""
        return dict(Counter(e.source for e in self.train))


def read_dataset(
    data: Path, corpus: Path, cues: Path, asks: Path, share: float, limit: int | None, seed: int, *, with_context: bool = True
) -> Dataset:
    """Reads and maps it all. `share` of the budget of public rows; `limit` lines of ours of each kind at most, of each
    source the first 1,000 rows then: a trial."""
    lines, asked, asking = corpus_examples(corpus), cue_examples(cues), ask_examples(asks)
    if limit is not None:
        lines, asked, asking = (random.Random(seed).sample(all_of, min(limit, len(all_of))) for all_of in (lines, asked, asking))
    if not with_context:
        lines, asked = ([replace(e, text=Text(e.text.text, e.text.speaker)) for e in all_of] for all_of in (lines, asked))
    public: list[Example] = []
    ordinary: list[Example] = []
    texts = [e.text.text for e in lines + asked if e.split == "train"]
    for source, budget in BUDGET.items():
        rows = public_examples(data, source, 1000 if limit is not None else None)
        train = [e for e in rows if e.split == "train" and not _held(e)]
        taken = budgeted(train, max(1, round(budget * share)), seed)
        public += taken if with_context else [replace(e, text=Text(e.text.text)) for e in taken]
        texts += [e.text.text for e in (train if share >= 0.2 else taken)]
        if source in ORDINARY:
            ordinary += [e for e in rows if e.split == "dev" or (e.split == "train" and _held(e))]
    public += [e for e in asking if e.split != "dev"]
    random.Random(seed).shuffle(ordinary)
    return Dataset(
        corpus_train=[e for e in lines if e.split == "train"],
        corpus_dev_clean=[e for e in lines if e.split == "dev"],
        cues_train=[e for e in asked if e.split != "dev"],
        cues_dev=[e for e in asked if e.split == "dev"],
        public_train=public,
        ordinary_dev=ordinary,
        all_texts=texts,
    )


def _held(example: Example) -> bool:
    """Whether a training turn of an ordinary call is kept for the threshold, as every fifth is: one abuse in a thousand cannot be told on
    the few dev turns alone."""
    return example.source in ORDINARY and split_of(f"held {example.text.text}") != "train"
