"""The seam between Calmline and a speech recogniser: what is heard, and the two methods that hear it.

Enters: (n,) int16 at the call's rate, in chunks of any size; `finish` where voice activity ends the segment.
Leaves: a `Hearing`, partial while speech goes on and final at its end. What is heard depends on the samples of a
segment alone, never on how they were cut into chunks nor on the segments before.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was heard."""

    text: str
    """Lower case, without punctuation."""
    start_s: float
    """Seconds from the segment's first sample, at least 0."""
    end_s: float
    """At least `start_s`, at most the segment's length. In a partial hearing both times are estimates: an engine tells
    a word's times only at the end, so `end_s` is how much of the segment had been heard when the word appeared."""
    confidence: float
    """[0, 1]. In a partial hearing 0.0: no engine here knows it before the end."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """The words of a segment, so far or in the end."""

    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        """The words with single spaces; empty if nothing was heard."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """The mean of the words' confidences, [0, 1]; 0.0 if there are none."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0


class RecogniserStream(Protocol):
    """The running state of one track; not to be shared between threads."""

    def accept(self, samples: npt.NDArray[np.int16]) -> Hearing | None:
        """Hears more of the segment.

        Args:
            samples: (n,) int16 at the stream's rate, n of any size, 0 too.

        Returns:
            The partial hearing if its words changed, else None.

        Raises:
            CoreMisuse: another shape or dtype.
            EngineFailed: the engine failed; the segment is lost and the stream is ready for the next.
        """
        ...

    def finish(self) -> Hearing:
        """Ends the segment and returns its final hearing; the stream is then as new.

        Raises:
            EngineFailed: the engine failed; the segment is lost and the stream is ready for the next.
        """
        ...


class Recogniser(Protocol):
    """An engine with its weights loaded; to be shared between calls and threads."""

    @property
    def name(self) -> str:
        """Engine and model, for screens and reports."""
        ...

    @property
    def sample_rate_hz(self) -> int:
        """The rate that the model wants inside."""
        ...

    @property
    def limits(self) -> str:
        """A sentence on what the model cannot do, for screens and reports; may be empty."""
        ...

    def stream(self, sample_rate_hz: int) -> RecogniserStream:
        """A fresh stream for one track.

        Args:
            sample_rate_hz: the call's rate, 8000 to 48000.

        Raises:
            AudioFormatError: a rate out of this range.
        """
        ...
