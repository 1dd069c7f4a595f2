"""What the board is sent of a call: how it goes and why, never the words of anybody on it. Pure.

In: the events of one call. Out: for each the event as the board may have it, or None where it does not go there.
"""

from msgspec.structs import replace

from assistant import events as ev
from assistant.events import AnyEvent
from assistant.timebase import Track

BOARD_TYPES = frozenset(
    kind.__struct_config__.tag
    for kind in (
        ev.ArousalMeasured,
        ev.CallEnded,
        ev.CallStarted,
        ev.CardShown,
        ev.CueHeard,
        ev.HeatChanged,
        ev.Interruption,
        ev.LadderCooled,
        ev.LadderMoved,
        ev.LineQuality,
        ev.PolicyChanged,
        ev.StageDegraded,
        ev.StepApproved,
        ev.TerminationLocked,
        ev.TerminationUnlocked,
    )
)

AGENTS_CUES = frozenset({"promise"})
"""Of what an agent says only this goes to the board: somebody must keep it. The rest is for the agent's own page."""


class BoardView:
    """One call, as the board sees it."""

    def __init__(self) -> None:
        self._raised: set[Track] = set()

    def of(self, event: AnyEvent) -> AnyEvent | None:
        """The event without its words; the very same object where it has none."""
        match event:
            case ev.HeatChanged() | ev.CardShown() | ev.LadderMoved() | ev.LadderCooled() | ev.TerminationLocked() | ev.LineQuality():
                return _unquoted(event)
            case ev.CueHeard():
                seen = event.track != "agent" or event.cue in AGENTS_CUES
                return replace(event, text="", detail=None) if seen else None
            case ev.ArousalMeasured():
                return self._voice(event)
            case _:
                return event if event.__struct_config__.tag in BOARD_TYPES else None

    def _voice(self, event: ev.ArousalMeasured) -> AnyEvent | None:
        """A measurement comes with each second of speech: the board is sent those by which a voice became raised, or no longer is."""
        if event.raised_voice == (event.track in self._raised):
            return None
        self._raised ^= {event.track}
        return _unquoted(event)


def _unquoted(
    event: ev.HeatChanged | ev.CardShown | ev.LadderMoved | ev.LadderCooled | ev.TerminationLocked | ev.LineQuality | ev.ArousalMeasured,
) -> AnyEvent:
    if all(reason.quote is None for reason in event.reasons):
        return event
    return replace(event, reasons=[replace(reason, quote=None) for reason in event.reasons])
