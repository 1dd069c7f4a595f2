"""Calls sent to a server as a telephone system would, watched as an agent's overlay would, with the time of each message.

In: a server, audio. Out: for each call when each piece of audio left and when each event came, on one clock (seconds).
"""

import asyncio
import random
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
from websockets.asyncio.client import ClientConnection, connect

from assistant.audio.recordings import CallAudio
from assistant.events import AnyEvent, CallEnded, decode
from assistant.live.client import stream_call
from scripts.benchmark.calls import shifted
from scripts.benchmark.figures import NotMeasured, Tick
from scripts.benchmark.server import Server

GRACE_S = 30.0
"""A call that is worked off so long after its last audio, or later, counts as not measured."""


@dataclass
class WatchedCall:
    """One call: `sent` holds (media seconds up to which audio had left, clock), `received` (clock, event)."""

    duration_s: float
    sent: list[tuple[float, float]] = field(default_factory=list)
    received: list[tuple[float, AnyEvent]] = field(default_factory=list)

    def spoken_at(self, media_s: float) -> float:
        """The clock at which this moment of the call was spoken: counted back from when the chunk that holds it was sent."""
        index = min(bisect_left(self.sent, (media_s,)), len(self.sent) - 1)
        end_s, clock = self.sent[index]
        return clock - (end_s - media_s)


async def watch_calls(
    server: Server, audio: CallAudio, calls: int, chance: random.Random, stagger_s: float, tick: Tick
) -> list[WatchedCall]:
    """So many calls at once in real time, each begun up to `stagger_s` late. Raises `NotMeasured` where one fails or does not end."""
    each = [shifted(audio, chance) for _ in range(calls)]
    delays = [0.0, *(chance.uniform(0.0, stagger_s) for _ in range(calls - 1))]
    marks = [chance.randrange(10**9) for _ in range(calls)]
    limit_s = stagger_s + max(one.duration_s for one in each) + GRACE_S
    ticks = [tick, *([_silent] * (calls - 1))]
    try:
        async with asyncio.timeout(limit_s), asyncio.TaskGroup() as group:
            arguments = zip(each, delays, marks, ticks, strict=True)
            tasks = [group.create_task(_watch_call(server, one, delay, f"bench-{mark}", told)) for one, delay, mark, told in arguments]
    except TimeoutError as late:
        raise NotMeasured(f"{calls} calls at once were not worked off {GRACE_S:g} s after their end") from late
    except ExceptionGroup as failed:
        raise NotMeasured(f"a call failed: {failed.exceptions[0]}") from failed
    return [task.result() for task in tasks]


async def push_calls(server: Server, audio: CallAudio, calls: int) -> float:
    """Sends so many calls at once as fast as the server takes them; returns the wall seconds until all are worked off."""
    began = time.monotonic()
    try:
        async with asyncio.timeout(GRACE_S + audio.duration_s * calls), asyncio.TaskGroup() as group:
            for number in range(calls):
                group.create_task(stream_call(server.url("/v1/ingest"), audio, speed=0.0, agent=f"bench-push-{number}"))
    except TimeoutError as late:
        raise NotMeasured(f"{calls} calls were worked off more slowly than one after the other in real time") from late
    except ExceptionGroup as failed:
        raise NotMeasured(f"a call failed: {failed.exceptions[0]}") from failed
    return time.monotonic() - began


async def _watch_call(server: Server, audio: CallAudio, delay_s: float, agent: str, tick: Tick) -> WatchedCall:
    await asyncio.sleep(delay_s)
    call = WatchedCall(audio.duration_s)

    def sent(media_s: float) -> None:
        call.sent.append((media_s, time.monotonic()))
        tick(media_s / audio.duration_s)

    async with connect(server.url(f"/v1/agents/{agent}/events"), max_queue=None, compression=None) as viewer:
        reading = asyncio.create_task(_read(viewer))
        try:
            await stream_call(server.url("/v1/ingest"), audio, agent=agent, progress=sent)
            messages = await reading
        finally:
            reading.cancel()
    # Decoded only now, so that the clients take as little as they can of the machine that is measured.
    try:
        call.received = [(clock, decode(message)) for clock, message in messages]
    except msgspec.ValidationError as gap:
        raise NotMeasured(f"the event stream was not whole: {gap}") from gap
    return call


async def _read(viewer: ClientConnection) -> list[tuple[float, str]]:
    messages: list[tuple[float, str]] = []
    ended = f'"type":"{CallEnded.__struct_config__.tag}"'
    async for message in viewer:
        messages.append((time.monotonic(), str(message)))
        if ended in str(message)[:80]:
            return messages
    raise NotMeasured("the event stream ended before the call did")


def _silent(_: float) -> None:
    return None


def lag_by_thirds(calls: Sequence[WatchedCall]) -> tuple[list[float], list[float]]:
    """How long after their media time events came, seconds: those of the first and of the last third of each call.

    The first and the last event of a call are left out: they wait for no audio, and for all of it.
    """
    first: list[float] = []
    last: list[float] = []
    for call in calls:
        for clock, event in call.received[1:-1]:
            lag_s = clock - call.spoken_at(event.t_s)
            if event.t_s < call.duration_s / 3:
                first.append(lag_s)
            elif event.t_s > call.duration_s * 2 / 3:
                last.append(lag_s)
    return first, last
