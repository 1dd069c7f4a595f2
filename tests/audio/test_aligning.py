"""Two clocks into one call: arithmetic only, since the time is told."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.aligning import MARGIN_S, PIECE_S, SLACK_S, START_S, Aligner
from assistant.errors import CoreMisuse

RATE = 16000
BLOCK_S = 0.02
TICK_S = 0.04


def ramp(begin: int, n: int) -> npt.NDArray[np.int16]:
    """Samples that carry their own index, from 1, so that silence is told from them."""
    return ((np.arange(begin, begin + n) % 30000) + 1).astype(np.int16)


class Bench:
    """Two devices, each with its clock and its gaps, and one who asks every 40 ms."""

    def __init__(self, speeds: tuple[float, float] = (1.0, 1.0), latencies_s: tuple[float, float] = (0.0, 0.0)) -> None:
        self.aligner = Aligner(RATE, latencies_s)
        self.speeds = speeds
        self.latencies_s = latencies_s
        self.sent = [0, 0]
        self.now_s = 100.0
        self.heard: list[npt.NDArray[np.int16]] = []

    def run(self, duration_s: float, delivers: Callable[[int, float], bool] = lambda track, at_s: True) -> None:
        """`delivers(track, seconds since this began)` False: what the device captures then is lost."""
        for step in range(round(duration_s / BLOCK_S)):
            self.now_s += BLOCK_S
            for track in (0, 1):
                captured = round((self.now_s - 100.0 - self.latencies_s[track]) * RATE * self.speeds[track])
                n = max(0, captured - self.sent[track])
                if delivers(track, step * BLOCK_S):
                    self.aligner.put(track, ramp(self.sent[track], n))
                self.sent[track] += n
            if step % 2:
                self.heard.append(self.aligner.take(self.now_s))

    @property
    def call(self) -> npt.NDArray[np.int16]:
        return np.concatenate(self.heard)


def test_even_devices_pass_unchanged_and_together() -> None:
    bench = Bench()
    bench.run(5.0)
    assert (bench.call[:, 0] == bench.call[:, 1]).all()
    assert np.isin(np.diff(bench.call[:, 0].astype(np.int32)), (1, 1 - 30000)).all()
    assert bench.aligner.silence_samples == bench.aligner.trimmed_samples == (0, 0)
    assert len(bench.call) / RATE == pytest.approx(5.0 - MARGIN_S, abs=TICK_S)


def test_a_later_device_is_waited_for() -> None:
    bench = Bench(latencies_s=(0.0, 0.2))
    bench.run(3.0)
    apart = bench.call[-1].astype(np.int32)
    assert abs(apart[0] - apart[1]) <= BLOCK_S * RATE
    assert bench.aligner.silence_samples == (0, 0)


def test_lost_audio_becomes_silence_and_the_tracks_stay_together() -> None:
    bench = Bench()
    bench.run(2.0)
    bench.run(0.5, lambda track, at_s: track == 0)
    bench.run(2.0)
    together = bench.call[-1].astype(np.int32)
    assert abs(together[0] - together[1]) <= MARGIN_S * RATE
    silence, cut = bench.aligner.silence_samples, bench.aligner.trimmed_samples
    assert silence[0] == 0
    assert cut == (0, 0)
    assert silence[1] / RATE == pytest.approx(0.5, abs=TICK_S + BLOCK_S)
    assert np.count_nonzero(bench.call[:, 1] == 0) == silence[1]


def test_a_device_that_never_delivers_is_silent_and_holds_up_nobody() -> None:
    bench = Bench()
    bench.run(START_S + 1.0, lambda track, at_s: track == 0)
    assert len(bench.call) / RATE == pytest.approx(1.0, abs=3 * TICK_S)
    assert (bench.call[:, 1] == 0).all()
    assert (bench.call[:, 0] != 0).all()
    bench.run(1.0)
    assert (bench.call[-100:, 1] != 0).all()


@pytest.mark.parametrize("speed", [1.002, 0.998])
def test_a_clock_that_drifts_is_followed_and_told(speed: float) -> None:
    """Two in a thousand is twenty times what sound cards differ by; 150 s of it are 0.3 s, and the tracks never get so far apart."""
    bench = Bench(speeds=(1.0, speed))
    bench.run(1.0)
    first = int(bench.call[0, 0])
    worst_s = 0.0
    for _ in range(149):
        bench.run(1.0)
        even, drifting = (int(sample) for sample in bench.heard[-1][-1])
        if drifting:
            index = first + bench.aligner.given_samples - 1
            lag = (even - drifting + 15000) % 30000 - 15000
            worst_s = max(worst_s, abs(index - (index - lag) / speed) / RATE)
    assert worst_s <= MARGIN_S + TICK_S
    counted = bench.aligner.trimmed_samples if speed > 1 else bench.aligner.silence_samples
    assert counted[0] == 0
    assert counted[1] / RATE == pytest.approx(0.3, abs=MARGIN_S + SLACK_S + TICK_S)
    assert len(bench.call) / RATE == pytest.approx(150 - MARGIN_S, abs=2 * TICK_S)


def test_what_comes_in_a_burst_after_a_stall_does_not_delay_the_track_for_ever() -> None:
    bench = Bench()
    bench.run(2.0)
    stalled = bench.sent[1]
    bench.run(1.5, lambda track, at_s: track == 0)
    bench.aligner.put(1, ramp(stalled, bench.sent[1] - stalled))
    bench.run(2.5)
    together = bench.call[-1].astype(np.int32)
    assert abs(together[0] - together[1]) <= (MARGIN_S + SLACK_S) * RATE
    assert bench.aligner.silence_samples[1] == pytest.approx(bench.aligner.trimmed_samples[1], abs=(MARGIN_S + TICK_S) * RATE)


def test_a_sleep_of_the_machine_comes_out_in_pieces_and_no_time_is_lost() -> None:
    bench = Bench()
    bench.run(1.0)
    before = len(bench.call)
    bench.now_s += 25.0
    pieces = [len(bench.aligner.take(bench.now_s)) for _ in range(4)]
    assert max(pieces) <= PIECE_S * RATE
    assert sum(pieces) == round(25.0 * RATE)
    assert bench.aligner.given_samples == before + sum(pieces)


def test_audio_that_nobody_takes_is_bounded() -> None:
    aligner = Aligner(RATE, [0.0])
    for begin in range(0, 60 * RATE, RATE):
        aligner.put(0, ramp(begin, RATE))
    assert aligner.trimmed_samples[0] > 40 * RATE


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.0, 0.3), st.integers(0, 6000), st.integers(0, 6000)), min_size=1, max_size=60),
)
def test_the_call_keeps_the_pace_of_the_clock_whatever_the_devices_do(steps: list[tuple[float, int, int]]) -> None:
    aligner = Aligner(RATE, [0.0, 0.05])
    now_s, given, began_s = 0.0, 0, None
    for passed_s, first, second in steps:
        now_s += passed_s
        aligner.put(0, ramp(0, first))
        aligner.put(1, ramp(0, second))
        taken = aligner.take(now_s)
        given += len(taken)
        if aligner.started and began_s is None:
            began_s = now_s
        assert taken.shape[1] == 2
        assert given == aligner.given_samples == (0 if began_s is None else int((now_s - began_s) * RATE))
        assert all(0 <= silent <= given for silent in aligner.silence_samples)


def test_a_call_without_tracks_and_samples_of_another_shape_are_our_fault() -> None:
    with pytest.raises(CoreMisuse):
        Aligner(RATE, [])
    with pytest.raises(CoreMisuse):
        Aligner(RATE, [0.0]).put(0, np.zeros((10, 1), np.int16))
