"""The ladder that leads from abuse to the advice that a call may be ended. A table; the diagram in docs/ comes from it.

In: evidence of abuse of a person, warnings that were given, distress. Out: the steps to advise. It never ends a call.
"""

from dataclasses import dataclass
from typing import Literal

from assistant.events import LadderStep

State = Literal["clear", "noted", "warning_due", "warned", "final_warning_due", "finally_warned", "may_end"]
Trigger = Literal["abuse", "warning_given"]

TRANSITIONS: dict[tuple[State, Trigger], tuple[State, LadderStep | None]] = {
    ("clear", "abuse"): ("noted", "note"),
    ("noted", "abuse"): ("warning_due", "warning"),
    ("noted", "warning_given"): ("warned", None),
    ("warning_due", "abuse"): ("warning_due", None),
    ("warning_due", "warning_given"): ("warned", None),
    ("warned", "abuse"): ("final_warning_due", "final_warning"),
    ("warned", "warning_given"): ("warned", None),
    ("final_warning_due", "abuse"): ("final_warning_due", None),
    ("final_warning_due", "warning_given"): ("finally_warned", None),
    ("finally_warned", "abuse"): ("may_end", "end_call"),
    ("finally_warned", "warning_given"): ("finally_warned", None),
    ("may_end", "abuse"): ("may_end", None),
    ("may_end", "warning_given"): ("may_end", None),
    ("clear", "warning_given"): ("clear", None),
}
"""State and trigger -> the next state and the step to advise. Every pair stands here; each abuse is a new utterance."""


@dataclass
class Ladder:
    """Where one call stands. Locked, it stands still and advises nothing."""

    state: State = "clear"
    locked: bool = False

    def advises(self, trigger: Trigger) -> LadderStep | None:
        """The step that this trigger would lead to now."""
        return None if self.locked else TRANSITIONS[self.state, trigger][1]

    def pull(self, trigger: Trigger) -> LadderStep | None:
        """Moves by one trigger; the step to advise now, if any."""
        if self.locked:
            return None
        self.state, step = TRANSITIONS[self.state, trigger]
        return step


def diagram() -> str:
    """The table as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> clear"]
    for (state, trigger), (after, step) in TRANSITIONS.items():
        if state != after:
            lines.append(f"    {state} --> {after}: {trigger}" + (f" / advise {step}" if step else ""))
    return "\n".join(lines) + "\n"
