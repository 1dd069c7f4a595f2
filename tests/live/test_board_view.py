"""What the board is sent of a call: never a word that was spoken on it."""

from typing import Any

import pytest

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CardShown,
    CueHeard,
    HeatChanged,
    LadderCooled,
    LadderMoved,
    LineQuality,
    PolicyChanged,
    Pressed,
    Reason,
    StepApproved,
    TerminationLocked,
    Utterance,
    UtteranceScored,
    WarningGiven,
    WordsPartial,
    encode,
)
from assistant.live.board_view import BoardView

WORDS = "you hopeless lamp"
REASONS = [Reason(rule="r", what="abuse of a person", quote=WORDS, p=0.9), Reason(rule="s", what="talked over the agent")]
SPOKEN = {"utterance_id": "u1", "start_s": 1.0, "end_s": 2.0, "text": WORDS}


def cue(kind: Any, track: Any, **fields: Any) -> CueHeard:
    return CueHeard(cue_id="q1", cue=kind, track=track, rule="x", p=1.0, confidence=0.9, **SPOKEN, **fields)


def voice(raised: bool, track: Any = "caller") -> ArousalMeasured:
    fields = {"loudness_db": 9.0, "pitch_st": None, "pitch_range_st": None, "tilt_db": 0.0, "pace": None, "reasons": REASONS}
    return ArousalMeasured(track=track, arousal=0.9 if raised else 0.1, raised_voice=raised, **fields)


@pytest.mark.parametrize(
    "event",
    [
        HeatChanged(heat=60.0, level="heated", trend=1.0, reasons=REASONS),
        LadderMoved(kind="insult", step="warning", reasons=REASONS, approver="supervisor"),
        LadderCooled(step="note", reasons=REASONS),
        TerminationLocked(reasons=REASONS),
        LineQuality(quality="poor", reasons=REASONS),
        CardShown(card_id="c", card="crisis", title="t", say="s", reasons=REASONS, priority=1, ttl_s=1.0, policy="1"),
        cue("request_manager", "caller"),
        cue("repeated_demand", "third_party", detail=WORDS),
        cue("promise", "agent", detail=WORDS, due="2030-01-02T10:00:00+00:00"),
        voice(True),
    ],
    ids=lambda event: str(event.__struct_config__.tag),
)
def test_the_board_learns_what_happened_and_no_words(event: AnyEvent) -> None:
    shown = BoardView().of(event)
    assert type(shown) is type(event)
    assert WORDS not in encode(shown).decode()
    whats = [reason.what for reason in getattr(shown, "reasons", [])]
    assert whats == [reason.what for reason in getattr(event, "reasons", [])]


def test_when_a_promise_is_due_goes_to_the_board() -> None:
    shown = BoardView().of(cue("promise", "agent", due="2030-01-02T10:00:00+00:00"))
    assert isinstance(shown, CueHeard)
    assert shown.due == "2030-01-02T10:00:00+00:00"


@pytest.mark.parametrize(
    "event",
    [
        Utterance(track="caller", confidence=1.0, **SPOKEN),
        WordsPartial(track="caller", **SPOKEN),
        UtteranceScored(track="caller", partial=False, scores={}, level=0, target=None, p_abuse=0.0, abuse=False, **SPOKEN),
        WarningGiven(how="heard", reasons=REASONS),
        Pressed(action="mute"),
        *(cue(kind, "agent") for kind in ("inflaming", "dismissal", "apology", "refusal", "repair")),
    ],
    ids=lambda event: getattr(event, "cue", str(event.__struct_config__.tag)),
)
def test_what_agents_say_and_press_and_all_words_stay_off_the_board(event: AnyEvent) -> None:
    assert BoardView().of(event) is None


@pytest.mark.parametrize("event", [StepApproved(step="warning"), PolicyChanged(policy="2"), HeatChanged(heat=1.0, level="calm", trend=0.0)])
def test_an_event_without_words_is_not_written_anew(event: AnyEvent) -> None:
    assert BoardView().of(event) is event


def test_a_voice_is_told_of_when_it_becomes_raised_and_when_it_no_longer_is() -> None:
    view = BoardView()
    told = [view.of(voice(raised)) for raised in (False, True, True, True, False, False, True)]
    assert [None if event is None else event.raised_voice for event in told] == [None, True, None, None, False, None, True]  # type: ignore[union-attr]
    assert view.of(voice(True, "third_party")) is not None
