"""Figures of merit, against their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.signals.hostility.metrics import at_threshold, auroc, calibration_error


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9]), st.booleans()), min_size=2, max_size=40))
def test_auroc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    scores, truths = np.array([s for s, _ in rows]), np.array([t for _, t in rows])
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[truths] for b in scores[~truths]]
    found = auroc(scores, truths)
    assert math.isnan(found) if not pairs else found == pytest.approx(sum(pairs) / len(pairs))


def test_precision_and_recall_at_a_threshold() -> None:
    found = at_threshold(np.array([0.9, 0.8, 0.7, 0.2]), np.array([True, False, True, True]), 0.7)
    assert (found.true_yes, found.false_yes, found.missed) == (2, 1, 1)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 3)


def test_a_judge_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    scores = np.array([0.25] * 4 + [0.75] * 4)
    truths = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(scores, truths) == pytest.approx(0.0)
    assert calibration_error(scores, ~truths) == pytest.approx(0.5)
