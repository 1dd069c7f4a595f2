from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.signals.loudness import FAINT_DB, SURE_S, USUAL_S, Loudness

WINDOW = 256
WINDOWS_A_SECOND = 31.25

Samples = npt.NDArray[np.int16]


def windows(level_db: float, length_s: float, seed: int = 1) -> Iterator[Samples]:
    """Noise at `level_db` below full scale, window by window."""
    chance = np.random.default_rng(seed)
    for _ in range(round(length_s * WINDOWS_A_SECOND)):
        yield np.asarray(chance.standard_normal(WINDOW) * 32768 * 10 ** (level_db / 20), np.int16)


def heard(loudness: Loudness, level_db: float, length_s: float, *, speaking: bool = True) -> bool:
    """Whether the voice is faint at the end of so much of it."""
    for window in windows(level_db, length_s):
        loudness.step(window, speaking)
    return loudness.faint


def test_a_voice_far_below_the_usual_one_is_faint() -> None:
    loudness = Loudness()
    assert not heard(loudness, -26.0, 6.0)
    assert heard(loudness, -26.0 - FAINT_DB - 3.0, 1.0)


def test_a_voice_somewhat_below_the_usual_one_is_not() -> None:
    loudness = Loudness()
    heard(loudness, -26.0, 6.0)
    assert not heard(loudness, -26.0 - FAINT_DB + 3.0, 3.0)


def test_nothing_is_faint_before_there_is_a_usual_level() -> None:
    loudness = Loudness()
    heard(loudness, -26.0, SURE_S - 1.0)
    assert not heard(loudness, -60.0, 0.9)


def test_a_quiet_caller_is_not_faint() -> None:
    assert not heard(Loudness(), -60.0, 20.0)


def test_a_faint_voice_that_becomes_loud_counts_at_once() -> None:
    loudness = Loudness()
    heard(loudness, -26.0, 6.0)
    assert heard(loudness, -50.0, 3.0)
    assert not heard(loudness, -26.0, 1 / WINDOWS_A_SECOND)


def test_a_gap_between_syllables_is_not_faint() -> None:
    loudness = Loudness()
    heard(loudness, -26.0, 6.0)
    assert not heard(loudness, -90.0, 0.25)


def test_a_far_voice_in_the_pauses_does_not_become_the_usual_one() -> None:
    loudness = Loudness()
    for _ in range(20):
        assert not heard(loudness, -26.0, 3.0)
        assert heard(loudness, -46.0, 4.0)


def test_who_moved_away_counts_again_before_the_memory_is_over() -> None:
    loudness = Loudness()
    heard(loudness, -26.0, USUAL_S)
    assert heard(loudness, -46.0, 5.0)
    assert not heard(loudness, -46.0, USUAL_S - 5.0)


def test_sound_that_is_no_speech_does_not_shape_the_usual_level() -> None:
    loudness = Loudness()
    heard(loudness, -40.0, 6.0)
    heard(loudness, -6.0, 60.0, speaking=False)
    assert not heard(loudness, -40.0, 6.0)


def test_it_forgets_what_is_older_than_its_memory() -> None:
    loudness, fresh = Loudness(), Loudness()
    heard(loudness, -10.0, 200.0)
    for one in (loudness, fresh):
        heard(one, -30.0, USUAL_S + 1.0)
    for level_db in np.arange(-30.0, -60.0, -0.5):
        assert heard(loudness, level_db, 0.5) == heard(fresh, level_db, 0.5)


@pytest.mark.parametrize("gain", [0.25, 4.0])
@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(-70, -32), st.integers(1, 60), st.booleans()), min_size=1, max_size=12))
def test_the_gain_of_a_track_changes_nothing(gain: float, pieces: list[tuple[int, int, bool]]) -> None:
    loudness, scaled = Loudness(), Loudness()
    for level_db, count, speaking in pieces:
        for window in windows(level_db, count / WINDOWS_A_SECOND):
            quantised = (window // 4 * 4).astype(np.int16)
            loudness.step(quantised, speaking)
            scaled.step((quantised * gain).astype(np.int16), speaking)
            assert loudness.faint == scaled.faint
