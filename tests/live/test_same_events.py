"""The same audio gives the same events: live or offline, whatever the size of the chunks."""

import random
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.audio.recordings import CallAudio
from assistant.config import Config
from assistant.document import fold
from assistant.engine import LiveEngine, Models
from assistant.events import AnyEvent, encode_lines
from assistant.live.client import stream_call
from tests.support.server import LiveServer, without_ids

Samples = npt.NDArray[np.int16]
pytestmark = pytest.mark.model

CALL_ID = "the-demo-call"
AGENT = "anna"


def run(models: Models, audio: CallAudio, chunks: Iterable[Samples]) -> list[AnyEvent]:
    engine = LiveEngine(models, Config().call_settings(), CALL_ID, audio.tracks, audio.rate_hz, agent=AGENT)
    events = engine.start()
    for chunk in chunks:
        events += engine.feed(chunk)
    return events + engine.finish()


def cut(samples: Samples, sizes: Iterator[int]) -> Iterator[Samples]:
    """The samples in chunks of these sizes, the last of what is left."""
    begin = 0
    while begin < len(samples):
        size = next(sizes)
        yield samples[begin : begin + size]
        begin += size


def undated(data: Any) -> Any:
    """Without the times at which promises fall due, which a recording of unknown date does not tell."""
    if isinstance(data, dict):
        return {key: None if key == "due" else undated(value) for key, value in data.items()}
    return [undated(one) for one in data] if isinstance(data, list) else data


@pytest.fixture(scope="module")
def demo_events(models: Models, demo_audio: CallAudio) -> list[AnyEvent]:
    """The demo call, run in this process, in chunks of 40 ms."""
    return run(models, demo_audio, demo_audio.chunks(0.04))


@pytest.fixture(scope="module")
def part(demo_audio: CallAudio) -> CallAudio:
    """Three seconds of the demo in which somebody speaks."""
    return CallAudio(demo_audio.tracks, demo_audio.rate_hz, demo_audio.samples[62 * 8000 : 65 * 8000])


@pytest.fixture(scope="module")
def part_events(models: Models, part: CallAudio) -> bytes:
    lines = encode_lines(run(models, part, [part.samples]))
    assert b'"type":"words_partial"' in lines
    assert b'"type":"utterance"' in lines
    return lines


def test_one_sample_at_a_time_gives_the_same_events(models: Models, part: CallAudio, part_events: bytes) -> None:
    assert encode_lines(run(models, part, cut(part.samples, iter(lambda: 1, 0)))) == part_events


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sizes=st.lists(st.integers(0, 5000), min_size=1, max_size=30).filter(any))
def test_chunks_of_any_sizes_give_the_same_events(models: Models, part: CallAudio, part_events: bytes, sizes: list[int]) -> None:
    again = (size for _ in iter(int, 1) for size in sizes)
    assert encode_lines(run(models, part, cut(part.samples, again))) == part_events


def test_the_whole_call_in_one_chunk_gives_the_same_events(models: Models, demo_audio: CallAudio, demo_events: list[AnyEvent]) -> None:
    assert encode_lines(run(models, demo_audio, [demo_audio.samples])) == encode_lines(demo_events)


def test_the_whole_call_in_odd_chunks_gives_the_same_events(models: Models, demo_audio: CallAudio, demo_events: list[AnyEvent]) -> None:
    chance = random.Random(5)
    odd = iter(lambda: 2 * chance.randint(0, 2000) + 1, 0)
    assert encode_lines(run(models, demo_audio, cut(demo_audio.samples, odd))) == encode_lines(demo_events)


def test_two_calls_at_once_on_shared_weights_do_not_disturb_each_other(models: Models, part: CallAudio, part_events: bytes) -> None:
    lines: list[bytes] = []

    def work() -> None:
        lines.append(encode_lines(run(models, part, part.chunks(0.1))))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines == [part_events] * 3


@pytest.mark.server
def test_the_demo_call_live_is_the_demo_call_offline_byte_for_byte(
    server: LiveServer, demo_audio: CallAudio, demo_events: list[AnyEvent]
) -> None:
    import asyncio

    url = f"ws://127.0.0.1:{server.port}/v1/ingest"
    assert asyncio.run(stream_call(url, demo_audio, speed=0, agent=AGENT, call_id=CALL_ID)) == CALL_ID
    messages = server.follow(f"/v1/calls/{CALL_ID}/events")
    assert without_ids(messages) == encode_lines(demo_events)
    assert any(b'"words_partial"' in message for message in messages)
    document = undated(server.json(f"/v1/calls/{CALL_ID}"))
    assert document == msgspec.json.decode(msgspec.json.encode(fold(CALL_ID, demo_events)))
    kept = [event for event in demo_events if event.__struct_config__.tag != "words_partial"]
    assert undated(server.json(f"/v1/calls/{CALL_ID}/events")) == {
        "events": [msgspec.json.decode(line) for line in encode_lines(kept).splitlines()]
    }
