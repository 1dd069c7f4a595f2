"""What a second of one voice sounds like: level, spectral tilt and pitch. Pure.

Enters: overlapping frames of two 32 ms windows, (n, 2w) int16, w = 256 at 8 kHz or 512 at 16 kHz. Leaves: a `Prosody`, the
same at both rates, since only what a telephone carries is used. Adds no latency of its own.

Pitch is the peak of the short-term autocorrelation of a Hann-windowed frame over that of the window, with a cost on long
lags (P. Boersma 1993, IFA Proceedings 17: 97-110). The autocorrelation is that of the spectrum of 150..1500 Hz raised to the power 0.67
instead of 2 (T. Tolonen and M. Karjalainen 2000, IEEE Trans. Speech Audio Process. 8: 708-716), so that the one overtone which a
formant lifts does not pass for the voice. No fundamental is needed: a telephone cuts it off below 300 Hz, and its overtones share its
period. A second is read twice, the second time near the first reading's median (C. De Looze and D. Hirst 2008, Speech Prosody:
135-138), which keeps off octave errors.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.errors import CoreMisuse
from assistant.timebase import window_samples

Floats = npt.NDArray[np.float64]

PITCH_HZ: Final = (60.0, 450.0)
"""Lowest and highest pitch looked for: from a low man's voice to a child's shout."""
BAND_HZ: Final = (300.0, 3400.0)
"""What a telephone carries of a voice (ITU-T G.712)."""
TILT_SPLIT_HZ: Final = 1000.0
"""Tilt is the energy above over the energy below, the alpha ratio of long-term spectra (Frokjaer-Jensen and Prytz 1976)."""
PITCH_BAND_HZ: Final = (150.0, 1500.0)
"""Where pitch is read: above mains hum and its first overtone, below where noise is stronger than overtones."""
SPECTRUM_HZ: Final = 4000.0
COMPRESSION: Final = 0.67
VOICED_R: Final = 0.3
"""A frame whose peak is below this is unvoiced. Boersma's threshold for an uncompressed spectrum is 0.45."""
NEAR_ST: Final = 9.0
"""How far from the second's median a pitch may lie: no octave (12), nor the fifth above it (19)."""
OCTAVE_COST: Final = 0.02
"""What an octave down costs a peak; Boersma takes 0.01."""
ACTIVE_DB: Final = 15.0
"""Frames within this of the second's loudest tenth are syllables; the rest are pauses, and what hangs over after speech."""
QUIETEST_DB: Final = -66.0
"""Frames below this, in dB of full scale, are a silent line: two steps of mu-law at its finest."""
_FINE: Final = 2
"""Lags are computed at twice 8 kHz: 0.5 semitones apart at 450 Hz, 0.06 at 60 Hz; a parabola places the peak between them."""


@dataclass(frozen=True, slots=True)
class Prosody:
    """One second of speech of one voice."""

    level_db: float
    """Median level of the syllables in the telephone band, dB of full scale."""
    tilt_db: float
    """Median over syllables of the energy in 1000..3400 Hz over that in 300..1000 Hz."""
    pitch_st: Floats
    """(v,) pitch of the v voiced frames, semitones above 1 Hz, in order."""


class ProsodyAnalyser:
    """The tables for one rate, 8000 or 16000 Hz. Holds no state of a call. Raises `AudioFormatError` on another rate."""

    def __init__(self, rate_hz: int) -> None:
        self._frame = 2 * window_samples(rate_hz)
        self._padded = 2 * self._frame
        self._hann = np.hanning(self._frame + 1)[:-1] / 32768.0
        bins = int(SPECTRUM_HZ * self._padded / rate_hz)
        self._bins = bins
        hz = np.arange(bins) * rate_hz / self._padded
        self._low = slice(*np.searchsorted(hz, (BAND_HZ[0], TILT_SPLIT_HZ)).tolist())
        self._high = slice(*np.searchsorted(hz, (TILT_SPLIT_HZ, BAND_HZ[1])).tolist())
        self._pitch_bins = slice(*np.searchsorted(hz, PITCH_BAND_HZ).tolist())
        self._gain = 2.0 / (self._padded * float(np.sum(self._hann**2)) * 32768.0**2)
        self._lag_hz = 2 * SPECTRUM_HZ * _FINE
        self._lags = 2 * bins * _FINE
        window = np.fft.irfft(np.abs(np.fft.rfft(self._hann, self._padded)[:bins]) ** COMPRESSION, self._lags)
        first, last = int(self._lag_hz / PITCH_HZ[1]) - 1, int(np.ceil(self._lag_hz / PITCH_HZ[0])) + 2
        self._lag_slice = slice(first, last)
        self._over_window = window[0] / window[first:last]
        self._inner_st = 12.0 * np.log2(self._lag_hz / np.arange(first + 1, last - 1))
        self._cost = -OCTAVE_COST * self._inner_st / 12.0

    def second(self, frames: npt.NDArray[np.int16]) -> Prosody | None:
        """About a second of speech, (n, 2w) int16, n >= 1; None where the line is silent. Raises `CoreMisuse` on another shape."""
        if frames.ndim != 2 or frames.shape[1] != self._frame or frames.dtype != np.int16:
            raise CoreMisuse(f"frames are int16 of shape (n, {self._frame}), not {frames.dtype} of shape {frames.shape}")
        signal = frames.astype(np.float64)
        signal -= signal.mean(axis=1, keepdims=True)
        spectrum = np.fft.rfft(signal * self._hann, self._padded, axis=1)[:, : self._bins]
        power = spectrum.real**2 + spectrum.imag**2
        low, high = power[:, self._low].sum(axis=1), power[:, self._high].sum(axis=1)
        level_db = _db((low + high) * self._gain)
        syllables = level_db >= max(QUIETEST_DB, float(np.percentile(level_db, 90)) - ACTIVE_DB)
        if not syllables.any():
            return None
        tilt_db = _db(high[syllables]) - _db(low[syllables])
        return Prosody(float(np.median(level_db[syllables])), float(np.median(tilt_db)), self._pitch(power[syllables]))

    def _pitch(self, power: Floats) -> Floats:
        """The pitch of the voiced among the frames whose power spectra are (n, bins); (v,) semitones above 1 Hz."""
        voice = np.zeros_like(power)
        voice[:, self._pitch_bins] = power[:, self._pitch_bins] ** (COMPRESSION / 2)
        correlation = np.fft.irfft(voice, self._lags, axis=1)
        r = correlation[:, self._lag_slice] / np.maximum(correlation[:, :1], 1e-12) * self._over_window
        inner = r[:, 1:-1]
        peaks = (inner > r[:, :-2]) & (inner >= r[:, 2:]) & (inner >= VOICED_R)
        score = np.where(peaks, inner - self._cost, -np.inf)
        best = np.argmax(score, axis=1)[peaks.any(axis=1)]
        if not len(best):
            return np.empty(0)
        score[:, np.abs(self._inner_st - np.median(self._inner_st[best])) > NEAR_ST] = -np.inf
        voiced = np.flatnonzero(np.isfinite(score).any(axis=1))
        best = np.argmax(score[voiced], axis=1) + 1
        left, top, right = (r[voiced, best + side] for side in (-1, 0, 1))
        # A peak is above its left and not below its right neighbour, so that this is below 0 and the shift at most half a lag.
        shift = 0.5 * (left - right) / (left - 2 * top + right)
        pitch_st: Floats = 12.0 * np.log2(self._lag_hz / (self._lag_slice.start + best + shift))
        return pitch_st


def _db(power: Floats) -> Floats:
    return 10.0 * np.log10(np.maximum(power, 1e-12))
