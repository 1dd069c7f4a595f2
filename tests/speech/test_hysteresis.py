"""Hysteresis is arithmetic: probabilities in, exact sample indices out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AudioFormatError, ConfigError, CoreMisuse
from assistant.speech.hysteresis import GateChange, VoiceGate, VoiceParameters
from assistant.timebase import window_samples

W = 256
PARAMETERS = VoiceParameters(min_speech_ms=96, hang_over_ms=384, pre_roll_ms=320)
MIN_WINDOWS, HANG_WINDOWS, PRE_ROLL_WINDOWS = 3, 12, 10

probabilities = st.floats(0.0, 1.0, width=32)
runs = st.lists(st.tuples(probabilities, st.integers(1, 40)), max_size=40)
tracks = runs.map(lambda pairs: [p for p, windows in pairs for _ in range(windows)])


def changes(windows: list[float], parameters: VoiceParameters = PARAMETERS, rate_hz: int = 8000) -> list[GateChange]:
    gate = VoiceGate(parameters, rate_hz)
    told = [change for p in windows if (change := gate.step(p))]
    if last := gate.finish():
        told.append(last)
    return told


def test_speech_starts_at_its_first_window_and_ends_after_its_last() -> None:
    opened, closed = changes([0.0] * 20 + [0.9] * 5 + [0.1] * 12)
    assert opened == GateChange("opened", 20 * W, (20 - PRE_ROLL_WINDOWS) * W, None, 23 * W)
    assert closed == GateChange("closed", 20 * W, (20 - PRE_ROLL_WINDOWS) * W, 25 * W, 37 * W)


def test_speech_begins_with_the_faint_sounds_before_it_but_not_with_a_long_hum() -> None:
    assert changes([0.0] * 20 + [0.4, 0.6, 0.4] + [0.9] * 3)[0].start_sample == 21 * W  # five windows are 160 ms
    assert changes([0.0] * 20 + [0.4] + [0.9] * 3)[0].start_sample == 20 * W
    assert changes([0.4] * 50 + [0.9] * 3)[0].start_sample == 48 * W
    assert changes([0.4, 0.3, 0.9, 0.9, 0.9])[0].start_sample == 2 * W


def test_indices_double_with_the_rate() -> None:
    opened, closed = changes([0.0] * 20 + [0.9] * 5 + [0.1] * 12, rate_hz=16000)
    assert (opened.start_sample, closed.end_sample, closed.at_sample) == (20 * 512, 25 * 512, 37 * 512)


def test_a_click_is_not_speech() -> None:
    assert changes([0.0] * 10 + [0.9] * (MIN_WINDOWS - 1) + [0.4] + [0.9] * (MIN_WINDOWS - 1) + [0.0] * 20) == []


def test_short_pause_does_not_end_speech() -> None:
    told = changes([0.9] * 5 + [0.0] * (HANG_WINDOWS - 1) + [0.4] + [0.0] * HANG_WINDOWS)
    assert [change.kind for change in told] == ["opened", "closed"]
    assert told[1].end_sample == (5 + HANG_WINDOWS) * W


def test_between_the_thresholds_speech_goes_on_but_does_not_begin() -> None:
    assert changes([0.45] * 50) == []
    assert changes([0.9] * 3 + [0.45] * 50)[-1].end_sample == 53 * W


def test_pre_roll_does_not_reach_before_the_call() -> None:
    assert changes([0.9] * 5)[0].heard_from_sample == 0


def test_pre_roll_does_not_reach_into_the_utterance_before() -> None:
    told = changes([0.9] * 5 + [0.0] * HANG_WINDOWS + [0.9] * 5)
    first_end, second = told[1], told[2]
    assert first_end.end_sample is not None
    assert second.start_sample == (5 + HANG_WINDOWS) * W
    assert second.heard_from_sample == first_end.end_sample + HANG_WINDOWS * W // 2


def test_finish_closes_open_speech_at_its_last_voiced_sample() -> None:
    gate = VoiceGate(PARAMETERS, 8000)
    for p in [0.9] * 5 + [0.1] * 2:
        gate.step(p)
    assert gate.finish() == GateChange("closed", 0, 0, 5 * W, 7 * W)
    assert gate.finish() is None


def test_finish_knows_that_the_last_window_was_padded() -> None:
    gate = VoiceGate(PARAMETERS, 8000)
    for _ in range(5):
        gate.step(0.9)
    closed = gate.finish(length_samples=5 * W - 100)
    assert closed is not None
    assert (closed.end_sample, closed.at_sample) == (5 * W - 100, 5 * W - 100)


def test_talk_without_a_pause_is_cut_and_goes_on_without_a_gap() -> None:
    parameters = VoiceParameters(max_utterance_s=1.024)
    told = changes([0.9] * 70, parameters)
    assert [(c.kind, c.start_sample // W, c.end_sample and c.end_sample // W, c.cut) for c in told] == [
        ("opened", 0, None, False),
        ("closed", 0, 32, True),
        ("opened", 32, None, True),
        ("closed", 32, 64, True),
        ("opened", 64, None, True),
        ("closed", 64, 70, False),
    ]
    assert [c.heard_from_sample // W for c in told if c.kind == "opened"] == [0, 32, 64]


def test_a_long_utterance_is_cut_in_its_first_late_pause() -> None:
    parameters = VoiceParameters(max_utterance_s=1.024)
    told = changes([0.9] * 26 + [0.1] + [0.9] * 3, parameters)
    assert [(c.kind, c.start_sample // W, c.end_sample and c.end_sample // W, c.cut) for c in told] == [
        ("opened", 0, None, False),
        ("closed", 0, 26, True),
        ("opened", 27, None, True),
        ("closed", 27, 30, False),
    ]


@given(tracks, st.sampled_from([8000, 16000]), st.sampled_from([1.0, 2.0, 20.0]))
@settings(deadline=None)
def test_changes_alternate_in_order_and_never_overlap(windows: list[float], rate_hz: int, max_s: float) -> None:
    parameters = VoiceParameters(max_utterance_s=max_s)
    told = changes(windows, parameters, rate_hz)
    w = window_samples(rate_hz)
    assert [c.kind for c in told] == ["opened", "closed"] * (len(told) // 2)
    heard_end = voiced_end = 0
    for opened, closed in zip(told[::2], told[1::2], strict=True):
        assert opened.end_sample is None
        assert closed.end_sample is not None
        assert closed.start_sample == opened.start_sample
        assert closed.heard_from_sample == opened.heard_from_sample
        assert voiced_end <= opened.heard_from_sample <= opened.start_sample < opened.at_sample
        assert opened.start_sample >= heard_end
        assert opened.start_sample < closed.end_sample <= closed.at_sample <= len(windows) * w
        assert closed.end_sample - closed.start_sample <= (max_s * rate_hz) + w
        assert opened.start_sample % w == closed.end_sample % w == 0
        voiced_end, heard_end = closed.end_sample, closed.at_sample


@given(tracks)
@settings(deadline=None)
def test_each_edge_is_a_voiced_window(windows: list[float]) -> None:
    for change in changes(windows):
        if change.kind == "opened":
            assert all(p >= PARAMETERS.close_p for p in windows[change.start_sample // W : change.at_sample // W])
        if change.end_sample is not None:
            assert windows[change.end_sample // W - 1] >= PARAMETERS.close_p


@given(tracks)
@settings(deadline=None)
def test_no_run_of_voiced_windows_is_missed(windows: list[float]) -> None:
    spans = [(c.start_sample // W, c.end_sample // W) for c in changes(windows) if c.end_sample is not None]
    for i in range(len(windows) - MIN_WINDOWS + 1):
        if all(p >= PARAMETERS.open_p for p in windows[i : i + MIN_WINDOWS]):
            assert any(start <= i and i + MIN_WINDOWS <= end for start, end in spans) or any(
                i < end < i + MIN_WINDOWS for _, end in spans
            )


@given(tracks)
@settings(deadline=None)
def test_an_opening_never_asks_for_audio_that_might_have_been_dropped(windows: list[float]) -> None:
    gate = VoiceGate(PARAMETERS, 8000)
    for p in windows:
        kept_from = gate.oldest_needed_sample if not gate.is_open else None
        change = gate.step(p)
        if change and change.kind == "opened":
            assert kept_from is not None
            assert kept_from <= change.heard_from_sample


@given(tracks)
@settings(deadline=None)
def test_after_silence_a_gate_is_as_new(windows: list[float]) -> None:
    gate = VoiceGate(PARAMETERS, 8000)
    for p in windows + [0.0] * 40:
        gate.step(p)
    offset = gate.position_samples
    again = [change for p in [0.0] * 20 + windows if (change := gate.step(p))]
    fresh = changes([0.0] * 20 + windows)
    assert [c.start_sample - offset for c in again] == [c.start_sample for c in fresh[: len(again)]]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(CoreMisuse, match="probability"):
        VoiceGate(PARAMETERS, 8000).step(p)


def test_another_rate_is_refused() -> None:
    with pytest.raises(AudioFormatError, match="44100"):
        VoiceGate(PARAMETERS, 44100)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("open_p", 0.0),
        ("open_p", 1.5),
        ("open_p", float("nan")),
        ("close_p", 0.6),
        ("min_speech_ms", -1),
        ("hang_over_ms", 6000),
        ("pre_roll_ms", -1),
        ("max_utterance_s", 0.5),
    ],
)
def test_a_bad_parameter_is_named(field: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"voice.{field}"):
        VoiceParameters(**{field: value})  # type: ignore[arg-type]
