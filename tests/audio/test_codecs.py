"""The G.711 laws and linear samples, against the standard library's own tables."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.audio import codecs
from assistant.errors import AudioFormatError

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    audioop = pytest.importorskip("audioop", reason="audioop left the standard library with Python 3.13")

ALL_CODES = bytes(range(256))


@pytest.mark.parametrize(("encoding", "peer"), [("pcmu", "ulaw2lin"), ("pcma", "alaw2lin")])
def test_every_code_decodes_as_elsewhere(encoding: codecs.Encoding, peer: str) -> None:
    expected = np.frombuffer(getattr(audioop, peer)(ALL_CODES, 2), np.int16)
    assert codecs.decode(ALL_CODES, encoding, 1)[:, 0].tolist() == expected.tolist()


@pytest.mark.parametrize("encoding", ["pcmu", "pcma"])
def test_every_sample_encodes_to_the_nearest_code(encoding: codecs.Encoding) -> None:
    samples = np.arange(-32768, 32768, 7, dtype=np.int16).reshape(-1, 1)
    table = np.sort(codecs.decode(ALL_CODES, encoding, 1)[:, 0].astype(np.int32))
    decoded = codecs.decode(codecs.encode(samples, encoding), encoding, 1)
    error = np.abs(decoded.astype(np.int32) - samples)
    nearest = np.abs(samples.astype(np.int32) - table).min(axis=1, keepdims=True)
    assert (error == nearest).all()


@given(data=st.binary(max_size=400), tracks=st.integers(1, 3), encoding=st.sampled_from(codecs.ENCODINGS))
def test_bytes_are_whole_samples_or_refused(data: bytes, tracks: int, encoding: codecs.Encoding) -> None:
    if len(data) % (tracks * codecs.SAMPLE_BYTES[encoding]):
        with pytest.raises(AudioFormatError, match="whole samples"):
            codecs.decode(data, encoding, tracks)
    else:
        samples = codecs.decode(data, encoding, tracks)
        assert samples.shape == (len(data) // tracks // codecs.SAMPLE_BYTES[encoding], tracks)
        again = codecs.decode(codecs.encode(samples, encoding), encoding, tracks)
        assert (again == samples).all()


def test_tracks_are_interleaved() -> None:
    assert codecs.decode(b"\x01\x00\x02\x00\x03\x00\x04\x00", "l16", 2).tolist() == [[1, 2], [3, 4]]
