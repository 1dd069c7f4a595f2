"""Event streams to viewers: what the log holds after the viewer's cursor, then what comes, in order and without gap.

A viewer that does not take a message within `SEND_S` is let go; it may come back with `?after=` and read on.
"""

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from assistant.events import PressAction
from assistant.live.hub import Batch, Hub, Topic
from assistant.live.metrics import Metrics

SEND_S = 20.0


class Press(msgspec.Struct, frozen=True, tag_field="type", tag="press", forbid_unknown_fields=True):
    """What a page may say on its stream."""

    call_id: str
    action: PressAction
    card_id: str | None = None


_decoder = msgspec.json.Decoder(Press)
OnPress = Callable[[Press], str | None]
"""Takes a press, or says why not."""


async def serve_stream(
    socket: WebSocket,
    hub: Hub,
    topic: Topic,
    metrics: Metrics,
    kind: Literal["agent", "board", "call"],
    after: int,
    begin: int,
    on_press: OnPress,
) -> None:
    """One viewer. `after` is the last id that it has (0: none), `begin` where a viewer without a past begins."""
    await socket.accept()
    metrics.viewers.labels(kind).inc()
    topic.readers += 1
    sending = asyncio.create_task(_send(socket, hub, topic, metrics, after, begin))
    listening = asyncio.create_task(_listen(socket, on_press))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        metrics.viewers.labels(kind).dec()
        topic.readers -= 1
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)


async def _send(socket: WebSocket, hub: Hub, topic: Topic, metrics: Metrics, after: int, begin: int) -> None:
    fresh = after <= 0 or not hub.knows(after)
    last_id = begin if fresh else after
    try:
        if fresh and after > 0:
            # The viewer's past is of another run of the server: what it missed cannot be known.
            await _send_text(socket, _gap(begin, None))
        while True:
            batch = await topic.read(last_id, fresh=fresh)
            if batch is None:
                await socket.close(1000, "nothing more will come")
                return
            await _send_batch(socket, batch, metrics, last_id)
            last_id, fresh = batch.last_id, False
    except (TimeoutError, WebSocketDisconnect, RuntimeError):
        # Too slow, or gone; either way its next connection reads on.
        return


async def _send_batch(socket: WebSocket, batch: Batch, metrics: Metrics, last_id: int) -> None:
    if batch.dropped:
        metrics.missed.inc(batch.dropped)
        await _send_text(socket, _gap(last_id, batch.dropped))
    for message in batch.messages:
        await _send_text(socket, message.decode())


async def _send_text(socket: WebSocket, text: str) -> None:
    async with asyncio.timeout(SEND_S):
        await socket.send_text(text)


def _gap(wire_id: int, dropped: int | None) -> str:
    """`wire_id` is where the viewer stands: whoever is cut off after the gap reads on from there and is told of it again."""
    return msgspec.json.encode({"id": wire_id, "type": "resume_gap", "dropped": dropped}).decode()


def _refused(press: Press, why: str) -> str:
    """The answer to a press that was not taken. It is for this viewer alone, and has no `id`: it is no part of the stream."""
    told = {"type": "press_refused", "call_id": press.call_id, "action": press.action, "card_id": press.card_id, "why": why}
    return msgspec.json.encode(told).decode()


async def _listen(socket: WebSocket, on_press: OnPress) -> None:
    """Takes presses until the viewer is gone, and answers those that are refused; anything else closes the stream with a code."""
    while True:
        try:
            text = await socket.receive_text()
            press = _decoder.decode(text)
        except WebSocketDisconnect:
            return
        except (msgspec.DecodeError, UnicodeError, RecursionError, KeyError):
            # A binary message has no text: KeyError.
            await socket.close(1008, 'only {"type":"press","call_id","card_id","action"} is understood here')
            return
        why = on_press(press)
        if why is not None:
            try:
                await _send_text(socket, _refused(press, why))
            except (TimeoutError, WebSocketDisconnect, RuntimeError):
                return
