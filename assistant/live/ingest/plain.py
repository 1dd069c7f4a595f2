"""The plain ingest protocol, `WS /v1/ingest`: one text message, then interleaved audio, then one text message.

Messages are checked in layers, each with its own refusal: size, JSON, shape, order, then the audio's parameters. The close codes:
1000 done · 1002 out of order · 1003 audio that is not accepted · 1007 not JSON, or broken samples · 1008 a wrong field,
or silence for too long · 1009 a message too big · 1011 our fault · 1013 no room or not ready yet.
"""

import asyncio
import re
import uuid
from typing import Any, Literal

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from assistant.audio.codecs import Encoding
from assistant.errors import PeerProtocolError
from assistant.live.calls import CallCentre
from assistant.live.live_call import Announced, LiveCall
from assistant.timebase import Track

MAX_MESSAGE_BYTES = 1 << 20
CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
AGENT_NAME = re.compile(r"[^\x00-\x1f/\\?#]{1,64}")


class Start(msgspec.Struct, frozen=True, tag_field="type", tag="start"):
    """What a peer says first."""

    tracks: list[Track]
    encoding: Encoding
    sample_rate_hz: int
    agent: str | None = None
    caller_number: str | None = None
    call_id: str | None = None
    metadata: dict[str, Any] = {}


class Stop(msgspec.Struct, frozen=True, tag_field="type", tag="stop"):
    """No more audio will come."""


_decoder: msgspec.json.Decoder[Start | Stop] = msgspec.json.Decoder(Start | Stop)


def parse(text: str) -> Start | Stop:
    """A text message. Raises `PeerProtocolError` that names the field."""
    try:
        return _decoder.decode(text)
    except msgspec.ValidationError as wrong:
        raise PeerProtocolError(f"the message is not understood: {wrong}", 1008) from wrong
    except (msgspec.DecodeError, UnicodeError, RecursionError) as wrong:
        raise PeerProtocolError("the text message is not JSON", 1007) from wrong


def announced(start: Start) -> tuple[str, Announced]:
    """The call's id and audio. Raises `PeerProtocolError` that names the field."""
    call_id = start.call_id if start.call_id is not None else uuid.uuid4().hex
    if not CALL_ID.fullmatch(call_id):
        raise PeerProtocolError("call_id: 1 to 64 letters, digits, dots, colons, dashes or underscores", 1008)
    if start.agent is not None and not AGENT_NAME.fullmatch(start.agent):
        raise PeerProtocolError("agent: 1 to 64 characters, none of / \\ ? # or a control character", 1008)
    return call_id, Announced(tuple(start.tracks), start.encoding, start.sample_rate_hz, start.agent)


async def serve_ingest(socket: WebSocket, centre: CallCentre | None, idle_s: float) -> None:
    """One connection from its first message to its close."""
    await socket.accept()
    call: LiveCall | None = None
    why: str = "connection lost"
    try:
        if centre is None:
            raise PeerProtocolError("the models are still loading, try again in a moment", 1013)
        message = await _receive(socket, idle_s)
        if message is None:
            return
        if not isinstance(message, Start):
            raise PeerProtocolError('the first message must be {"type":"start", ...}', 1002)
        call_id, audio = announced(message)
        call = centre.open(call_id, audio)
        await socket.send_text(msgspec.json.encode({"type": "started", "call_id": call_id}).decode())
        why = await _pump(socket, call, idle_s)
        call.stop(why)
        if why == "stopped":
            await _worked_off(socket, centre, call)
            await socket.send_text('{"type":"stopped"}')
            await socket.close(1000)
    except PeerProtocolError as refused:
        why = "closed for cause"
        if centre is not None:
            centre.metrics.refused.labels(str(refused.code)).inc()
        await _close(socket, refused)
    except WebSocketDisconnect:
        pass  # gone while it was answered
    finally:
        if call is not None:
            call.stop(why)


async def _pump(socket: WebSocket, call: LiveCall, idle_s: float) -> Literal["stopped", "connection lost"]:
    while True:
        message = await _receive(socket, idle_s)
        match message:
            case None:
                return "connection lost"
            case bytes():
                await call.audio(message)
            case Stop():
                return "stopped"
            case Start():
                raise PeerProtocolError("the call has started already", 1002)


async def _worked_off(socket: WebSocket, centre: CallCentre, call: LiveCall) -> None:
    """Waits for the rest of a stopped call, and reads on meanwhile: a peer whose pongs are not read is taken for dead."""
    reading = asyncio.create_task(_pass_over(socket))
    try:
        await centre.done(call)
    finally:
        reading.cancel()


async def _pass_over(socket: WebSocket) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _receive(socket: WebSocket, idle_s: float) -> Start | Stop | bytes | None:
    """The next message, None once the peer is gone. Raises `PeerProtocolError`."""
    try:
        async with asyncio.timeout(idle_s):
            message = await socket.receive()
    except TimeoutError as silent:
        raise PeerProtocolError(f"nothing came for {idle_s:g} s", 1008) from silent
    if message["type"] == "websocket.disconnect":
        return None
    data: bytes | None = message.get("bytes")
    text: str | None = message.get("text")
    size = len(data or text or "")
    if size > MAX_MESSAGE_BYTES:
        raise PeerProtocolError(f"a message of {size} bytes is too big: at most {MAX_MESSAGE_BYTES}", 1009)
    return data if data is not None else parse(text or "")


async def _close(socket: WebSocket, refused: PeerProtocolError) -> None:
    try:
        # A close reason may hold 123 bytes.
        await socket.close(refused.code, str(refused).encode()[:120].decode(errors="ignore"))
    except (RuntimeError, WebSocketDisconnect):
        return  # the peer was faster
