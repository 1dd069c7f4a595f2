"""A call advised anew from its stored beliefs gets the very advice that it got live."""

import msgspec
import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.call import Call
from assistant.document import fold
from assistant.engine import drive as answer
from assistant.events import (
    AnyEvent,
    CallEnded,
    CardCleared,
    CardShown,
    HeatChanged,
    LadderCooled,
    LadderMoved,
    PressAction,
    StepApproved,
    TerminationLocked,
    TerminationUnlocked,
    WarningGiven,
)
from assistant.guidance.guide import Guide
from assistant.guidance.policy import Policy
from assistant.guidance.policy_file import load_policy
from assistant.guidance.replay import is_signal, replay
from assistant.timebase import WINDOW_MS, Track
from scripts.benchmark.signals import made_signals
from tests.support.plain_answers import RATE, PlainAnswers, audio, new_call

POLICY = load_policy()
TRACKS: tuple[Track, ...] = ("agent", "caller")
ADVICE = (
    HeatChanged,
    LadderMoved,
    LadderCooled,
    StepApproved,
    WarningGiven,
    TerminationLocked,
    TerminationUnlocked,
    CardShown,
    CardCleared,
)


def advice(events: list[AnyEvent]) -> list[AnyEvent]:
    """The advice among events, without what the log stamps."""
    return [msgspec.structs.replace(event, seq=0, call_id="") for event in events if isinstance(event, ADVICE)]


def window_by_window(policy: Policy, signals: list[AnyEvent], length_s: float) -> list[AnyEvent]:
    """What a guide says that is told of every window, as a live call tells it: the window, what it brought, presses."""
    guide = Guide(policy)
    told: list[AnyEvent] = []

    def say(t_s: float, events: list[AnyEvent]) -> None:
        told.extend(msgspec.structs.replace(event, t_s=t_s) for event in events)

    waiting = list(reversed(signals))
    for window in range(1, round(length_s * 1000 / WINDOW_MS) + 1):
        t_s = round(window * WINDOW_MS / 1000, 3)
        say(t_s, guide.tick(t_s))
        while waiting and waiting[-1].t_s <= t_s:
            say(t_s, guide.hear(waiting.pop()))
    say(length_s, guide.end(length_s))
    return advice(told)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_windows_that_are_passed_over_would_have_changed_nothing(seed: int) -> None:
    signals = made_signals(seed, call_s=96.0)
    assert advice(replay(POLICY, signals, 96.0)) == window_by_window(POLICY, signals, 96.0)


WORDS = ("please", "broken", "idiot", "dying", "end this call if you")
SPEECH = st.tuples(st.sampled_from(TRACKS), st.integers(0, 40), st.integers(2, 14), st.sampled_from(WORDS))
PRESSES: tuple[PressAction, ...] = ("done", "not_helpful", "warning_given", "unlock", "approve", "mute", "unmute")
PRESS = st.tuples(st.sampled_from(PRESSES), st.sampled_from(["c1", "c2", "c3"]))


def live(call: Call, samples: np.ndarray, presses: dict[int, tuple[PressAction, str]]) -> list[AnyEvent]:
    """All events of a call that is fed half a second at a time, with presses between."""
    answers = PlainAnswers()
    events = call.start()
    for number, begin in enumerate(range(0, len(samples), RATE // 2)):
        events += answer(call.feed(samples[begin : begin + RATE // 2]), answers)
        if number in presses:
            events += call.press(*presses[number])
    return [*events, *answer(call.finish(), answers)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(SPEECH, max_size=10),
    st.dictionaries(st.integers(0, 50), PRESS, max_size=8),
    st.one_of(st.integers(60_000, 208_000), st.integers(240, 800).map(lambda windows: 256 * windows)),
)
@example([("caller", 0, 14, "idiot"), ("caller", 16, 12, "idiot"), ("agent", 20, 10, "please")], {}, 256 * 400)
@example([("caller", 0, 14, "broken"), ("caller", 18, 14, "broken"), ("agent", 10, 6, "please")], {20: ("done", "c1")}, 100_001)
def test_a_call_replayed_gets_the_advice_that_it_got_live(
    said: list[tuple[Track, int, int, str]], presses: dict[int, tuple[PressAction, str]], samples: int
) -> None:
    spoken = [(track, 0.5 * start, 0.5 * start + 0.4 * length, word) for track, start, length, word in said]
    length_s = samples / RATE
    events = live(new_call(), audio(*(one for one in spoken if one[2] < length_s), length_s=length_s), presses)
    ended = events[-1]
    assert isinstance(ended, CallEnded)
    document = msgspec.json.decode(msgspec.json.encode(fold("call", events)))
    signals = msgspec.convert(document["signals"], list[AnyEvent])
    assert signals == [msgspec.structs.replace(event, call_id="") for event in events if is_signal(event)]
    assert advice(replay(POLICY, signals, document["call"]["duration_s"])) == advice(events)


def test_a_silent_call_gets_no_advice() -> None:
    assert replay(POLICY, [], 600.0) == []
