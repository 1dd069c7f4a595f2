"""Several mono streams, each with its own clock, into the tracks of one call. Pure: the time is told.

Enters: each track's samples as they come, and the time. Leaves: (n, tracks) int16 at the pace of the time. Latency: `MARGIN_S`, which
rides out uneven delivery. What a device does not deliver becomes silence, what it delivers too much is cut out; both are counted.
Tracks stay aligned to within about 0.1 s.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.errors import CoreMisuse

MARGIN_S: Final = 0.12
"""Audio kept back. Sound servers deliver in pieces of up to 60 ms."""
START_S: Final = 3.0
"""A device that gives nothing for so long is silent; the call starts without it. Some take over a second to start."""
SLACK_S: Final = 0.06
"""More than this too much, all through `WATCH_S`, is cut out: the device's clock is fast."""
WATCH_S: Final = 2.0
MOST_S: Final = 1.0
"""More than this too much is cut out at once."""
PIECE_S: Final = 10.0
"""At most so much leaves at once, however long nobody asked."""


class Aligner:
    """The streams of one call. Used by one thread."""

    def __init__(self, rate_hz: int, latencies_s: Sequence[float]) -> None:
        """`latencies_s`: for each track how late its samples come, as the device says. The earlier ones wait for the latest."""
        if not latencies_s:
            raise CoreMisuse("a call has at least one track")
        self._rate = rate_hz
        slowest = max(latencies_s)
        self._tracks = [_TrackBuffer(round((MARGIN_S + slowest - latency) * rate_hz), rate_hz) for latency in latencies_s]
        self._began_s: float | None = None
        self._asked_s: float | None = None
        self._given = 0

    @property
    def started(self) -> bool:
        """Whether the call has begun: all tracks deliver, or were waited for long enough."""
        return self._began_s is not None

    @property
    def given_samples(self) -> int:
        """Samples of each track so far."""
        return self._given

    @property
    def silence_samples(self) -> tuple[int, ...]:
        """Silence put in, for each track."""
        return tuple(track.silence for track in self._tracks)

    @property
    def trimmed_samples(self) -> tuple[int, ...]:
        """Samples cut out, for each track."""
        return tuple(track.trimmed for track in self._tracks)

    def put(self, track: int, samples: npt.NDArray[np.int16]) -> None:
        """What a track's device delivered, (n,) int16."""
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise CoreMisuse(f"a track's samples are (n,) int16, not {samples.shape} {samples.dtype}")
        self._tracks[track].put(samples)

    def take(self, now_s: float) -> npt.NDArray[np.int16]:
        """The call up to `now_s`, (n, tracks) int16 for any n, none before the start. The clock must not go back."""
        if self._asked_s is None:
            self._asked_s = now_s
        if self._began_s is None:
            late = now_s - self._asked_s >= START_S
            if not (late or all(track.ready(0) for track in self._tracks)):
                return np.empty((0, len(self._tracks)), np.int16)
            self._began_s = now_s
            for track in self._tracks:
                track.begin()
        due = int((now_s - self._began_s) * self._rate) - self._given
        n = min(due, round(PIECE_S * self._rate))
        if n <= 0:
            return np.empty((0, len(self._tracks)), np.int16)
        self._given += n
        return np.stack([track.take(n) for track in self._tracks], axis=1)


class _TrackBuffer:
    """Samples that wait. Flowing, it gives what it has; run dry, it gives silence until it holds `kept` samples beyond what is due."""

    def __init__(self, kept: int, rate_hz: int) -> None:
        self._kept = kept
        self._slack = round(SLACK_S * rate_hz)
        self._watch = round(WATCH_S * rate_hz)
        self._most = round(MOST_S * rate_hz)
        self._samples = np.empty(0, np.int16)
        self._flows = False
        self._lowest: int | None = None
        self._watched = 0
        self.silence = 0
        self.trimmed = 0

    def put(self, samples: npt.NDArray[np.int16]) -> None:
        self._samples = np.concatenate((self._samples, samples))
        # Nobody asks, so the newest stays: bounded, whatever the asker does.
        bound = self._kept + round((PIECE_S + MOST_S) * self._watch / WATCH_S)
        if len(self._samples) > bound:
            self.trimmed += len(self._samples) - bound
            self._samples = self._samples[-bound:]

    def ready(self, due: int) -> bool:
        return len(self._samples) >= self._kept + due

    def begin(self) -> None:
        """What came before the call is none of it."""
        if self.ready(0):
            self._samples = self._samples[len(self._samples) - self._kept :]
            self._flows = True

    def take(self, n: int) -> npt.NDArray[np.int16]:
        if not self._flows:
            if not self.ready(n):
                self.silence += n
                return np.zeros(n, np.int16)
            self._cut(len(self._samples) - self._kept - n)
            self._flows, self._lowest, self._watched = True, None, 0
        given, self._samples = self._samples[:n], self._samples[n:]
        if len(given) < n:
            self._flows = False
            self.silence += n - len(given)
            return np.concatenate((given, np.zeros(n - len(given), np.int16)))
        self._follow_clock(n)
        return given

    def _follow_clock(self, n: int) -> None:
        """Buffered audio goes up and down as it is delivered; a fast clock shows in its lowest."""
        waiting = len(self._samples)
        self._lowest = waiting if self._lowest is None else min(waiting, self._lowest)
        self._watched += n
        if waiting > self._kept + self._most:
            self._cut(waiting - self._kept)
        elif self._watched < self._watch:
            return
        elif self._lowest > self._kept + self._slack:
            self._cut(self._lowest - self._kept)
        self._lowest, self._watched = None, 0

    def _cut(self, samples: int) -> None:
        self.trimmed += samples
        self._samples = self._samples[samples:]
