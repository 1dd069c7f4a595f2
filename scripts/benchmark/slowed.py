"""A recogniser that hears as the tiny one does and costs what a larger one would: for what cannot be downloaded.

Enters and leaves: as the recogniser's seam says. Each second of audio that is decoded costs a fixed number of CPU seconds more, in a
busy loop that is timed by the thread's own clock.
"""

import time

import numpy as np
import numpy.typing as npt

from assistant.speech.asr import Hearing, Recogniser, RecogniserStream

SMALL_MODEL_CPU_S = 0.10
"""CPU seconds a second of audio that vosk-model-small-en-us-0.15 is taken to cost: an assumption, and one against us, since the
cheaper the recogniser, the more the rest of the pipeline weighs. The one published figure found is 550 ms for a
short recording of no stated length on an i7-8565U (solyarisoftware/voskJs, tests/README.md), the decoder's start included."""


def burn(cpu_s: float) -> None:
    """Keeps this thread busy for so many CPU seconds."""
    until = time.thread_time() + cpu_s
    while time.thread_time() < until:
        pass


class SlowedRecogniser:
    """A `Recogniser` around another."""

    def __init__(self, inner: Recogniser, extra_cpu_s: float) -> None:
        """`extra_cpu_s`: CPU seconds that each decoded second of audio costs more."""
        self._inner = inner
        self._extra_cpu_s = extra_cpu_s

    @property
    def name(self) -> str:
        """The inner one's, marked."""
        return f"{self._inner.name} (slowed)"

    @property
    def sample_rate_hz(self) -> int:
        """The inner one's."""
        return self._inner.sample_rate_hz

    @property
    def limits(self) -> str:
        """The inner one's."""
        return self._inner.limits

    def stream(self, sample_rate_hz: int) -> RecogniserStream:
        """As the seam says."""
        return SlowedStream(self._inner.stream(sample_rate_hz), self._extra_cpu_s / sample_rate_hz)


class SlowedStream:
    """One track."""

    def __init__(self, inner: RecogniserStream, cpu_s_per_sample: float) -> None:
        self._inner = inner
        self._cpu_s_per_sample = cpu_s_per_sample

    def accept(self, samples: npt.NDArray[np.int16]) -> Hearing | None:
        """As the seam says."""
        burn(len(samples) * self._cpu_s_per_sample)
        return self._inner.accept(samples)

    def finish(self) -> Hearing:
        """As the seam says."""
        return self._inner.finish()
