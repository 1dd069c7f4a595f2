"""Leaks of one channel into another are told from real double talk. Voices are made-up vowels, so that no weights are needed."""

import numpy as np
import numpy.typing as npt
import pytest

from assistant.signals.leakage import LeakGuard
from assistant.timebase import Track, window_samples

RATE = 8000
SIDES: tuple[Track, ...] = ("agent", "caller")


def voice(seed: int, length_s: float = 6.0, rate_hz: int = RATE) -> npt.NDArray[np.float64]:
    """Syllables of wandering pitch through two wandering formants, with a hiss between some; (n,), about 3000 at its loudest."""
    chance = np.random.default_rng(seed)
    count = round(length_s * rate_hz)
    out = np.zeros(count)
    at = 0
    while at < count:
        size = min(count - at, round(chance.uniform(0.12, 0.3) * rate_hz))
        time = np.arange(size) / rate_hz
        pitch = chance.uniform(90, 220) * (1 + chance.uniform(-0.2, 0.2) * time / 0.3)
        phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
        formants = chance.uniform(300, 800), chance.uniform(900, 2400)
        for harmonic in range(1, 16):
            hz = harmonic * float(pitch.mean())
            weight = sum(1 / (1 + ((hz - formant) / 120) ** 2) for formant in formants)
            out[at : at + size] += weight * np.sin(harmonic * phase) * np.hanning(size)
        at += size
        hiss = min(count - at, round(0.06 * rate_hz))
        out[at : at + hiss] += chance.normal(0.0, 0.15, hiss)
        at += hiss + round(0.03 * rate_hz)
    return out * 3000 / np.abs(out).max()


def shares(guard: LeakGuard, *channels: npt.NDArray[np.float64], rate_hz: int = RATE) -> npt.NDArray[np.float64]:
    """What the guard leaves of a probability of 1 in each window; (windows, tracks)."""
    samples = np.stack(channels).round().astype(np.int16)
    size = window_samples(rate_hz)
    starts = range(0, samples.shape[1] - size + 1, size)
    return np.array([guard.step(samples[:, at : at + size], [1.0] * len(channels)) for at in starts])


def leaked(source: npt.NDArray[np.float64], gain_db: float, delay_s: float = 0.0, rate_hz: int = RATE) -> npt.NDArray[np.float64]:
    shift = round(delay_s * rate_hz)
    return np.concatenate((np.zeros(shift), source))[: len(source)] * 10 ** (gain_db / 20)


@pytest.mark.parametrize("rate_hz", [8000, 16000])
@pytest.mark.parametrize("delay_s", [0.0, 0.0205, 0.18])
def test_a_leak_is_no_speech_and_is_measured(delay_s: float, rate_hz: int) -> None:
    agent = voice(1, rate_hz=rate_hz)
    guard = LeakGuard(SIDES, rate_hz)
    left = shares(guard, agent, leaked(agent, -20.0, delay_s, rate_hz), rate_hz=rate_hz)
    assert left[:, 0].min() == 1.0
    assert left[round(delay_s / 0.032) + 4 :, 1].mean() < 0.15  # the pauses of the made-up voice are silent: nothing to explain
    assert guard.leakage_db("caller") == pytest.approx(-20.0, abs=1.0)
    assert guard.leakage_db("agent") is None


def test_double_talk_stays_speech() -> None:
    for gain in (1.0, 0.3):
        guard = LeakGuard(SIDES, RATE)
        left = shares(guard, voice(1), voice(2) * gain)
        assert left.mean() > 0.97
        assert guard.leakage_db("caller") is None


def test_double_talk_over_a_leak_stays_speech() -> None:
    agent, caller = voice(1, 12.0), voice(2, 12.0)
    caller[: len(caller) // 2] = 0.0
    guard = LeakGuard(SIDES, RATE)
    left = shares(guard, agent + leaked(caller, -20.0), caller * 0.5 + leaked(agent, -20.0))
    half = len(left) // 2
    assert left[4:half, 1].mean() < 0.1
    assert left[half + 4 :, 1].mean() > 0.85
    assert left[:, 0].mean() > 0.95


def test_noise_of_one_channel_is_no_leak() -> None:
    noise = np.random.default_rng(0).normal(0.0, 300.0, 6 * RATE)
    guard = LeakGuard(SIDES, RATE)
    assert shares(guard, voice(1), noise).min() == 1.0
    assert guard.leakage_db("caller") is None


def test_swapping_the_channels_swaps_the_result() -> None:
    agent, caller = voice(1), leaked(voice(1), -15.0, 0.05) + voice(3) * 0.2
    first, second = LeakGuard(SIDES, RATE), LeakGuard(("caller", "agent"), RATE)
    assert np.array_equal(shares(first, agent, caller), shares(second, caller, agent)[:, ::-1])
    assert first.leakage_db("caller") == second.leakage_db("caller")


def test_three_tracks_and_one() -> None:
    agent = voice(1)
    guard = LeakGuard(("agent", "caller", "third_party"), RATE)
    left = shares(guard, agent, voice(2), leaked(agent, -18.0, 0.1))
    assert left[8:, 2].mean() < 0.1
    assert left[:, :2].mean() > 0.95
    assert shares(LeakGuard(("mixed",), RATE), agent).min() == 1.0


def test_silence_and_low_probabilities_are_left_alone() -> None:
    guard = LeakGuard(SIDES, RATE)
    assert guard.step(np.zeros((2, 256), np.int16), [0.4, 0.9]) == [0.4, 0.9]
    assert guard.step(np.ones((2, 256), np.int16), [0.0, 0.05]) == [0.0, 0.05]
