"""The parts of the arousal evaluation whose answers are known."""

import numpy as np
import pytest

from scripts.evaluate_arousal import LEVEL_DB, auc, levelled, loud_windows, narrowed


def test_auc_counts_the_pairs_in_order_and_ties_half() -> None:
    assert auc([3, 2], [1, 0]) == 1.0
    assert auc([1, 0], [3, 2]) == 0.0
    assert auc([1, 1], [1, 1]) == 0.5
    assert auc([2, 0], [1]) == 0.5


@pytest.mark.parametrize("loudness", [30.0, 3000.0])
def test_levelled_clips_share_a_level_whatever_their_silence(loudness: float) -> None:
    clip = np.rint(np.concatenate((np.zeros(8192), loudness * np.sin(np.arange(16384) / 3)))).astype(np.int16)
    level_db = 10 * np.log10(np.mean((levelled(clip)[8192:] / 32768) ** 2))
    assert level_db == pytest.approx(LEVEL_DB, abs=0.1)
    assert loud_windows(levelled(clip)) == [False] * 32 + [True] * 64


def test_a_narrowed_clip_has_nothing_below_300_hz() -> None:
    t = np.arange(8000) / 8000
    clip = np.rint(5000 * np.sin(2 * np.pi * 100 * t) + 5000 * np.sin(2 * np.pi * 1000 * t)).astype(np.int16)
    spectrum = np.abs(np.fft.rfft(narrowed(clip)))
    assert spectrum[100] < spectrum[1000] / 1000
