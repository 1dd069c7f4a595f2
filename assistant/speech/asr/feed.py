"""From a call's chunks to an engine's blocks: fixed block size, the engine's rate.

Enters: (n,) int16 at the call's rate. Leaves: (m,) int16 blocks at the model's rate, the same for any chunking: engines
look for an endpoint and for partial words once a block, so that blocks of another size could be heard otherwise.
Latency: up to 64 ms for the block and, where the rate changes, about as much for the resampler; `flush` holds nothing
back.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from assistant.errors import AudioFormatError, CoreMisuse

BLOCK_MS: Final = 64
"""Two windows of voice activity: long enough that asking for partial words costs little, short beside a word."""
LOWEST_HZ: Final = 8000
HIGHEST_HZ: Final = 48000

Samples = npt.NDArray[np.int16]


class BlockFeed:
    """Cuts one segment into blocks and resamples it; as new after `flush`."""

    def __init__(self, sample_rate_hz: int, model_rate_hz: int) -> None:
        """Args:
            sample_rate_hz: the call's rate, 8000 to 48000.
            model_rate_hz: the model's rate.

        Raises:
            AudioFormatError: the call's rate is out of this range.
        """
        if not LOWEST_HZ <= sample_rate_hz <= HIGHEST_HZ:
            raise AudioFormatError(f"speech recognition takes {LOWEST_HZ} to {HIGHEST_HZ} Hz, not {sample_rate_hz} Hz")
        self._rate = sample_rate_hz
        self._model_rate = model_rate_hz
        self._block = sample_rate_hz * BLOCK_MS // 1000
        self._waiting: list[Samples] = []
        self._waiting_samples = 0
        self._given = 0
        self._start()

    @property
    def length_s(self) -> float:
        """Seconds of the segment that came in."""
        return (self._given + self._waiting_samples) / self._rate

    def push(self, samples: Samples) -> list[tuple[Samples, float]]:
        """Takes the next chunk and gives the blocks that are full, each with the seconds of the segment up to its end.

        Raises:
            CoreMisuse: not (n,) int16.
        """
        if samples.ndim != 1 or samples.dtype != np.int16:
            raise CoreMisuse(f"a recogniser takes (n,) int16, not {samples.dtype} of shape {samples.shape}")
        self._waiting.append(samples.copy())
        self._waiting_samples += len(samples)
        if self._waiting_samples < self._block:
            return []
        joined = np.concatenate(self._waiting)
        full = len(joined) - len(joined) % self._block
        self._waiting, self._waiting_samples = [joined[full:]], len(joined) - full
        blocks = []
        for at in range(0, full, self._block):
            self._given += self._block
            blocks.append((self._resampled(joined[at : at + self._block], last=False), self._given / self._rate))
        return blocks

    def flush(self) -> Samples:
        """Ends the segment: gives all that was held back, perhaps nothing."""
        rest = np.concatenate(self._waiting) if self._waiting else np.zeros(0, np.int16)
        tail = self._resampled(rest, last=True)
        self._start()
        return tail

    def _start(self) -> None:
        self._waiting = []
        self._waiting_samples = 0
        self._given = 0
        self._resampler = None
        if self._rate != self._model_rate:
            # float32: with int16 soxr dithers, and the dither depends on the chunks.
            self._resampler = soxr.ResampleStream(self._rate, self._model_rate, 1, dtype="float32", quality="HQ")

    def _resampled(self, block: Samples, *, last: bool) -> Samples:
        if self._resampler is None:
            return block
        smooth = self._resampler.resample_chunk(block.astype(np.float32), last=last)
        samples: Samples = np.clip(np.rint(smooth), -32768, 32767).astype(np.int16)
        return samples
