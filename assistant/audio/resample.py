"""Streaming resampling of a call to a rate that it is worked on at; the chunks do not change the result.

In: (n, tracks) int16 at 8 to 192 kHz. Out: (m, tracks) int16 at 8000 or 16000 Hz. Latency: a block of 20 ms and the filter.
"""

import numpy as np
import numpy.typing as npt
import soxr

from assistant.errors import AudioFormatError
from assistant.timebase import CALL_RATES_HZ

LOWEST_HZ, HIGHEST_HZ = 8000, 192_000


def call_rate_hz(rate_hz: int) -> int:
    """The rate at which audio of `rate_hz` is worked on. Raises `AudioFormatError` on a rate that is not accepted."""
    if not LOWEST_HZ <= rate_hz <= HIGHEST_HZ:
        raise AudioFormatError(f"a rate of {rate_hz} Hz is not accepted: {LOWEST_HZ} to {HIGHEST_HZ} Hz are")
    narrow, wide = CALL_RATES_HZ
    return narrow if rate_hz < wide else wide


class Resampler:
    """One stream of one call. At a rate that needs no change samples pass through."""

    def __init__(self, rate_hz: int, tracks: int) -> None:
        """Raises `AudioFormatError` as `call_rate_hz`."""
        target = call_rate_hz(rate_hz)
        self._block = rate_hz // 50
        self._tracks = tracks
        self._rest = np.empty((0, tracks), np.int16)
        # Not int16: there soxr dithers at random, and the same audio must give the same samples.
        self._stream = None if rate_hz == target else soxr.ResampleStream(rate_hz, target, tracks, dtype="float32")

    def feed(self, samples: npt.NDArray[np.int16]) -> npt.NDArray[np.int16]:
        """More audio, (n, tracks); what is ready of the result."""
        if self._stream is None:
            return samples
        audio = np.concatenate((self._rest, samples))
        whole = len(audio) // self._block * self._block
        self._rest = audio[whole:]
        blocks = [self._run(audio[i : i + self._block]) for i in range(0, whole, self._block)]
        return np.concatenate([np.empty((0, self._tracks), np.int16), *blocks])

    def finish(self) -> npt.NDArray[np.int16]:
        """The end of the audio: what was held back."""
        return self._rest[:0] if self._stream is None else self._run(self._rest, last=True)

    def _run(self, block: npt.NDArray[np.int16], *, last: bool = False) -> npt.NDArray[np.int16]:
        assert self._stream is not None
        smooth = self._stream.resample_chunk(block.astype(np.float32), last=last).reshape(-1, self._tracks)
        whole: npt.NDArray[np.int16] = np.clip(np.rint(smooth), -32768, 32767).astype(np.int16)
        return whole
