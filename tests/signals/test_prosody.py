"""Pitch, tilt and level of signals whose pitch, tilt and level are known."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.codecs import decode, encode
from assistant.errors import AudioFormatError, CoreMisuse
from assistant.signals.prosody import PITCH_HZ, Prosody, ProsodyAnalyser

Samples = npt.NDArray[np.int16]
ANALYSERS = {rate_hz: ProsodyAnalyser(rate_hz) for rate_hz in (8000, 16000)}


def hum(pitch_hz: float, rate_hz: int, lowest_hz: float = 0.0, level: float = 0.1, slope_db: float = -6.0) -> npt.NDArray[np.float64]:
    """A second of a pulse-like tone: all overtones between `lowest_hz` and 3800 Hz, falling by `slope_db` an octave."""
    t = np.arange(rate_hz) / rate_hz
    numbers = [k for k in range(1, int(3800 / pitch_hz) + 1) if k * pitch_hz >= lowest_hz]
    sound = sum((10 ** (slope_db * np.log2(k) / 20) * np.sin(2 * np.pi * k * pitch_hz * t + k * k) for k in numbers), np.zeros_like(t))
    return np.asarray(level * sound / np.sqrt(np.mean(sound**2)))


def heard(sound: npt.NDArray[np.float64], rate_hz: int) -> Prosody | None:
    samples = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    window = rate_hz * 32 // 1000
    windows = samples[: len(samples) // window * window].reshape(-1, window)
    return ANALYSERS[rate_hz].second(np.hstack((windows[:-1], windows[1:])))


def pitch_hz_of(found: Prosody | None) -> float:
    assert found is not None
    assert len(found.pitch_st) > 20
    return float(2 ** (np.median(found.pitch_st) / 12))


@settings(max_examples=60, deadline=None)
@given(st.floats(65, 440), st.sampled_from((8000, 16000)), st.sampled_from((0.0, 300.0)))
def test_pitch_is_found_with_and_without_a_fundamental(pitch_hz: float, rate_hz: int, lowest_hz: float) -> None:
    found = pitch_hz_of(heard(hum(pitch_hz, rate_hz, lowest_hz), rate_hz))
    assert abs(12 * np.log2(found / pitch_hz)) < 0.5


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_mains_hum_is_nobodys_pitch(mains_hz: float) -> None:
    t = np.arange(8000) / 8000
    mains = 0.05 * np.sin(2 * np.pi * mains_hz * t)
    assert pitch_hz_of(heard(hum(190, 8000) + mains, 8000)) == pytest.approx(190, rel=0.02)


def test_pitch_outlives_mu_law_and_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, 8000)
    samples = np.rint((hum(110, 8000) + noise) * 32768).astype(np.int16)
    assert pitch_hz_of(heard(decode(encode(samples, "pcmu"), "pcmu", 1)[:, 0] / 32768, 8000)) == pytest.approx(110, rel=0.02)


def test_noise_has_hardly_a_pitch() -> None:
    found = heard(np.random.default_rng(2).normal(0, 0.1, 8000), 8000)
    assert found is not None
    assert len(found.pitch_st) <= 3


def test_a_few_frames_of_another_voice_do_not_count_as_pitch() -> None:
    sound = np.concatenate((hum(120, 8000)[:6000], hum(300, 8000)[:2000]))
    found = heard(sound, 8000)
    assert found is not None
    assert np.ptp(found.pitch_st) < 18


@pytest.mark.parametrize("rate_hz", [8000, 16000])
def test_level_and_tilt_are_those_of_the_telephone_band(rate_hz: int) -> None:
    t = np.arange(rate_hz) / rate_hz
    found = heard(0.1 * np.sin(2 * np.pi * 500 * t) + 0.05 * np.sin(2 * np.pi * 2000 * t) + 0.3 * np.sin(2 * np.pi * 50 * t), rate_hz)
    assert found is not None
    assert found.level_db == pytest.approx(10 * np.log10((0.1**2 + 0.05**2) / 2), abs=0.2)
    assert found.tilt_db == pytest.approx(-6.0, abs=0.2)


def test_pauses_do_not_lower_the_level() -> None:
    sound = hum(120, 8000)
    paused = sound.copy()
    paused[3000:7000] *= 0.01
    whole, part = heard(sound, 8000), heard(paused, 8000)
    assert whole is not None
    assert part is not None
    assert part.level_db == pytest.approx(whole.level_db, abs=1.0)


@settings(max_examples=25, deadline=None)
@given(st.floats(-30, 6))
def test_gain_moves_the_level_and_nothing_else(gain_db: float) -> None:
    sound = hum(150, 8000, level=0.05)
    before, after = heard(sound, 8000), heard(sound * 10 ** (gain_db / 20), 8000)
    assert before is not None
    assert after is not None
    assert after.level_db - before.level_db == pytest.approx(gain_db, abs=0.1)
    assert after.tilt_db == pytest.approx(before.tilt_db, abs=0.3)
    assert np.median(after.pitch_st) == pytest.approx(np.median(before.pitch_st), abs=0.1)


@pytest.mark.parametrize("constant", [0, 1, -20000, 32767])
def test_a_line_without_sound_says_nothing(constant: int) -> None:
    assert heard(np.full(8000, constant / 32768), 8000) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from((8000, 16000)), st.sampled_from((1, 300, 32767, 10**6)))
def test_any_samples_give_finite_numbers(seed: int, count: int, rate_hz: int, scale: int) -> None:
    noise = np.random.default_rng(seed).normal(0, scale, (count, 2 * rate_hz * 32 // 1000))
    found = ANALYSERS[rate_hz].second(np.clip(noise, -32768, 32767).astype(np.int16))
    if found is not None:
        assert np.isfinite([found.level_db, found.tilt_db, *found.pitch_st]).all()
        assert np.all(np.abs(2 ** (found.pitch_st / 12) - np.clip(2 ** (found.pitch_st / 12), *PITCH_HZ)) < 25)


def test_frames_of_another_shape_are_refused() -> None:
    for frames in (np.zeros((31, 256), np.int16), np.zeros(512, np.int16), np.zeros((31, 512), np.float32)):
        with pytest.raises(CoreMisuse, match="frames are int16"):
            ANALYSERS[8000].second(frames)  # type: ignore[arg-type]
    with pytest.raises(AudioFormatError):
        ProsodyAnalyser(44100)
