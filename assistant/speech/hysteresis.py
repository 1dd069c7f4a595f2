"""Voice activity of one track: window probabilities in, starts and ends of speech out. Pure.

Enters: one speech probability a window (32 ms), in order. Leaves: a `GateChange` where speech opens or closes, in
whole samples of the call's own rate. Latency: an opening is told `min_speech_ms` after it began, a closing
`hang_over_ms` after the last voiced window.
"""

import math
from dataclasses import dataclass, fields
from typing import Final, Literal

from assistant.errors import ConfigError, CoreMisuse
from assistant.timebase import window_samples

LATE_SHARE: Final = 0.75
"""From this share of `max_utterance_s` on, the first unvoiced window ends the utterance: better a cut in a short pause
than one inside a word."""

RISING_MS: Final = 160
"""The first sounds of speech are often less sure than those that open it: windows at or above `close_p` right before them are speech,
too, up to so many milliseconds in all."""


@dataclass(frozen=True, slots=True)
class VoiceParameters:
    """How probabilities become speech. Probabilities in [0, 1]; times are rounded up to whole windows of 32 ms.

    Raises:
        ConfigError: a value out of its range; the text names the field.
    """

    open_p: float = 0.5
    """A window at or above this may begin speech."""
    close_p: float = 0.35
    """Within speech a window below this is unvoiced. At most `open_p`."""
    min_speech_ms: int = 96
    """So long must windows stay at or above `open_p` before speech opens."""
    hang_over_ms: int = 320
    """So long must windows stay below `close_p` before speech closes."""
    pre_roll_ms: int = 320
    """Audio before the start that the recogniser hears too, so that no first word is clipped."""
    max_utterance_s: float = 20.0
    """An utterance is cut at this length; talk that goes on becomes the next utterance at once."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not math.isfinite(getattr(self, field.name)):
                raise ConfigError(f"voice.{field.name} must be a finite number")
        if not 0.0 < self.open_p <= 1.0:
            raise ConfigError(f"voice.open_p is a probability above 0 and at most 1, not {self.open_p}")
        if not 0.0 <= self.close_p <= self.open_p:
            raise ConfigError(f"voice.close_p must lie between 0 and voice.open_p ({self.open_p}), not {self.close_p}")
        if not 0 <= self.min_speech_ms <= 2000:
            raise ConfigError(f"voice.min_speech_ms must lie between 0 and 2000, not {self.min_speech_ms}")
        if not 0 <= self.hang_over_ms <= 5000:
            raise ConfigError(f"voice.hang_over_ms must lie between 0 and 5000, not {self.hang_over_ms}")
        if not 0 <= self.pre_roll_ms <= 5000:
            raise ConfigError(f"voice.pre_roll_ms must lie between 0 and 5000, not {self.pre_roll_ms}")
        if not 1.0 <= self.max_utterance_s <= 600.0:
            raise ConfigError(f"voice.max_utterance_s must lie between 1 and 600, not {self.max_utterance_s}")


@dataclass(frozen=True, slots=True)
class GateChange:
    """Speech opened or closed. Every number is a sample index from the track's first sample."""

    kind: Literal["opened", "closed"]
    start_sample: int
    """The first sample of the first window of speech."""
    heard_from_sample: int
    """Where the recogniser begins: the start less the pre-roll; never inside speech of the utterance before."""
    end_sample: int | None
    """One past the last voiced sample; None in an opening."""
    at_sample: int
    """One past the last sample that was needed to tell."""
    cut: bool = False
    """In a closing: ended by `max_utterance_s` and not by silence. In an opening: goes on from such a cut."""


class VoiceGate:
    """Hysteresis of one track. `step` takes each window's probability in order; windows never overlap or skip."""

    def __init__(self, parameters: VoiceParameters, sample_rate_hz: int) -> None:
        """Args:
            parameters: thresholds and times.
            sample_rate_hz: 8000 or 16000.

        Raises:
            AudioFormatError: another rate.
        """
        self._window = window_samples(sample_rate_hz)
        window_ms = self._window * 1000 / sample_rate_hz
        self._open_p = parameters.open_p
        self._close_p = parameters.close_p
        self._min_windows = max(1, math.ceil(parameters.min_speech_ms / window_ms))
        self._hang_windows = max(1, math.ceil(parameters.hang_over_ms / window_ms))
        self._pre_roll_samples = math.ceil(parameters.pre_roll_ms / window_ms) * self._window
        self._rising_windows = math.ceil(RISING_MS / window_ms)
        self._max_windows = max(self._min_windows + 1, math.ceil(parameters.max_utterance_s * 1000 / window_ms))
        self._late_windows = max(self._min_windows + 1, math.ceil(self._max_windows * LATE_SHARE))
        self._windows = 0
        self._voiced_run = 0
        self._rising_run = 0
        self._unvoiced_run = 0
        self._start: int | None = None
        self._end = 0
        self._heard_from = 0
        self._hear_floor = 0
        self._goes_on = False

    @property
    def is_open(self) -> bool:
        """Whether speech is open now."""
        return self._start is not None

    @property
    def voiced_until_sample(self) -> int:
        """One past the last voiced sample of the speech that is open, or that was open last."""
        return self._end

    @property
    def position_samples(self) -> int:
        """Samples judged so far: windows times window length."""
        return self._windows * self._window

    @property
    def oldest_needed_sample(self) -> int:
        """The first sample that a coming opening may still ask for; older audio of a closed gate can be dropped."""
        if self._start is not None:
            return self.position_samples
        return max(self._hear_floor, self.position_samples - self._rising_run * self._window - self._pre_roll_samples)

    def step(self, p: float) -> GateChange | None:
        """Judges the next window; `p` is its speech probability in [0, 1].

        Raises:
            CoreMisuse: `p` is not a probability.
        """
        if not 0.0 <= p <= 1.0:
            raise CoreMisuse(f"a speech probability lies in [0, 1], not {p}")
        self._windows += 1
        if self._start is None:
            return self._step_closed(p)
        return self._step_open(p, self._start)

    def finish(self, length_samples: int | None = None) -> GateChange | None:
        """Ends the track: closes open speech at its last voiced sample.

        `length_samples`, the track's true length, bounds every index where the last window was padded.
        """
        if self._start is None:
            self._voiced_run = self._rising_run = 0
            return None
        return self._close(self._start, cut=False, length_samples=length_samples)

    def _step_closed(self, p: float) -> GateChange | None:
        if self._goes_on and p >= self._close_p:
            return self._open(windows_back=1, goes_on=True)
        self._goes_on = False
        self._rising_run = min(self._rising_run + 1, self._rising_windows) if p >= self._close_p else 0
        if p < self._open_p:
            self._voiced_run = 0
            return None
        self._voiced_run += 1
        self._rising_run = max(self._rising_run, self._voiced_run)
        if self._voiced_run < self._min_windows:
            return None
        return self._open(windows_back=self._rising_run, goes_on=False)

    def _open(self, *, windows_back: int, goes_on: bool) -> GateChange:
        start = self.position_samples - windows_back * self._window
        self._start = start
        self._end = self.position_samples
        self._heard_from = max(self._hear_floor, start - self._pre_roll_samples)
        self._voiced_run = self._rising_run = self._unvoiced_run = 0
        self._goes_on = False
        return GateChange("opened", start, self._heard_from, None, self.position_samples, cut=goes_on)

    def _step_open(self, p: float, start: int) -> GateChange | None:
        if p >= self._close_p:
            self._unvoiced_run = 0
            self._end = self.position_samples
        else:
            self._unvoiced_run += 1
        length = (self.position_samples - start) // self._window
        if self._unvoiced_run >= self._hang_windows:
            return self._close(start, cut=False)
        if length >= self._max_windows or (length >= self._late_windows and self._unvoiced_run):
            return self._close(start, cut=True)
        return None

    def _close(self, start: int, *, cut: bool, length_samples: int | None = None) -> GateChange:
        at = self.position_samples
        end = self._end
        if length_samples is not None:
            at, end = min(at, length_samples), min(end, length_samples)
        # The next pre-roll may reach into the later half of the hang-over: silence may be heard twice, a word's
        # unvoiced tail may not.
        self._hear_floor = end + (at - end) // 2
        self._start = None
        self._voiced_run = self._rising_run = self._unvoiced_run = 0
        self._goes_on = cut
        return GateChange("closed", start, self._heard_from, end, at, cut=cut)
