"""The line of a call in `/v1/calls`: what it says of the voice, the line, and a step that waits for a supervisor."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CallEnded,
    LadderCooled,
    LadderMoved,
    LineQuality,
    StepApproved,
    TerminationLocked,
    WarningGiven,
)
from assistant.live.record import CallRecord


def after(*events: AnyEvent) -> dict[str, Any]:
    record = CallRecord("c", "anna", datetime(2030, 1, 2, tzinfo=UTC))
    record.take(list(events))
    return record.summary()


def voice(raised: bool, track: Any = "caller") -> AnyEvent:
    fields = {"loudness_db": 9.0, "pitch_st": None, "pitch_range_st": None, "tilt_db": 0.0, "pace": None}
    return ArousalMeasured(track=track, arousal=0.9 if raised else 0.1, raised_voice=raised, **fields)


WAITS = LadderMoved(kind="insult", step="final_warning", reasons=[], approver="supervisor")


def test_a_call_begins_with_a_good_line_and_nothing_that_waits() -> None:
    line = after()
    assert (line["raised_voice"], line["line"], line["waiting_approval"]) == (False, "good", None)


def test_a_voice_is_raised_as_it_was_last_heard() -> None:
    assert after(voice(True))["raised_voice"] is True
    assert after(voice(True), voice(False))["raised_voice"] is False
    assert after(voice(True, "third_party"), voice(False))["raised_voice"] is True


def test_the_line_is_as_it_was_last_told() -> None:
    assert after(LineQuality(quality="poor"))["line"] == "poor"
    assert after(LineQuality(quality="poor"), LineQuality(quality="good"))["line"] == "good"


def test_a_step_waits_only_where_a_supervisor_must_agree() -> None:
    assert after(WAITS)["waiting_approval"] == "final_warning"
    assert after(LadderMoved(kind="insult", step="warning", reasons=[]))["waiting_approval"] is None
    assert after(WAITS, WarningGiven(how="heard"))["waiting_approval"] == "final_warning"


@pytest.mark.parametrize(
    "event",
    [
        StepApproved(step="final_warning"),
        LadderCooled(step="note", reasons=[]),
        TerminationLocked(reasons=[]),
        CallEnded(duration_s=1.0, why="stopped"),
    ],
    ids=lambda event: str(event.__struct_config__.tag),
)
def test_nothing_waits_after_approval_apology_distress_or_the_end(event: AnyEvent) -> None:
    assert after(WAITS, event)["waiting_approval"] is None
