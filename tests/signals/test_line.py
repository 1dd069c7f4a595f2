"""A line is poor when trouble piles up, and good again when it ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.events import CueHeard, HeardCue, LineQuality, Utterance
from assistant.signals.line import Dropouts, Line

RATE_HZ = 8000


def said(end_s: float, confidence: float, text: str = "two words") -> Utterance:
    return Utterance(utterance_id="u1", track="caller", start_s=end_s - 1, end_s=end_s, text=text, confidence=confidence)


def cue(end_s: float, kind: HeardCue = "repair") -> CueHeard:
    return CueHeard(
        cue_id="k1",
        cue=kind,
        track="agent",
        utterance_id="u1",
        start_s=end_s - 1,
        end_s=end_s,
        text="say again",
        rule="score",
        p=0.8,
        confidence=0.9,
    )


def quality(event: LineQuality | None) -> str | None:
    return None if event is None else event.quality


def test_two_repairs_within_forty_five_seconds_make_a_poor_line() -> None:
    line = Line()
    assert line.cue(cue(10)) is None
    event = line.cue(cue(54))
    assert event is not None
    assert event.quality == "poor"
    assert [(reason.rule, reason.track, reason.end_s) for reason in event.reasons] == [
        ("line:repair", "agent", 10),
        ("line:repair", "agent", 54),
    ]


def test_two_repairs_far_apart_do_not() -> None:
    line = Line()
    assert line.cue(cue(10)) is None
    assert line.cue(cue(56)) is None


def test_a_repair_and_an_unsure_utterance_do() -> None:
    line = Line()
    assert line.utterance(said(10, 0.4)) is None
    assert quality(line.cue(cue(20))) == "poor"


def test_three_unsure_utterances_within_a_minute_do() -> None:
    line = Line()
    assert [quality(line.utterance(said(at, 0.49))) for at in (5, 30, 64)] == [None, None, "poor"]


def test_sure_or_short_utterances_and_other_cues_do_not() -> None:
    line = Line()
    for at in range(10, 60, 5):
        assert line.utterance(said(at, 0.5)) is None
        assert line.utterance(said(at, 0.1, "mm")) is None
        assert line.cue(cue(at, "apology")) is None


def test_three_dropouts_within_twenty_seconds_do() -> None:
    line = Line()
    assert [quality(line.dropout("caller", at, at + 0.1)) for at in (5, 12, 24)] == [None, None, "poor"]


def test_it_is_told_once_and_is_good_again_after_forty_five_quiet_seconds() -> None:
    line = Line()
    line.cue(cue(10))
    assert quality(line.cue(cue(20))) == "poor"
    assert line.cue(cue(30)) is None
    assert line.passed(74.9) is None
    assert quality(line.passed(75)) == "good"
    assert line.passed(200) is None
    assert line.cue(cue(201)) is None


@given(st.lists(st.tuples(st.sampled_from(["repair", "unsure", "dropout", "sure", "passed"]), st.floats(0, 40)), max_size=40))
def test_poor_and_good_take_turns(happened: list[tuple[str, float]]) -> None:
    line, at_s, told = Line(), 1.0, []
    for what, later_s in happened:
        at_s += later_s
        match what:
            case "repair":
                event = line.cue(cue(at_s))
            case "unsure":
                event = line.utterance(said(at_s, 0.2))
            case "dropout":
                event = line.dropout("caller", at_s - 0.1, at_s)
            case "sure":
                event = line.utterance(said(at_s, 0.9))
            case _:
                event = line.passed(at_s)
        if event is not None:
            told.append(event.quality)
    assert told == ["poor", "good"] * (len(told) // 2) + ["poor"] * (len(told) % 2)


def voice(length_s: float) -> NDArray[np.int16]:
    generator = np.random.default_rng(7)
    return (4000 * generator.standard_normal(round(length_s * RATE_HZ))).astype(np.int16)


def found(audio: NDArray[np.int16], window: int = 256, *, speaking: bool = True) -> list[tuple[float, float]]:
    dropouts = Dropouts(RATE_HZ)
    steps = [dropouts.step(audio[at : at + window], speaking) for at in range(0, len(audio), window)]
    return [step for step in steps if step is not None]


@pytest.mark.parametrize("window", [1, 7, 160, 256, 320])
@pytest.mark.parametrize("value", [0, 8, -1])
def test_a_gap_of_one_value_within_speech_is_a_dropout_whatever_the_windows(window: int, value: int) -> None:
    audio = voice(1.0)
    audio[4000:4480] = value
    assert found(audio, window) == [(0.5, 0.56)]


@pytest.mark.parametrize("gap_s", [0.03, 1.2])
def test_shorter_and_longer_gaps_are_none(gap_s: float) -> None:
    audio = voice(3.0)
    audio[4000 : 4000 + round(gap_s * RATE_HZ)] = 0
    assert found(audio) == []


def test_a_gap_outside_speech_is_none() -> None:
    audio = voice(1.0)
    audio[4000:4480] = 0
    assert found(audio, speaking=False) == []


def test_speech_that_ends_and_begins_again_holds_no_dropout() -> None:
    audio = voice(1.0)
    audio[4000:4800] = 0
    dropouts = Dropouts(RATE_HZ)
    assert [dropouts.step(audio[at : at + 100], not 4200 <= at < 4500) for at in range(0, 8000, 100)] == [None] * 80


def test_a_voice_that_dies_away_before_it_is_muted_is_none() -> None:
    audio = voice(1.0)
    audio[3900:4000] = np.rint(audio[3900:4000] * np.linspace(0.5, 0.01, 100)).astype(np.int16)
    audio[4000:4480] = 0
    assert found(audio) == []
