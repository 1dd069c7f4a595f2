"""How a caller sounds against their own start: loudness, pitch, range, tilt and pace, and whether the voice is raised. Pure.

Enters: every 32 ms window of a caller's or third party's track, and whether they speak in it; the word counts of final
utterances. Leaves: an unstamped `ArousalMeasured` for each second of their speech. Latency: a second of speech is told as it
ends, and describes the last two; `raised_voice` needs two of the last three. Nothing is told of the first 10 s of
speech, which are the baseline. The baseline goes on to 20 s with those seconds that do not sound raised.

A voice is compared with nobody but itself, so that one that is loud or high by nature, or loud from the start, measures near 0.
Arousal is not anger: joy, fear and a noisy street raise a voice too.

The steps are published figures; the weights were set by reasoning on published findings and fitted to nothing. Anger, above all hot
anger, comes with more intensity, higher and more varied pitch, more energy at high frequencies and faster speech (K. Scherer 1986;
R. Banse and K. Scherer 1996, J. Pers. Soc. Psychol. 70: 614-636; P. Juslin and P. Laukka 2003, Psychol. Bull. 129: 770-814). A step
of each is what half-way between ANSI S3.5-1997's "raised" (+6.0 dB) and "loud" (+12.5 dB) voice does to it: 10 dB in the telephone
band; 4 dB of tilt by the standard's spectra (+2.6 and +5.2 dB); 4 semitones at 0.2 to 0.6 a dB (P. Gramming et al. 1987, STL-QPSR
28(1): 39-55). Pitch weighs most, since gain and the line do not touch it; loudness little, since gain control does; range and pace
little, since effort widens no range (in semitones) and slows vowels (H. Traunmueller and A. Eriksson 2000, J. Acoust. Soc. Am. 107:
3438-3451). No feature raises a voice by itself, and loudness and tilt, which the line can change, do not do so together.
"""

import math
from collections import deque
from dataclasses import dataclass, fields
from typing import Final, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from assistant.errors import ConfigError, CoreMisuse
from assistant.events import ArousalMeasured, Reason
from assistant.signals.prosody import Prosody, ProsodyAnalyser
from assistant.timebase import ScoredTrack, window_samples

FRAMES_A_SECOND: Final = 31
"""Frames of two windows, one window apart, that make a second of speech (0.992 s)."""
SPAN: Final = 2
"""Seconds of speech that a value describes: in one alone the words spoken move tilt and pitch too much."""
VOICED_FRAMES: Final = 10
"""A span with fewer voiced frames (0.32 s) has no pitch and no range."""
PEAK_TO_PEAK: Final = 24
"""A window that moves less than this, three steps of mu-law at its finest, is a silent line, whatever the voice detector says."""
FAINT: Final = 0.5
"""A share of a step below which a feature is no reason."""


@dataclass(frozen=True, slots=True)
class ArousalParameters:
    """What makes a voice raised. Steps are differences from the own start; see the module for where they come from.

    Raises:
        ConfigError: a value out of its range; the text names the field.
    """

    baseline_s: int = 10
    """Seconds of speech before the first value."""
    refine_s: int = 20
    """Seconds of speech after which the baseline stands."""
    loudness_step_db: float = 10.0
    pitch_step_st: float = 4.0
    range_step_st: float = 4.0
    tilt_step_db: float = 4.0
    pace_step: float = 1.3
    """Words a minute over the baseline's."""
    own_spread: float = 2.0
    """A step is at least so many robust standard deviations of the speaker's own baseline: a lively voice may move more."""
    loudness_weight: float = 0.2
    pitch_weight: float = 0.6
    range_weight: float = 0.1
    tilt_weight: float = 0.4
    pace_weight: float = 0.1
    most_steps: float = 1.5
    """More steps than this of one feature count as this many."""
    steepness: float = 3.0
    """How fast arousal rises about 0.5, for one step of everything that counts: 3 puts the own start at 0.05."""
    settle_below: float = 0.4
    """A raised voice is over when two of the last three values are below this."""
    baseline_words: int = 20
    recent_words: int = 10
    """The pace is that of the last utterances with so many words together."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not (math.isfinite(getattr(self, field.name)) and getattr(self, field.name) >= 0):
                raise ConfigError(f"arousal.{field.name} must be a finite number, not below 0")
        for name in ("loudness_step_db", "pitch_step_st", "range_step_st", "tilt_step_db", "steepness", "recent_words"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"arousal.{name} must be above 0")
        if self.pace_step <= 1.0:
            raise ConfigError(f"arousal.pace_step must be above 1, not {self.pace_step}")
        if not SPAN <= self.baseline_s <= self.refine_s:
            raise ConfigError(f"arousal.baseline_s must lie between {SPAN} and arousal.refine_s ({self.refine_s}), not {self.baseline_s}")
        if self.settle_below > 0.5:
            raise ConfigError(f"arousal.settle_below must lie between 0 and 0.5, not {self.settle_below}")


class _Voice(NamedTuple):
    """A span of speech, or the baseline: medians over its seconds and voiced frames."""

    loudness_db: float
    tilt_db: float
    pitch_st: float | None
    range_st: float | None


class _Pace:
    """Words a minute of the last utterances over those of the first."""

    def __init__(self, parameters: ArousalParameters) -> None:
        self._parameters = parameters
        self._first = (0, 0.0)
        self._recent: deque[tuple[int, float]] = deque()

    def add(self, count: int, duration_s: float) -> None:
        words, spoken_s = self._first
        if words < self._parameters.baseline_words or spoken_s < self._parameters.baseline_s:
            self._first = (words + count, spoken_s + duration_s)
            return
        self._recent.append((count, duration_s))
        while sum(count for count, _ in self._recent) - self._recent[0][0] >= self._parameters.recent_words:
            self._recent.popleft()

    def ratio(self) -> float | None:
        words, spoken_s = map(sum, zip(*self._recent, strict=True)) if self._recent else (0, 0.0)
        if words < self._parameters.recent_words:
            return None
        return words / spoken_s / (self._first[0] / self._first[1])


class Arousal:
    """One scored track of one call. Not to be shared between threads."""

    def __init__(self, track: ScoredTrack, rate_hz: int, parameters: ArousalParameters | None = None) -> None:
        """Args:
            track: whose voice; never an agent's, nor a channel in which an agent may be heard.
            rate_hz: 8000 or 16000.
            parameters: weights and steps; None takes the defaults.

        Raises:
            CoreMisuse: the track may not be scored.
            AudioFormatError: another rate.
        """
        if track not in get_args(ScoredTrack):
            raise CoreMisuse(f"nobody measures the arousal of the track {track!r}: only of {' and '.join(get_args(ScoredTrack))}")
        self._track = track
        self._parameters = parameters or ArousalParameters()
        self._window = window_samples(rate_hz)
        self._analyser = ProsodyAnalyser(rate_hz)
        self._frames = np.zeros((FRAMES_A_SECOND, 2 * self._window), np.int16)
        self._gathered = 0
        self._before: npt.NDArray[np.int16] | None = None
        self._seconds: deque[Prosody] = deque(maxlen=SPAN)
        self._heard_s = 0
        self._spans: list[_Voice] = []
        self._own, self._spread = _Voice(0.0, 0.0, None, None), _Voice(0.0, 0.0, None, None)
        self._pace = _Pace(self._parameters)
        self._last: deque[float] = deque(maxlen=3)
        self._raised = False

    def step(self, window: npt.NDArray[np.int16], speaking: bool) -> ArousalMeasured | None:
        """The next 32 ms of the track, in order, whether or not anybody speaks.

        Args:
            window: (w,) int16, w = 256 at 8 kHz, 512 at 16 kHz.
            speaking: whether the track's own speech is open (it may include the hang-over).

        Returns:
            A measurement, not yet stamped, where this window completes a further second of speech; else, and all through the
            baseline's first `baseline_s` seconds of speech, None.

        Raises:
            CoreMisuse: another shape or dtype.
        """
        if window.shape != (self._window,) or window.dtype != np.int16:
            raise CoreMisuse(f"a window is int16 ({self._window},), not {window.dtype} {window.shape}")
        if not speaking or int(window.max()) - int(window.min()) < PEAK_TO_PEAK:
            self._before = None
            return None
        before, self._before = self._before, window.copy()
        if before is None:
            return None
        frame = self._frames[self._gathered]
        frame[: self._window], frame[self._window :] = before, window
        self._gathered += 1
        if self._gathered < FRAMES_A_SECOND:
            return None
        self._gathered = 0
        heard = self._analyser.second(self._frames)
        return None if heard is None else self._second(heard)

    def words(self, count: int, duration_s: float) -> None:
        """A final utterance of this track: its words, and how long it took. No words or no time are passed over."""
        if count < 0 or not math.isfinite(duration_s):
            raise CoreMisuse(f"an utterance has 0 or more words and a finite length, not {count} in {duration_s} s")
        if count and duration_s > 0:
            self._pace.add(count, duration_s)

    def _second(self, heard: Prosody) -> ArousalMeasured | None:
        self._heard_s += 1
        self._seconds.append(heard)
        if len(self._seconds) < SPAN:
            return None
        voice = _span(self._seconds)
        if self._heard_s <= self._parameters.baseline_s:
            self._learn(voice)
            return None
        measured = self._measure(voice)
        if self._heard_s <= self._parameters.refine_s and measured.arousal < 0.5:
            self._learn(voice)
        return measured

    def _learn(self, voice: _Voice) -> None:
        self._spans.append(voice)
        columns = [[value for value in column if value is not None] for column in zip(*self._spans, strict=True)]
        self._own = _Voice(*(float(np.median(c)) if c else None for c in columns))  # type: ignore[arg-type]
        self._spread = _Voice(*(_robust_deviation(c) if c else None for c in columns))  # type: ignore[arg-type]

    def _measure(self, voice: _Voice) -> ArousalMeasured:
        p, own, pace = self._parameters, self._own, self._pace.ratio()
        loudness, tilt = voice.loudness_db - own.loudness_db, voice.tilt_db - own.tilt_db
        pitch, width = _difference(voice.pitch_st, own.pitch_st), _difference(voice.range_st, own.range_st)
        steps = {
            "pitch": self._steps(pitch, p.pitch_step_st, self._spread.pitch_st),
            "tilt": self._steps(tilt, p.tilt_step_db, self._spread.tilt_db),
            "loudness": self._steps(loudness, p.loudness_step_db, self._spread.loudness_db),
            "range": self._steps(width, p.range_step_st, self._spread.range_st),
            "pace": self._steps(None if pace is None else math.log(pace), math.log(p.pace_step), None),
        }
        weights = {name: getattr(p, f"{name}_weight") for name in steps}
        effort = sum(weights[name] * value for name, value in steps.items())
        arousal = round(1.0 / (1.0 + math.exp(-p.steepness * (effort - 1.0))), 3)
        said = {
            "pitch": f"pitch {_plain(pitch)} semitones above their own start",
            "tilt": f"voice sharper than at their own start: {_plain(tilt)} dB more of it above 1 kHz",
            "loudness": f"{_plain(loudness)} dB louder than their own start",
            "range": f"pitch moves over {_plain(width)} semitones more than at their own start",
            "pace": f"speaks {pace or 1.0:.1f} times as fast as at their own start",
        }
        telling = sorted((name for name in steps if steps[name] >= FAINT), key=lambda name: -weights[name] * steps[name])
        return ArousalMeasured(
            track=self._track,
            arousal=arousal,
            raised_voice=self._raise(arousal),
            loudness_db=round(loudness, 1),
            pitch_st=None if pitch is None else round(pitch, 1),
            pitch_range_st=None if width is None else round(width, 1),
            tilt_db=round(tilt, 1),
            pace=None if pace is None else round(pace, 2),
            reasons=[Reason(rule=f"arousal.{name}", what=said[name], track=self._track) for name in telling],
        )

    def _steps(self, difference: float | None, step: float, spread: float | None) -> float:
        """A difference in steps, within [-1, most_steps]; 0 where it is not known."""
        if difference is None:
            return 0.0
        return min(self._parameters.most_steps, max(-1.0, difference / max(step, self._parameters.own_spread * (spread or 0.0))))

    def _raise(self, arousal: float) -> bool:
        """Hysteresis: raised by two of the last three values at or above 0.5, over by two of three below `settle_below`."""
        self._last.append(arousal)
        if self._raised:
            self._raised = sum(value < self._parameters.settle_below for value in self._last) < 2
        else:
            self._raised = sum(value >= 0.5 for value in self._last) >= 2
        return self._raised


def _span(seconds: deque[Prosody]) -> _Voice:
    pitch = np.concatenate([second.pitch_st for second in seconds])
    known = len(pitch) >= VOICED_FRAMES
    low, middle, high = np.percentile(pitch, (10, 50, 90)).tolist() if known else (None, None, None)
    loudness = sum(second.level_db for second in seconds) / len(seconds)
    tilt = sum(second.tilt_db for second in seconds) / len(seconds)
    return _Voice(loudness, tilt, middle, _difference(high, low))


def _robust_deviation(values: list[float]) -> float:
    """The median absolute deviation, scaled to a normal distribution's standard deviation."""
    return 1.4826 * float(np.median(np.abs(np.array(values) - np.median(values))))


def _difference(value: float | None, own: float | None) -> float | None:
    return None if value is None or own is None else value - own


def _plain(number: float | None) -> str:
    return f"{number or 0.0:.0f}"
