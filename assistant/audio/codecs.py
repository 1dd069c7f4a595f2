"""Telephone audio on the wire to samples: 16-bit linear and the two G.711 laws. Pure.

In: bytes of whole samples, tracks interleaved. Out: (n, tracks) int16.
"""

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from assistant.errors import AudioFormatError

Encoding = Literal["l16", "pcmu", "pcma"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
SAMPLE_BYTES: dict[Encoding, int] = {"l16": 2, "pcmu": 1, "pcma": 1}


def _mu_law_table() -> npt.NDArray[np.int16]:
    """The 256 samples of mu-law, G.711 (11/88) table 2, on a 16-bit scale."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = ((mantissa << 3) + 0x84 << exponent) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_law_table() -> npt.NDArray[np.int16]:
    """The 256 samples of A-law, G.711 (11/88) table 1, on a 16-bit scale."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    base = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, base, base + 0x100 << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_TABLES = {"pcmu": _mu_law_table(), "pcma": _a_law_table()}


def decode(data: bytes, encoding: Encoding, tracks: int) -> npt.NDArray[np.int16]:
    """Samples of interleaved audio, (n, tracks) int16; `l16` is little-endian.

    Raises `AudioFormatError` where the bytes are not whole samples of every track.
    """
    frame = SAMPLE_BYTES[encoding] * tracks
    if len(data) % frame:
        raise AudioFormatError(f"{len(data)} bytes are not whole samples: {tracks} tracks of {encoding} come in multiples of {frame} bytes")
    if encoding == "l16":
        samples = np.frombuffer(data, "<i2").astype(np.int16, copy=False)
    else:
        samples = _TABLES[encoding][np.frombuffer(data, np.uint8)]
    return samples.reshape(-1, tracks)


def encode(samples: npt.NDArray[np.int16], encoding: Encoding) -> bytes:
    """The bytes of samples, (n, tracks) int16; the laws pick the code whose sample is nearest."""
    if encoding == "l16":
        return samples.astype("<i2").tobytes()
    table = _TABLES[encoding].astype(np.int32)
    order = np.argsort(table, kind="stable")
    middles = (table[order][:-1] + table[order][1:]) / 2
    return order[np.searchsorted(middles, samples.reshape(-1))].astype(np.uint8).tobytes()
