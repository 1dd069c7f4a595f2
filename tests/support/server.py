"""A real server on the loopback interface, in a thread with its own event loop, and a peer that sends it calls."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK
from websockets.sync.client import ClientConnection, connect

from assistant.audio import codecs
from assistant.audio.recordings import CallAudio
from assistant.audio.resample import Resampler, call_rate_hz
from assistant.config import Config, ServerSettings
from assistant.engine import LiveEngine, Models
from assistant.events import AnyEvent
from assistant.live import live_call
from assistant.live.run import make_server, running
from assistant.live.server import ModelLoader
from assistant.timebase import Track

WAIT_S = 30.0
"""No test waits so long: it is how long a broken one takes to fail."""
STEREO: tuple[Track, ...] = ("agent", "caller")
Samples = npt.NDArray[np.int16]


class LiveServer:
    """A server of its own. With `until_ready` it is ready to take calls once made; otherwise it listens, and loads."""

    def __init__(self, config: Config, loader: ModelLoader, *, until_ready: bool = True) -> None:
        self.config = config
        self._loader = loader
        self._listener = None if until_ready else socket.create_server(("127.0.0.1", 0))
        self._address: Future[int] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="server under test", daemon=True)
        self._thread.start()
        self.port = self._address.result(WAIT_S)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            if self._listener is None:
                async with running(self.config, self._loader) as (server, _):
                    self._address.set_result(server.servers[0].sockets[0].getsockname()[1])
                    await self._stop.wait()
            else:
                server = make_server(self.config, self._loader)
                serving = asyncio.create_task(server.serve([self._listener]))
                self._address.set_result(self._listener.getsockname()[1])
                await self._stop.wait()
                server.should_exit = True
                await serving
        except BaseException as failed:
            if self._address.done():
                raise
            self._address.set_exception(failed)

    def close(self) -> None:
        """Stops it; returns once it has stopped."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive(), "the server did not stop"

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=WAIT_S, trust_env=False)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ws(self, path: str, **options: Any) -> AbstractContextManager[ClientConnection]:
        """A websocket of this server, for a `with`."""
        settings: dict[str, Any] = {"compression": None, "max_size": None, "max_queue": None, "proxy": None, "open_timeout": WAIT_S}
        # A broken line is not waited for long.
        opening: AbstractContextManager[ClientConnection] = connect(
            f"ws://127.0.0.1:{self.port}{path}", **settings | {"close_timeout": 1.0} | options
        )
        return opening

    def peer(self) -> "Peer":
        return Peer(self.ws("/v1/ingest"))

    def follow(self, path: str) -> list[bytes]:
        """All messages of a stream that ends, as of a call that is over."""
        with self.ws(path) as stream:
            return list(received(stream))

    def send_call(self, samples: Samples, **fields: Any) -> str:
        """Sends a whole call and waits until it is worked off. Returns its id."""
        with self.peer() as peer:
            call_id = peer.start(**fields)
            for piece in pieces(samples, 1600):
                peer.audio(piece)
            peer.stop()
        return call_id


class Peer:
    """Who sends a call, and may misbehave."""

    connection: ClientConnection

    def __init__(self, opening: AbstractContextManager[ClientConnection]) -> None:
        self._opening = opening
        self._encoding: codecs.Encoding = "l16"

    def __enter__(self) -> "Peer":
        self.connection = self._opening.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.__exit__(None, None, None)

    def start(self, **fields: Any) -> str:
        """Announces a call; returns its id once it has started."""
        self._encoding = fields.get("encoding", "l16")
        self.say(start_message(**fields))
        answer = json.loads(self.connection.recv(WAIT_S))
        assert set(answer) == {"type", "call_id"}
        assert answer["type"] == "started"
        return str(answer["call_id"])

    def say(self, text: str) -> None:
        self.connection.send(text)

    def data(self, data: bytes) -> None:
        self.connection.send(data)

    def audio(self, samples: Samples) -> None:
        self.connection.send(codecs.encode(samples, self._encoding))

    def stop(self) -> None:
        """Ends the call; returns once all is worked off and the server has closed."""
        self.say('{"type":"stop"}')
        assert json.loads(self.connection.recv(WAIT_S)) == {"type": "stopped"}
        assert self.closing() == (1000, "")

    def vanish(self) -> None:
        """The line is cut: no close frame."""
        cut(self.connection)

    def closing(self) -> tuple[int, str]:
        """The code and reason with which the server closes, as the next thing it says."""
        return closing(self.connection)


def cut(connection: ClientConnection) -> None:
    """The line is cut: no close frame. Nothing, where it is closed already."""
    with suppress(OSError):
        connection.socket.shutdown(socket.SHUT_RDWR)


def closing(connection: ClientConnection) -> tuple[int, str]:
    """The code and reason with which the server closes, as the next thing it says."""
    with pytest.raises(ConnectionClosed) as closed:
        connection.recv(WAIT_S)
    close = closed.value.rcvd
    assert close is not None, "the line was cut with no close frame"
    return close.code, close.reason


def received(stream: ClientConnection) -> Iterator[bytes]:
    """Messages until the server closes with 1000."""
    while True:
        try:
            message = stream.recv(WAIT_S, decode=False)
        except ConnectionClosedOK:
            return
        yield bytes(message)


def until(stream: ClientConnection, kind: str, **fields: Any) -> list[dict[str, Any]]:
    """Events up to the first of this kind with these fields."""
    seen = []
    while True:
        seen.append(json.loads(stream.recv(WAIT_S)))
        if seen[-1]["type"] == kind and fields.items() <= seen[-1].items():
            return seen


def start_message(**fields: Any) -> str:
    """The first message of a call; a field given as None is left out."""
    message = {"type": "start", "tracks": ["agent", "caller"], "encoding": "l16", "sample_rate_hz": 8000} | fields
    return json.dumps({key: value for key, value in message.items() if value is not None})


def pieces(samples: Samples, size: int) -> Iterator[Samples]:
    """The samples in pieces of `size`."""
    for begin in range(0, len(samples), size):
        yield samples[begin : begin + size]


def without_ids(messages: list[bytes]) -> bytes:
    """Messages of a stream as `encode_lines` writes the same events of a call whose wall time is not known: no promise falls due."""
    plain = (re.sub(rb'^\{"id":\d+,', b"{", message, count=1) for message in messages)
    return b"".join(re.sub(rb'"due":"[^"]*"', b'"due":null', message) + b"\n" for message in plain)


def wire_id(message: bytes) -> int:
    return int(msgspec.json.decode(message)["id"])


def offline(
    models: Models,
    samples: Samples,
    call_id: str,
    *,
    tracks: tuple[Track, ...] = STEREO,
    rate_hz: int = 8000,
    encoding: codecs.Encoding = "l16",
    agent: str | None = None,
    config: Config | None = None,
) -> list[AnyEvent]:
    """The events of a call that is run here, in one piece, with what the wire makes of its audio."""
    heard = codecs.decode(codecs.encode(samples, encoding), encoding, len(tracks))
    resampler = Resampler(rate_hz, len(tracks))
    audio = np.concatenate((resampler.feed(heard), resampler.finish()))
    settings = (config or Config()).call_settings()
    engine = LiveEngine(models, settings, call_id, tracks, call_rate_hz(rate_hz), agent=agent)
    return [*engine.start(), *engine.feed(audio), *engine.finish()]


@contextmanager
def served(loader: ModelLoader, *, until_ready: bool = True, config: Config | None = None, **settings: Any) -> Iterator[LiveServer]:
    """A server with these `[server]` settings, until the end of the block."""
    config = config or Config()
    server = LiveServer(
        msgspec.structs.replace(config, server=ServerSettings(**{"port": 0, **settings})),
        loader,
        until_ready=until_ready,
    )
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def _never_late() -> Iterator[None]:
    """How far this machine is behind is told in the events of a call; tests compare what does not depend on the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_call, "LATE_S", float("inf"))
        yield


@pytest.fixture(scope="session")
def server(models: Models, _never_late: None) -> Iterator[LiveServer]:
    """A server with the bundled models; tests share it, each with calls and agents of its own."""
    with served(lambda _: models) as server:
        yield server


@pytest.fixture
def make_server_with(models: Models, _never_late: None) -> Iterator[Callable[..., LiveServer]]:
    """Makes servers with special `[server]` settings, or other models, for one test."""
    made: list[LiveServer] = []

    def make(*, use: Models | None = None, config: Config | None = None, **settings: Any) -> LiveServer:
        given = msgspec.structs.replace(config or Config(), server=ServerSettings(**{"port": 0, **settings}))
        made.append(LiveServer(given, lambda _: use or models))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def scene(demo_audio: CallAudio) -> Samples:
    """Ten seconds of the demo in which both sides speak and the caller insults: (n, 2) int16 at 8 kHz."""
    return demo_audio.samples[56 * 8000 : 66 * 8000]


@pytest.fixture
def call_id(request: pytest.FixtureRequest) -> str:
    """An id for this test's call."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", f"{Path(request.node.path).stem}.{request.node.name}").strip("-")[-56:].lstrip("._-")
