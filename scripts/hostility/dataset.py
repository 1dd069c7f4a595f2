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
from scripts.hostility.augment import Augmenter
from scripts.hostility.examples import Example, corpus_examples
from scripts.hostility.public import BUDGET, ORDINARY, budgeted, public_examples

_ORDINARY_DEV = {
    "natcs_finance_caller_turns": 1000,
    "multidogo_customer_turns": 5500,
    "banking77": 1400,
    "clinc150": 2500,
}


@dataclass(frozen=True)
class Dataset:
    """Examples by split. `train` has each row once; `ordinary_dev` are dev turns of ordinary calls."""

    corpus_train: list[Example]
    corpus_dev_clean: list[Example]
    public_train: list[Example]
    ordinary_dev: list[Example]
    all_texts: list[str]

    @property
    def train(self) -> list[Example]:
        """Corpus and public training rows, each once."""
        return self.corpus_train + self.public_train

    def training_rows(self, confusions: Mapping[str, Sequence[str]], copies: int, seed: int) -> list[Example]:
        """Each public row once, some of them noised; each corpus line as it is and in `copies - 1` variations."""
        augmenter = Augmenter(confusions, seed)
        rng = random.Random(seed)
        rows = [augmenter.vary(e, self.corpus_train) if rng.random() < 0.4 else e for e in self.public_train]
        rows += self.corpus_train
        for _ in range(copies - 1):
            rows += [augmenter.vary(e, self.corpus_train) for e in self.corpus_train]
        return rows

    def corpus_dev(self, confusions: Mapping[str, Sequence[str]]) -> list[Example]:
        """The corpus's dev lines, as they are and as a recogniser garbles them."""
        augmenter = Augmenter(confusions, seed=1)
        return self.corpus_dev_clean + [augmenter.noise(e) for e in self.corpus_dev_clean]

    def vocabulary_texts(self) -> list[str]:
        """What the tokenizer must be able to say: all training texts, those of the corpus three times."""
        return self.all_texts + 2 * [e.text.text for e in self.corpus_train]

    def counts(self) -> dict[str, int]:
        """Training rows of each source, before variations."""
        return dict(Counter(e.source for e in self.train))


def read_dataset(
    data: Path, corpus: Path, share: float, limit: int | None, seed: int, *, with_context: bool = True
) -> Dataset:
    """Reads and maps it all. `share` of the budget of public rows; `limit` corpus lines at most, of each
    source the first 1,000 rows then: a trial."""
    lines = corpus_examples(corpus)
    if limit is not None:
        lines = random.Random(seed).sample(lines, min(limit, len(lines)))
    if not with_context:
        lines = [replace(e, text=Text(e.text.text, e.text.speaker)) for e in lines]
    public: list[Example] = []
    ordinary: list[Example] = []
    texts = [e.text.text for e in lines if e.split == "train"]
    for source, budget in BUDGET.items():
        rows = public_examples(data, source, 1000 if limit is not None else None)
        train = [e for e in rows if e.split == "train"]
        taken = budgeted(train, max(1, round(budget * share)), seed)
        public += taken if with_context else [replace(e, text=Text(e.text.text)) for e in taken]
        texts += [e.text.text for e in (train if share >= 0.2 else taken)]
        if source in ORDINARY:
            dev = [e for e in rows if e.split == "dev"]
            random.Random(seed).shuffle(dev)
            ordinary += dev[: max(20, round(_ORDINARY_DEV[source] * min(1.0, share * 5)))]
    random.Random(seed).shuffle(ordinary)
    return Dataset(
        [e for e in lines if e.split == "train"], [e for e in lines if e.split == "dev"], public, ordinary, texts
    )
