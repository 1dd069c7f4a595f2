"""What a server keeps of a call: its events, and the line of it that the board's list shows. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from assistant.document import Document, fold
from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CallEnded,
    HeatChanged,
    Interruption,
    LadderCooled,
    LadderMoved,
    LadderStep,
    LineQuality,
    StepApproved,
    TerminationLocked,
)
from assistant.timebase import Track


@dataclass
class CallRecord:
    """What the API and the board know of a call, live or kept for a while after."""

    call_id: str
    agent: str | None
    started_at: datetime
    events: list[AnyEvent] = field(default_factory=list)
    seq: int = 0
    """Of the last event, partial words included."""
    ended_at: float | None = None
    heat: float = 0.0
    level: str = "calm"
    trend: float = 0.0
    ladder_step: str | None = None
    interruptions: int = 0
    line: Literal["good", "poor"] = "good"
    waiting_approval: LadderStep | None = None
    """The step whose card waits until a supervisor agrees."""
    _raised: set[Track] = field(default_factory=set)

    @property
    def raised_voice(self) -> bool:
        """Whether a caller's voice was raised when they last spoke."""
        return bool(self._raised)

    def take(self, events: list[AnyEvent]) -> None:
        """Keeps events (partial words only on the wire) and what the board shows."""
        for event in events:
            self.seq = event.seq
            if event.__struct_config__.tag != "words_partial":
                self.events.append(event)
            match event:
                case HeatChanged():
                    self.heat, self.level, self.trend = event.heat, event.level, event.trend
                case LadderMoved():
                    self.ladder_step = event.step
                    if event.approver == "supervisor":
                        self.waiting_approval = event.step
                case LadderCooled():
                    self.ladder_step, self.waiting_approval = event.step, None
                case StepApproved() | TerminationLocked() | CallEnded():
                    self.waiting_approval = None
                case ArousalMeasured():
                    (self._raised.add if event.raised_voice else self._raised.discard)(event.track)
                case LineQuality():
                    self.line = event.quality
                case Interruption(kind="competitive"):
                    self.interruptions += 1
                case _:
                    pass

    def summary(self) -> Document:
        """One line of `/v1/calls`."""
        return {
            "call_id": self.call_id,
            "agent": self.agent,
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "live": self.ended_at is None,
            "duration_s": self.events[-1].t_s if self.events else 0.0,
            "heat": self.heat,
            "level": self.level,
            "trend": self.trend,
            "ladder_step": self.ladder_step,
            "interruptions": self.interruptions,
            "raised_voice": self.raised_voice,
            "line": self.line,
            "waiting_approval": self.waiting_approval,
        }

    def document(self) -> Document:
        """The call document so far."""
        return fold(self.call_id, self.events)
