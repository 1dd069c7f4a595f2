"""Media time: integer sample indices inside, seconds (three decimals) at the edge; and the names of tracks.

A sample index counts from the first sample of the call on its own track, and never stands still: audio that was lost
or thrown away still advances it.
"""

from typing import Literal

from assistant.errors import AudioFormatError

Track = Literal["agent", "caller", "third_party", "mixed"]

TRACKS: tuple[Track, ...] = ("agent", "caller", "third_party", "mixed")
"""`mixed` is the one track of a mono recording, where nobody knows who speaks."""

ScoredTrack = Literal["caller", "third_party"]
"""Who may be measured for arousal: never an agent, nor a channel in which an agent may be heard."""

CALL_RATES_HZ = (8000, 16000)
"""The rates at which a call is worked on; other rates are resampled at the edge."""

WINDOW_MS = 32
"""The step of voice activity, and so of everything in the core: 256 samples at 8 kHz, 512 at 16 kHz."""


def seconds(samples: int, rate_hz: int) -> float:
    """A sample index as seconds of media time, to the millisecond; no drift, since it comes from the integer."""
    return round(samples / rate_hz, 3)


def samples_in(duration_s: float, rate_hz: int) -> int:
    """Seconds as the nearest number of samples."""
    return round(duration_s * rate_hz)


def window_samples(rate_hz: int) -> int:
    """The samples of one `WINDOW_MS` window at 8000 or 16000 Hz. Raises `AudioFormatError` on any other rate."""
    if rate_hz not in CALL_RATES_HZ:
        raise AudioFormatError(f"voice activity works at 8000 or 16000 Hz, not at {rate_hz} Hz: resample first")
    return rate_hz * WINDOW_MS // 1000
