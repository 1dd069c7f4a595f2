"""Who may press what: agents on their own calls, supervisors on any. Nobody is asked yet who they are (docs/events.md).

In: a press, and the stream that it came on. Out: None once the call has it, or the words of a refusal. A press for a call that has
ended meanwhile is refused like one for a call that never was.
"""

import structlog

from assistant.live.calls import CallCentre
from assistant.live.streams import Press

SUPERVISORS_ACTIONS = frozenset({"approve"})

log = structlog.get_logger("calmline.presses")


def press_of_agent(centre: CallCentre | None, agent: str, press: Press) -> str | None:
    """A press on the stream of `agent`: any but a supervisor's, on a call of theirs."""
    if press.action in SUPERVISORS_ACTIONS:
        log.warning("press refused", action=press.action, call_id=press.call_id, stream="agent")
        return "A supervisor must approve this, on the board or on the page of the call."
    call = None if centre is None else centre.live(press.call_id)
    if call is None or call.record.agent != agent:
        return "No such call of yours is live."
    call.press(press.action, press.card_id)
    return None


def press_of_supervisor(centre: CallCentre | None, press: Press, only: str | None = None) -> str | None:
    """A press on the board, or on the stream of the call `only`: agreeing to the step that waits, and nothing else."""
    if press.action not in SUPERVISORS_ACTIONS:
        return "Only the agent can press this, on their own page."
    call = None if centre is None or only not in (None, press.call_id) else centre.live(press.call_id)
    if call is None:
        return "No such call is live."
    if call.record.waiting_approval is None:
        return "No step of this call waits for approval."
    call.press(press.action, press.card_id)
    return None
