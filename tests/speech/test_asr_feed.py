"""Blocks for the engine: the same whatever the chunks, at the engine's rate, nothing lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AudioFormatError
from assistant.speech.asr.feed import BlockFeed
from tests.speech import sounds

RATES = [(8000, 8000), (8000, 16000), (16000, 8000), (16000, 16000), (48000, 16000), (11025, 16000)]


def blocks(audio: sounds.Samples, cuts: list[int], rate_hz: int, model_rate_hz: int) -> list[bytes]:
    feed = BlockFeed(rate_hz, model_rate_hz)
    given_out = [block for chunk in np.split(audio, cuts) for block, _ in feed.push(chunk)]
    return [block.tobytes() for block in (*given_out, feed.flush())]


@given(
    st.sampled_from(RATES),
    st.integers(0, 9000),
    st.lists(st.integers(0, 9000), max_size=30).map(sorted),
)
@settings(deadline=None)
def test_chunks_do_not_change_the_blocks(rates: tuple[int, int], length: int, cuts: list[int]) -> None:
    audio = sounds.white_noise(2.0, 8000)[:length]
    assert blocks(audio, cuts, *rates) == blocks(audio, [], *rates)


@pytest.mark.parametrize("rates", RATES)
def test_no_sample_is_lost_or_added(rates: tuple[int, int]) -> None:
    rate_hz, model_rate_hz = rates
    audio = sounds.tones((440,), 1.0, 0.0, 1.2345, rate_hz)
    out = np.frombuffer(b"".join(blocks(audio, [100, 5000], rate_hz, model_rate_hz)), np.int16)
    assert abs(len(out) - len(audio) * model_rate_hz / rate_hz) <= 1
    middle = slice(len(out) // 4, -len(out) // 4)
    expected = np.sin(2 * np.pi * 440 * np.arange(len(out)) / model_rate_hz) * float(np.abs(audio).max())
    assert float(np.abs(out[middle] - expected[middle]).max()) < 20


def test_a_feed_is_as_new_after_a_flush() -> None:
    audio = sounds.white_noise(0.5, 8000)
    feed = BlockFeed(8000, 16000)
    first = [*(block.tobytes() for block, _ in feed.push(audio)), feed.flush().tobytes()]
    assert feed.length_s == 0.0
    again = [*(block.tobytes() for block, _ in feed.push(audio)), feed.flush().tobytes()]
    assert again == first


def test_each_block_says_how_far_the_segment_has_come() -> None:
    feed = BlockFeed(8000, 8000)
    told = [heard_s for _, heard_s in feed.push(sounds.silence(0.2, 8000))]
    assert told == [0.064, 0.128, 0.192]
    assert feed.length_s == 0.2


@pytest.mark.parametrize("rate_hz", [0, -8000, 7999, 48001])
def test_a_rate_out_of_range_is_refused(rate_hz: int) -> None:
    with pytest.raises(AudioFormatError, match=str(rate_hz)):
        BlockFeed(rate_hz, 16000)
