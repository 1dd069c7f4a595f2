"""Cuts one track into stretches of speech and says which audio the recogniser must hear. Pure.

In: windows of one track with their speech probability. Out: openings and closings, and the audio due in between, from the
pre-roll to a short tail after the last voice. Silence is not given out, so that it costs no recognition. Audio is given
in hops of `hop_ms`, which is the latency that this stage adds to partial words.
"""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.errors import ConfigError
from assistant.speech.hysteresis import GateChange, VoiceGate, VoiceParameters
from assistant.timebase import WINDOW_MS, window_samples


@dataclass(frozen=True)
class SegmentParameters:
    """Times in milliseconds, rounded up to whole windows."""

    hop_ms: int = 32
    """Audio is given to the recogniser in pieces of at least this."""
    tail_ms: int = 224
    """So much after the last voice is still given; the rest of the hang-over only if voice comes back."""

    def __post_init__(self) -> None:
        if not 32 <= self.hop_ms <= 1000:
            raise ConfigError(f"segments.hop_ms must lie between 32 and 1000, not {self.hop_ms}")
        if not 0 <= self.tail_ms <= 2000:
            raise ConfigError(f"segments.tail_ms must lie between 0 and 2000, not {self.tail_ms}")


@dataclass(frozen=True)
class Step:
    """What one window brought: a change, and audio due, (n,) int16, that belongs to the open segment or ends the closed one."""

    change: GateChange | None
    due: npt.NDArray[np.int16] | None


class Segmenter:
    """One track of one call, at 8000 or 16000 Hz."""

    def __init__(self, voice: VoiceParameters, segments: SegmentParameters, rate_hz: int) -> None:
        self._gate = VoiceGate(voice, rate_hz)
        self._window = window_samples(rate_hz)
        self._hop = math.ceil(segments.hop_ms / WINDOW_MS) * self._window
        self._tail = math.ceil(segments.tail_ms / WINDOW_MS) * self._window
        kept_ms = voice.pre_roll_ms + voice.hang_over_ms + voice.min_speech_ms + segments.hop_ms + segments.tail_ms
        self._ring: deque[npt.NDArray[np.int16]] = deque(maxlen=math.ceil(kept_ms / WINDOW_MS) + 8)
        self._given = 0

    @property
    def is_open(self) -> bool:
        """Whether speech goes on."""
        return self._gate.is_open

    @property
    def voiced_until(self) -> int:
        """One past the last voiced sample."""
        return self._gate.voiced_until_sample

    def step(self, window: npt.NDArray[np.int16], p: float) -> Step:
        """The next window, (w,) int16, and its speech probability in [0, 1]."""
        self._ring.append(window)
        change = self._gate.step(p)
        if change is not None and change.kind == "opened":
            self._given = change.heard_from_sample
        if change is not None and change.kind == "closed":
            return Step(change, self._due(flush=True))
        return Step(change, self._due(flush=False) if self._gate.is_open else None)

    def finish(self, length: int) -> Step:
        """The track is over after `length` samples; open speech closes."""
        change = self._gate.finish(length)
        return Step(change, None if change is None else self._due(flush=True, limit=length))

    def _due(self, *, flush: bool, limit: int | None = None) -> npt.NDArray[np.int16] | None:
        position = self._gate.position_samples
        until = min(position, self._gate.voiced_until_sample + self._tail)
        if limit is not None:
            until = min(until, limit)
        if until <= self._given or (not flush and until - self._given < self._hop):
            return None
        first = max(0, position - len(self._ring) * self._window)
        start, self._given = max(self._given, first), until
        kept = np.concatenate(self._ring)
        return kept[start - first : until - first]
