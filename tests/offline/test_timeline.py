"""One call's signals in the order in which they happened."""

import io

from rich.console import Console

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CallEnded,
    CardShown,
    CueHeard,
    HeatChanged,
    HeatLevel,
    Interruption,
    LadderMoved,
    LineQuality,
    Reason,
    SpeechStarted,
    Utterance,
)
from assistant.offline.timeline import TimelineRow, render, timeline
from assistant.timebase import Track


def spoken(at_s: float, track: Track, text: str) -> Utterance:
    return Utterance(utterance_id="u1", track=track, start_s=at_s, end_s=at_s + 2, text=text, confidence=0.9, t_s=at_s + 3)


def interruption(*, cut_off: bool) -> Interruption:
    return Interruption(
        interruption_id="i1", start_s=9.0, by="caller", of="agent", kind="competitive", cut_off=cut_off, overlap_s=0.8, t_s=11
    )


def arousal(at_s: float, *, raised: bool) -> ArousalMeasured:
    return ArousalMeasured(
        track="caller",
        arousal=0.7,
        raised_voice=raised,
        loudness_db=8.0,
        pitch_st=2.0,
        pitch_range_st=3.0,
        tilt_db=1.0,
        pace=1.1,
        t_s=at_s,
    )


def heat(at_s: float, level: HeatLevel) -> HeatChanged:
    return HeatChanged(heat=55.0, level=level, trend=3.0, reasons=[Reason(rule="r", what="hostile words")], t_s=at_s)


CUE = CueHeard(
    cue_id="k1",
    cue="request_manager",
    track="caller",
    utterance_id="u1",
    start_s=5.5,
    end_s=6,
    text="get me your manager",
    rule="score",
    p=0.83,
    confidence=0.9,
    t_s=8,
)
CARD = CardShown(
    card_id="c1", card="acknowledge", title="Name it", say="I can hear it.", reasons=[], priority=1, ttl_s=5, policy="p", t_s=12
)
LADDER = LadderMoved(kind="insult", step="final_warning", reasons=[], approver="supervisor", t_s=13)
EVENTS: list[AnyEvent] = [
    SpeechStarted(track="caller", start_s=5.0, t_s=5.0),
    spoken(1.0, "agent", "good morning"),
    spoken(5.0, "caller", "get me [your] manager"),
    CUE,
    interruption(cut_off=False),
    interruption(cut_off=True),
    arousal(9.5, raised=True),
    arousal(10.5, raised=True),
    arousal(11.5, raised=False),
    heat(11.6, "heated"),
    heat(11.8, "heated"),
    CARD,
    LADDER,
    LineQuality(quality="poor", reasons=[Reason(rule="line:repair", what="asked to hear it again")] * 2, t_s=14),
    CallEnded(duration_s=15.0, why="stopped", t_s=15),
]


def test_rows_stand_in_the_order_of_what_happened() -> None:
    assert timeline(EVENTS) == [
        TimelineRow(1.0, "agent", "speech", "good morning"),
        TimelineRow(5.0, "caller", "speech", "get me [your] manager"),
        TimelineRow(5.5, "caller", "cue", "request manager (score, p 0.83)"),
        TimelineRow(9.0, "caller", "interruption", "over agent, 0.8 s, cut off"),
        TimelineRow(9.5, "caller", "raised voice", "begins"),
        TimelineRow(11.5, "caller", "raised voice", "ends"),
        TimelineRow(11.6, None, "heat", "heated, 55: hostile words"),
        TimelineRow(12, None, "card", "Name it: I can hear it."),
        TimelineRow(13, None, "ladder", "final warning for insult, a supervisor must agree"),
        TimelineRow(14, None, "line", "poor: asked to hear it again"),
        TimelineRow(15, None, "call", "ended, stopped"),
    ]


def test_no_events_are_no_rows() -> None:
    assert timeline([]) == []


def shown(events: list[AnyEvent]) -> list[str]:
    out = io.StringIO()
    render(timeline(events), Console(file=out, width=200, color_system=None))
    return [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]


def test_a_side_is_told_by_word_and_by_column() -> None:
    head, *rows = shown(EVENTS)
    agent, caller, assistant = (head.index(side) for side in ("agent", "caller", "assistant"))
    assert any(row.index("agent speech: good morning") == agent for row in rows if "good morning" in row)
    assert any(row.index("caller speech: get me [your] manager") == caller for row in rows if "[your]" in row)
    assert any(row.index("heat: heated") == assistant for row in rows if "heat:" in row)


def test_a_third_party_stands_on_the_callers_side_and_a_mixed_track_alone() -> None:
    head, *rows = shown([spoken(1.0, "third_party", "hello")])
    assert any(row.index("third party speech: hello") == head.index("caller") for row in rows if "hello" in row)
    head, *rows = shown([spoken(61.5, "mixed", "hello")])
    assert head.split() == ["time", "mixed", "assistant"]
    assert any(row.split()[0] == "1:01.5" and "mixed speech: hello" in row for row in rows)
