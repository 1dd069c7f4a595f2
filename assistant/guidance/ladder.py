"""The ladder that leads from abuse to the advice that a call may be ended. A table; the diagram in docs/ comes from it.

In: evidence of abuse of a person, warnings that were given, apologies, distress. Out: the steps to advise. It never ends a call.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from assistant.events import LadderStep

State = Literal["clear", "noted", "warning_due", "warned", "final_warning_due", "finally_warned", "may_end"]
Trigger = Literal["abuse", "skip_to_warning", "skip_to_final_warning", "skip_to_end_call", "warning_given", "apology"]

STATES: tuple[State, ...] = get_args(State)
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)

TRANSITIONS: dict[tuple[State, Trigger], tuple[State, LadderStep | None]] = {
    ("clear", "abuse"): ("noted", "note"),
    ("clear", "skip_to_warning"): ("warning_due", "warning"),
    ("clear", "skip_to_final_warning"): ("final_warning_due", "final_warning"),
    ("clear", "skip_to_end_call"): ("may_end", "end_call"),
    ("clear", "warning_given"): ("clear", None),
    ("clear", "apology"): ("clear", None),
    ("noted", "abuse"): ("warning_due", "warning"),
    ("noted", "skip_to_warning"): ("warning_due", "warning"),
    ("noted", "skip_to_final_warning"): ("final_warning_due", "final_warning"),
    ("noted", "skip_to_end_call"): ("may_end", "end_call"),
    ("noted", "warning_given"): ("warned", None),
    ("noted", "apology"): ("clear", None),
    ("warning_due", "abuse"): ("warning_due", None),
    ("warning_due", "skip_to_warning"): ("warning_due", None),
    ("warning_due", "skip_to_final_warning"): ("final_warning_due", "final_warning"),
    ("warning_due", "skip_to_end_call"): ("may_end", "end_call"),
    ("warning_due", "warning_given"): ("warned", None),
    ("warning_due", "apology"): ("noted", None),
    ("warned", "abuse"): ("final_warning_due", "final_warning"),
    ("warned", "skip_to_warning"): ("final_warning_due", "final_warning"),
    ("warned", "skip_to_final_warning"): ("final_warning_due", "final_warning"),
    ("warned", "skip_to_end_call"): ("may_end", "end_call"),
    ("warned", "warning_given"): ("warned", None),
    ("warned", "apology"): ("noted", None),
    ("final_warning_due", "abuse"): ("final_warning_due", None),
    ("final_warning_due", "skip_to_warning"): ("final_warning_due", None),
    ("final_warning_due", "skip_to_final_warning"): ("final_warning_due", None),
    ("final_warning_due", "skip_to_end_call"): ("may_end", "end_call"),
    ("final_warning_due", "warning_given"): ("finally_warned", None),
    ("final_warning_due", "apology"): ("warned", None),
    ("finally_warned", "abuse"): ("may_end", "end_call"),
    ("finally_warned", "skip_to_warning"): ("may_end", "end_call"),
    ("finally_warned", "skip_to_final_warning"): ("may_end", "end_call"),
    ("finally_warned", "skip_to_end_call"): ("may_end", "end_call"),
    ("finally_warned", "warning_given"): ("finally_warned", None),
    ("finally_warned", "apology"): ("warned", None),
    ("may_end", "abuse"): ("may_end", None),
    ("may_end", "skip_to_warning"): ("may_end", None),
    ("may_end", "skip_to_final_warning"): ("may_end", None),
    ("may_end", "skip_to_end_call"): ("may_end", None),
    ("may_end", "warning_given"): ("may_end", None),
    ("may_end", "apology"): ("finally_warned", None),
}
"""State and trigger -> the next state and the step to advise. Every pair stands here; each abuse is a new utterance."""


STEP_OF: dict[State, LadderStep | None] = {
    "clear": None,
    "noted": "note",
    "warning_due": "warning",
    "warned": "warning",
    "final_warning_due": "final_warning",
    "finally_warned": "final_warning",
    "may_end": "end_call",
}


@dataclass
class Ladder:
    """Where one call stands. Locked, it stands still and advises nothing."""

    state: State = "clear"
    locked: bool = False

    @property
    def step(self) -> LadderStep | None:
        """The step that it stands on."""
        return STEP_OF[self.state]

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
    """The table as a Mermaid state diagram; triggers that do the same are on one arrow."""
    lines = ["stateDiagram-v2", "    [*] --> clear"]
    arrows: dict[tuple[State, State, LadderStep | None], list[Trigger]] = {}
    for (state, trigger), (after, step) in TRANSITIONS.items():
        if state != after:
            arrows.setdefault((state, after, step), []).append(trigger)
    for (state, after, step), triggers in arrows.items():
        lines.append(f"    {state} --> {after}: {', '.join(triggers)}" + (f" / advise {step}" if step else ""))
    return "\n".join(lines) + "\n"
