"""Streaming resampling: the chunks do not matter, and tones come out as tones."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.resample import Resampler, call_rate_hz
from assistant.errors import AudioFormatError

RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)


def _tone(rate_hz: int, duration_s: float, tracks: int = 2) -> np.ndarray:
    t = np.arange(round(rate_hz * duration_s)) / rate_hz
    columns = [8000 * np.sin(2 * np.pi * (400 + 300 * i) * t) for i in range(tracks)]
    return np.stack(columns, axis=1).astype(np.int16)


@given(cuts=st.lists(st.integers(0, 13230), max_size=12), rate_hz=st.sampled_from(RATES_HZ))
@settings(deadline=None, max_examples=40)
def test_chunks_do_not_change_the_result(cuts: list[int], rate_hz: int) -> None:
    tone = _tone(rate_hz, 0.3)
    whole = Resampler(rate_hz, 2)
    expected = np.concatenate([whole.feed(tone), whole.finish()])
    pieces = Resampler(rate_hz, 2)
    got = [pieces.feed(piece) for piece in np.split(tone, sorted(cuts))]
    assert np.array_equal(np.concatenate([*got, pieces.finish()]), expected)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_length_and_pitch_are_kept(rate_hz: int) -> None:
    resampler = Resampler(rate_hz, 2)
    out = np.concatenate([resampler.feed(_tone(rate_hz, 1.0)), resampler.finish()])
    target = call_rate_hz(rate_hz)
    assert abs(len(out) - target) <= 2
    for track, pitch_hz in enumerate((400, 700)):
        spectrum = np.abs(np.fft.rfft(out[: target // 2 * 2, track]))
        assert abs(int(spectrum.argmax()) * target / len(out) - pitch_hz) < 3


def test_unknown_rate_is_refused() -> None:
    with pytest.raises(AudioFormatError, match="7999 Hz"):
        Resampler(7999, 1)
