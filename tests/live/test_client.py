"""The client of the ingest: what it sends and when, and how it tells what went wrong. The peer is a bare websocket server."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from assistant.audio import codecs
from assistant.audio.recordings import CallAudio
from assistant.errors import ConfigError, PeerProtocolError
from assistant.live.client import CHUNK_S, ingest_call, stream_call

pytestmark = pytest.mark.server

Answers = Callable[[ServerConnection], Awaitable[None]]
AUDIO = CallAudio(("agent", "caller"), 8000, np.arange(2 * 2345, dtype=np.int16).reshape(-1, 2))


def against(answers: Answers, run: Callable[[str], Awaitable[Any]], **options: Any) -> Any:
    """Runs a client against a server that answers so; gives it the server's address."""

    async def both() -> Any:
        async with asyncio.timeout(30), serve(answers, "127.0.0.1", 0, close_timeout=1.0, **options) as server:
            port = server.sockets[0].getsockname()[1]
            return await run(f"ws://127.0.0.1:{port}/v1/ingest")

    return asyncio.run(both())


class Ingest:
    """Takes one call as the contract says, and keeps what it was sent and when."""

    def __init__(self) -> None:
        self.said: list[dict[str, Any]] = []
        self.audio: list[bytes] = []
        self.arrived: list[float] = []
        self.request: Request | None = None

    async def __call__(self, connection: ServerConnection) -> None:
        self.request = connection.request
        async for message in connection:
            self.arrived.append(asyncio.get_running_loop().time())
            if isinstance(message, bytes):
                self.audio.append(message)
                continue
            self.said.append(json.loads(message))
            if self.said[-1]["type"] == "start":
                await connection.send(json.dumps({"type": "started", "call_id": self.said[-1].get("call_id", "made")}))
            else:
                await connection.send('{"type":"stopped"}')


@pytest.mark.parametrize("encoding", codecs.ENCODINGS)
def test_all_of_the_audio_is_sent_in_order(encoding: codecs.Encoding) -> None:
    ingest = Ingest()
    assert against(ingest, lambda url: stream_call(url, AUDIO, speed=0, encoding=encoding)) == "made"
    assert b"".join(ingest.audio) == codecs.encode(AUDIO.samples, encoding)
    start = {"type": "start", "tracks": ["agent", "caller"], "encoding": encoding, "sample_rate_hz": 8000}
    assert ingest.said == [start, {"type": "stop"}]


def test_agent_and_call_id_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    ingest = Ingest()
    told = against(ingest, lambda url: stream_call(url, AUDIO, speed=0, agent="anna", call_id="c-7"))
    assert told == "c-7"
    assert (ingest.said[0]["agent"], ingest.said[0]["call_id"]) == ("anna", "c-7")
    assert capsys.readouterr() == ("", "")


def test_a_token_is_sent_in_a_header_and_never_in_the_url() -> None:
    ingest = Ingest()
    against(ingest, lambda url: stream_call(url, AUDIO, speed=0, token="s3cret"))
    assert ingest.request is not None
    assert ingest.request.headers["Authorization"] == "Bearer s3cret"
    assert ingest.request.path == "/v1/ingest"
    assert "s3cret" not in json.dumps(ingest.said)


def test_a_client_that_is_no_browser_sends_no_origin() -> None:
    ingest = Ingest()
    against(ingest, lambda url: stream_call(url, AUDIO, speed=0))
    assert ingest.request is not None
    assert "Origin" not in ingest.request.headers


def test_no_audio_is_sent_before_it_would_have_been_spoken() -> None:
    ingest, speed = Ingest(), 4.0
    against(ingest, lambda url: stream_call(url, AUDIO, speed=speed))
    began, chunks = ingest.arrived[0], ingest.arrived[1:-1]
    assert len(chunks) == 8
    for index, arrived in enumerate(chunks):
        end_s = min((index + 1) * CHUNK_S, AUDIO.duration_s)
        assert arrived - began >= end_s / speed


def test_progress_is_told_in_seconds_sent() -> None:
    told: list[float] = []
    against(Ingest(), lambda url: stream_call(url, AUDIO, speed=0, progress=told.append))
    assert told == sorted(told)
    assert told[-1] == AUDIO.duration_s


def test_an_absent_server_is_told_with_the_mend() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{taken.getsockname()[1]}/v1/ingest"
        with pytest.raises(ConfigError, match=r"no Calmline server answers at .*calmline serve"):
            asyncio.run(stream_call(url, AUDIO, speed=0))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "nonsense", "ws://"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(ConfigError, match="no Calmline server answers"):
        asyncio.run(stream_call(url, AUDIO, speed=0))


def test_a_server_that_lets_nobody_in_is_told() -> None:
    def refuse(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(403, "no")

    with pytest.raises(ConfigError, match="403"):
        against(Ingest(), lambda url: stream_call(url, AUDIO, speed=0), process_request=refuse)


def test_a_refused_call_is_told_with_the_servers_reason() -> None:
    async def refuse(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1013, "try again later")

    with pytest.raises(PeerProtocolError, match=r"try again later \(code 1013\)") as refused:
        against(refuse, lambda url: stream_call(url, AUDIO, speed=0))
    assert refused.value.code == 1013


@pytest.mark.parametrize("answer", ["hello", "[]", '{"type":"welcome"}', b"\x00\xff"])
def test_a_server_that_is_no_ingest_is_told(answer: str | bytes) -> None:
    async def greet(connection: ServerConnection) -> None:
        await connection.send(answer)
        await connection.wait_closed()

    with pytest.raises(PeerProtocolError, match="no Calmline ingest"):
        against(greet, lambda url: stream_call(url, AUDIO, speed=0))


def test_a_call_that_is_closed_on_the_way_is_told_with_the_reason() -> None:
    async def hang_up(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type":"started","call_id":"c"}')
        await connection.recv()
        await connection.close(1011, "out of breath")

    async def call(url: str) -> None:
        async with ingest_call(url, AUDIO.tracks, AUDIO.rate_hz) as sending:
            while True:
                await sending.send(AUDIO.samples)

    with pytest.raises(PeerProtocolError, match=r"out of breath \(code 1011\)"):
        against(hang_up, call)


def test_a_line_that_is_cut_is_told() -> None:
    async def cut(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type":"started","call_id":"c"}')
        connection.transport.abort()

    with pytest.raises(PeerProtocolError, match="1006"):
        against(cut, lambda url: stream_call(url, AUDIO, speed=0))


def test_a_close_before_all_is_worked_off_is_no_success() -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send('{"type":"started","call_id":"c"}')
        async for message in connection:
            if isinstance(message, str):
                return

    with pytest.raises(PeerProtocolError, match="before it was worked off"):
        against(leave, lambda url: stream_call(url, AUDIO, speed=0))


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert against(Ingest(), lambda url: stream_call(url, AUDIO, speed=0)) == "made"
