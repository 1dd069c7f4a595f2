"""A cue's threshold is the best that its dev lines show."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import fbeta_score

from scripts.hostility.calibrate import CUE_BETA, DISTRESS_BETA, cue_threshold


def f_beta(z: np.ndarray, holds: np.ndarray, threshold: float, beta: float) -> float:
    return float(fbeta_score(holds, z >= threshold, beta=beta, zero_division=0.0))


def test_it_lies_between_what_holds_the_cue_and_what_does_not() -> None:
    z = np.array([3.0, -1.0, 1.0, -2.0], dtype=np.float32)
    assert cue_threshold(z, np.array([1.0, 0.0, 1.0, 0.0]), 1.0) == pytest.approx(0.0)


def test_a_cue_that_no_line_holds_keeps_its_own_zero() -> None:
    assert cue_threshold(np.array([5.0], dtype=np.float32), np.array([0.0]), 1.0) == 0.0


@given(
    st.lists(st.tuples(st.integers(-40, 40), st.booleans()), min_size=1, max_size=60, unique_by=lambda pair: pair[0]),
    st.sampled_from([CUE_BETA, 1.0, DISTRESS_BETA]),
)
def test_no_other_threshold_is_better(lines: list[tuple[int, bool]], beta: float) -> None:
    z = np.array([at for at, _ in lines], dtype=np.float32)
    holds = np.array([held for _, held in lines])
    if not holds.any():
        return
    best = f_beta(z, holds, cue_threshold(z, holds.astype(np.float64), beta), beta)
    assert all(f_beta(z, holds, float(other), beta) <= best + 1e-9 for other in z)


def test_recall_counts_for_more_in_distress() -> None:
    z = np.arange(10, 0, -1, dtype=np.float32)
    holds = np.array([True, True, True, False, False, True, False, False, False, False])
    assert cue_threshold(z, holds.astype(np.float64), CUE_BETA) == pytest.approx(7.5)
    assert cue_threshold(z, holds.astype(np.float64), DISTRESS_BETA) == pytest.approx(4.5)
