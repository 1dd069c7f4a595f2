"""A recorded call advised anew, from its stored beliefs and without its audio. Pure.

In: the beliefs of a call as they became known. Out: the advice that a policy gives on them. Under the policy that the call was
advised by, it is the very same advice, event for event.
"""

import math
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

import msgspec

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CueHeard,
    Interruption,
    LineQuality,
    Pressed,
    SpeechEnded,
    SpeechStarted,
    TurnTaking,
    UtteranceScored,
    WordsPartial,
)
from assistant.guidance.guide import Guide
from assistant.guidance.policy import Policy
from assistant.timebase import WINDOW_MS


class Moment(NamedTuple):
    """A step of a call: a belief came, or only time passed; and the advice that followed."""

    t_s: float
    signal: AnyEvent | None
    advice: list[AnyEvent]


def is_signal(event: AnyEvent) -> bool:
    """Whether an event is a belief, or a press, that advice may follow from."""
    match event:
        case SpeechStarted() | SpeechEnded():
            return event.track == "agent"
        case WordsPartial():
            return event.text == ""
        case UtteranceScored() | CueHeard() | ArousalMeasured() | LineQuality() | Interruption() | TurnTaking() | Pressed():
            return True
        case _:
            return False


def replay(policy: Policy, signals: Iterable[AnyEvent], duration_s: float) -> list[AnyEvent]:
    """The advice on `signals`, in the order of their `seq`, each event with the media time at which it would have come."""
    return [stamped for moment in drive(Guide(policy), signals, duration_s) for stamped in stamp(moment)]


def stamp(moment: Moment) -> Iterator[AnyEvent]:
    """The advice of a moment, each event with its media time."""
    return (msgspec.structs.replace(event, t_s=moment.t_s) for event in moment.advice)


def drive(guide: Guide, signals: Iterable[AnyEvent], duration_s: float) -> Iterator[Moment]:
    """A call as `guide` lives it: its signals, and between them the windows in which time alone may do something; then its end.

    In a live call a window's tick comes before all that is heard in it, pressed after it, or concluded at the end of the audio.
    """
    window = 1
    for signal in signals:
        window = yield from _pass(guide, window, math.ceil(_windows(signal.t_s)) + 1)
        yield Moment(signal.t_s, signal, guide.hear(signal))
    yield from _pass(guide, window, math.ceil(_windows(duration_s)) + 1)
    yield Moment(duration_s, None, guide.end(duration_s))


def _pass(guide: Guide, window: int, until: int) -> Generator[Moment, None, int]:
    """Lets the windows from number `window` to before `until` pass; the number of the next one."""
    done = max(window, until)
    while (due_s := guide.due_s) is not None:
        window = max(window, math.ceil(_windows(due_s)))
        if window >= until:
            break
        t_s = round(window * WINDOW_MS / 1000, 3)
        yield Moment(t_s, None, guide.tick(t_s))
        window += 1
    return done


def _windows(t_s: float) -> float:
    return round(t_s * 1000 / WINDOW_MS, 6)
