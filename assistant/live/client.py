"""A peer of the server's own ingest: a recording, or any audio, as a live call over the websocket.

Audio is sent at the pace at which it would be spoken (times `speed`), never earlier than its end in media time, so that what the
server says can be timed against the audio.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from assistant.audio import codecs
from assistant.audio.recordings import CallAudio
from assistant.errors import ConfigError, PeerProtocolError
from assistant.timebase import Track

CHUNK_S: Final = 0.04
OPEN_S: Final = 10.0

OnProgress = Callable[[float], None]


class IngestCall:
    """A call that is being sent. Made by `ingest_call`."""

    def __init__(self, socket: ClientConnection, call_id: str, encoding: codecs.Encoding) -> None:
        self._socket = socket
        self.call_id = call_id
        self._encoding = encoding

    async def send(self, samples: npt.NDArray[np.int16]) -> None:
        """More audio, (n, tracks) int16. Raises `PeerProtocolError` with the server's reason once it has closed."""
        try:
            await self._socket.send(codecs.encode(samples, self._encoding))
        except ConnectionClosed as closed:
            raise _closed(closed) from closed

    async def stop(self) -> None:
        """Ends the call; returns once the server has worked all of it off."""
        try:
            await self._socket.send('{"type":"stop"}')
            async for message in self._socket:
                if json.loads(message).get("type") == "stopped":
                    return
        except ConnectionClosed as closed:
            raise _closed(closed) from closed
        raise PeerProtocolError("the server closed the call before it was worked off")


@asynccontextmanager
async def ingest_call(
    url: str,
    tracks: tuple[Track, ...],
    rate_hz: int,
    *,
    encoding: codecs.Encoding = "l16",
    agent: str | None = None,
    call_id: str | None = None,
    token: str | None = None,
) -> AsyncIterator[IngestCall]:
    """Opens a call at `url` (`ws://HOST:PORT/v1/ingest`).

    Raises `ConfigError` where there is no server, `PeerProtocolError` where it refuses.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else None
    start: dict[str, Any] = {"type": "start", "tracks": tracks, "encoding": encoding, "sample_rate_hz": rate_hz}
    start |= {key: value for key, value in (("agent", agent), ("call_id", call_id)) if value is not None}
    try:
        # A call goes where the operator says and nowhere else: never through a proxy of the environment.
        socket = await connect(url, additional_headers=headers, open_timeout=OPEN_S, compression=None, proxy=None)
    except (OSError, InvalidURI, InvalidHandshake, TimeoutError) as absent:
        raise ConfigError(f"no Calmline server answers at {url} ({absent}); start one with `calmline serve`") from absent
    try:
        try:
            await socket.send(json.dumps(start))
            started_id = _started(await socket.recv())
        except ConnectionClosed as closed:
            raise _closed(closed) from closed
        yield IngestCall(socket, started_id, encoding)
    finally:
        await socket.close()


async def stream_call(
    url: str,
    audio: CallAudio,
    *,
    speed: float = 1.0,
    agent: str | None = None,
    call_id: str | None = None,
    token: str | None = None,
    encoding: codecs.Encoding = "l16",
    progress: OnProgress | None = None,
) -> str:
    """Sends a recording as a live call and waits until it is worked off; `progress` is given the seconds sent. Returns the call's id.

    `speed` 1 is as spoken, 2 twice as fast, 0 as fast as the server takes it. Raises as `ingest_call`.
    """
    loop = asyncio.get_running_loop()
    async with ingest_call(url, audio.tracks, audio.rate_hz, encoding=encoding, agent=agent, call_id=call_id, token=token) as call:
        began = loop.time()
        sent = 0
        for chunk in audio.chunks(CHUNK_S):
            sent += len(chunk)
            if speed > 0:
                await asyncio.sleep(max(0.0, began + sent / audio.rate_hz / speed - loop.time()))
            await call.send(chunk)
            if progress is not None:
                progress(sent / audio.rate_hz)
        await call.stop()
        return call.call_id


def _started(answer: str | bytes) -> str:
    """The call's id."""
    try:
        return str(json.loads(answer)["call_id"])
    except (ValueError, TypeError, KeyError) as wrong:
        raise PeerProtocolError("what answers there is no Calmline ingest: it did not say that the call has started") from wrong


def _closed(closed: ConnectionClosed) -> PeerProtocolError:
    code = closed.rcvd.code if closed.rcvd is not None else 1006
    reason = (closed.rcvd.reason if closed.rcvd is not None else "") or "no reason given"
    return PeerProtocolError(f"the server closed the call: {reason} (code {code})", code)
