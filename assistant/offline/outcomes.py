"""What became of a batch: of each call, and of all. Plain values that cross processes; no import beyond the standard library."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class CallScored:
    """A call whose document was written."""

    name: str
    file: str
    """Where the document is."""
    duration_s: float
    from_audio: bool
    peak_heat: float
    """[0, 100]."""
    ladder_step: str | None
    notes: tuple[str, ...] = ()
    """What must be said about it: the limits of a model, mono, uneven files, a stage that failed."""


@dataclass(frozen=True)
class CallFailed:
    """A call, or a path, that gave no document."""

    name: str
    why: str


Outcome = CallScored | CallFailed


@dataclass(frozen=True)
class Progress:
    """How far a batch has come: told once before the first call, and after each."""

    finished: int
    calls: int
    latest: Outcome | None = None
    """The call that was just finished; none at the beginning."""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class ScoreSummary:
    """A whole batch, in the order of the calls and not in that in which they were finished."""

    done: tuple[CallScored, ...]
    failed: tuple[tuple[str, str], ...]
    """Name of a call or a path, and why there is no document."""
    notes: tuple[str, ...]
    audio_s: float
    """Seconds of audio that were scored; transcripts count for none."""
    wall_s: float

    @property
    def exit_code(self) -> int:
        """0 all done, 1 something failed, 2 nothing to do."""
        if self.failed:
            return 1
        return 0 if self.done else 2
