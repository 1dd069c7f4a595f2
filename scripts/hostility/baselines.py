"""What the judge must beat: a profanity list, and TF-IDF with logistic regression on the same rows.

Both are `Classifier`s, so `evaluate` measures them as it measures the judge; both get their threshold from the same
budgets.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from assistant.signals.hostility.labels import LABELS, Judgement, Text
from assistant.signals.hostility.normalise import normalise
from scripts.hostility.calibrate import lowest_threshold
from scripts.hostility.dataset import Dataset
from scripts.hostility.examples import Example

_LEAST_SEVERITY = 2


class ProfanityList:
    """Abuse when a word of the list is said; `file` is `en.json` of dsojevic/profanity-list (MIT)."""

    name = "profanity list"

    def __init__(self, file: Path) -> None:
        entries = json.loads(file.read_text(encoding="utf-8"))
        # A star in the list lets the letter before it be drawn out, which normalising has undone.
        forms = [
            form.replace("*", "") for e in entries if e["severity"] >= _LEAST_SEVERITY for form in e["match"].split("|")
        ]
        listed = {normalise(form) for form in forms}
        self._phrases = {f" {form} " for form in listed if form}

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        """One judgement a text, in order."""
        found = []
        for text in texts:
            words = f" {normalise(text.text)} "
            found.append(_judgement(float(any(phrase in words for phrase in self._phrases)), 0.5))
        return found


class TfidfRegression:
    """Words and letters, weighted, in a logistic regression for level 3; trained where the level is certain enough."""

    name = "TF-IDF + logistic regression"

    def __init__(self, data: Dataset, rows: Sequence[Example]) -> None:
        known = [e for e in rows if e.levels <= {0, 1, 2} or e.levels == {3} or e.levels == {2, 3}]
        parts = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)),
                ("letters", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), min_df=3, sublinear_tf=True)),
            ]
        )
        self._pipeline: Pipeline = make_pipeline(parts, LogisticRegression(C=4.0, max_iter=300))
        self._pipeline.fit([e.text.text for e in known], [3 in e.levels for e in known])
        ordinary = self._p([e.text.text for e in data.ordinary_dev])
        upset, hard = (self._p([e.text.text for e in data.corpus_dev_clean if e.levels == {n}]) for n in (1, 0))
        self.threshold = lowest_threshold(ordinary, [turn.source for turn in data.ordinary_dev], upset, hard)

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        """One judgement a text, in order."""
        return [_judgement(float(p), self.threshold) for p in self._p([normalise(text.text) for text in texts])]

    def _p(self, texts: list[str]) -> NDArray[np.float64]:
        return np.asarray(self._pipeline.predict_proba(texts)[:, 1] if texts else [], dtype=np.float64)


def _judgement(p: float, threshold: float) -> Judgement:
    return Judgement(dict.fromkeys(LABELS, p), 3 if p >= threshold else 0, "none", p, p >= threshold, None)
