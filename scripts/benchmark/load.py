"""The live path under load: latency with 1 and 4 calls at once, lag, CPU and memory with 8, and how many a core carries.

In: a real server. Out: figures. Runs in real time: the length of the call for each round, and a little more.
"""

import asyncio
import random
import statistics
from collections import Counter
from dataclasses import dataclass
from typing import Any

from assistant.audio.recordings import CallAudio
from assistant.config import Config
from scripts.benchmark.calls import bench_audio
from scripts.benchmark.figures import NotMeasured, Part, Target, Tick
from scripts.benchmark.latency import Kind, Wait, waits
from scripts.benchmark.server import Server, Usage, serving
from scripts.benchmark.streams import WatchedCall, lag_by_thirds, push_calls, watch_calls

SEED = 20261122
MANY = 8
PUSHED = 4
GROWTH_S = 0.05
"""Lag grew if its median in the last third of the calls is more than this above that of the first third."""
LABELS: dict[Kind, str] = {
    "card": "phrase end to card",
    "held_card": "phrase end to card that the prompt budget held back",
    "partial_score": "phrase end to hostile partial score",
    "interruption": "interruption by definition to its event",
    "floor_card": "rule fired to reclaim_floor (waits for the agent to pause)",
}


@dataclass(frozen=True)
class Played:
    """Calls that were played at once, and what the server used meanwhile."""

    watched: list[WatchedCall]
    usage: Usage


def measure_live(quick: bool, tick: Tick) -> list[Part]:
    """All that needs a server."""
    with serving() as server:
        return asyncio.run(_measure(server, quick, tick))


async def _measure(server: Server, quick: bool, tick: Tick) -> list[Part]:
    audio, chance = bench_audio(quick), random.Random(SEED)
    rounds, stagger_s = (1, 2.0) if quick else (3, 8.0)
    done = 0

    async def play(calls: int, wait_s: float) -> Played:
        nonlocal done
        before, done = done, done + 1
        async with server.watched() as usage:
            watched = await watch_calls(server, audio, calls, chance, wait_s, lambda share: tick((before + share) / (rounds + 2)))
        return Played(watched, usage)

    idle_mb = server.memory_mb
    quick_note = (
        f"Quick run: only the last {audio.duration_s:.0f} s of the demo call, whose late ladder steps wait for final words: see a full run."
    )
    parts: list[Part] = []
    one = many = None
    try:
        one = await play(1, 0.0)
        parts.append(_latency(one.watched, 1))
        parts[0].notes += [quick_note] if quick else []
    except NotMeasured as failed:
        parts.append(Part("latency_1", _title(1), failed=str(failed)))
    try:
        many = await play(MANY, stagger_s)
        parts.append(_latency(many.watched, MANY))
        parts.append(await _load(server, audio, idle_mb, one, many))
    except NotMeasured as failed:
        parts.append(Part("load", f"Load, {MANY} calls at once in real time", failed=str(failed)))
    try:
        four = [call for _ in range(rounds) for call in (await play(4, stagger_s)).watched]
        parts.insert(1, _latency(four, 4, Target(350.0), Target(600.0)))
    except NotMeasured as failed:
        parts.insert(1, Part("latency_4", _title(4), failed=str(failed)))
    return parts


def _title(calls: int) -> str:
    return f"Latency at the websocket client, {calls} call{'s' if calls > 1 else ''} at once"


def _latency(watched: list[WatchedCall], calls: int, p50: Target | None = None, p95: Target | None = None) -> Part:
    """Raises `NotMeasured` where no card quotes words."""
    part = Part(f"latency_{calls}", _title(calls))
    found = [wait for call in watched for wait in waits(call, Config().turns)]
    for kind, label in LABELS.items():
        of_kind = [wait for wait in found if wait.kind == kind]
        if kind == "card":
            part.add_spread(kind, label, [wait.wait_s for wait in of_kind], p50, p95)
            media_s, work_s = (statistics.median(spans) for spans in zip(*((w.media_s, w.work_s) for w in of_kind), strict=True))
            part.add("card_audio_p50_ms", "  of it audio that was waited for, p50", 1000 * media_s, "ms")
            part.add("card_work_p50_ms", "  of it work and transport, p50", 1000 * work_s, "ms")
        elif of_kind:
            part.add_spread(kind, label, [wait.wait_s for wait in of_kind])
    part.detail = {"cards": dict(Counter(w.what for w in found if w.kind == "card")), "waits": [_shown(wait) for wait in found]}
    return part


def _shown(wait: Wait) -> dict[str, Any]:
    spans = {"wait_ms": wait.wait_s, "audio_ms": wait.media_s, "work_ms": wait.work_s}
    return {"kind": wait.kind, "what": wait.what, "quote": wait.quote, **{key: round(1000 * value, 1) for key, value in spans.items()}}


async def _load(server: Server, audio: CallAudio, idle_mb: float, one: Played | None, many: Played) -> Part:
    """Raises `NotMeasured` where the server fails under the push."""
    part = Part("load", f"Load, {MANY} calls at once in real time")
    first, last = (statistics.median(lags) for lags in lag_by_thirds(many.watched))
    part.add("lag_first_ms", "events after their media time, median, first third", 1000 * first, "ms")
    part.add("lag_last_ms", "events after their media time, median, last third", 1000 * last, "ms")
    part.add("lag_growth_ms", "growth of that lag", 1000 * (last - first), "ms", Target(1000 * GROWTH_S))
    part.add("cpu_cores", "cores that the server used", many.usage.cpu_s / many.usage.wall_s)
    part.add("client_cores", "cores that the benchmark's own clients used", many.usage.own_cpu_s / many.usage.wall_s)
    call_s = sum(call.duration_s for call in many.watched)
    part.add("calls_a_core", "live calls a core, by the server's CPU time", call_s / many.usage.cpu_s)
    async with server.watched() as pushed:
        wall_s = await push_calls(server, audio, PUSHED)
    pushed_s = PUSHED * audio.duration_s
    part.add("throughput", f"{PUSHED} calls as fast as possible: call seconds a wall second", pushed_s / wall_s)
    part.add("throughput_a_core", f"{PUSHED} calls as fast as possible: call seconds a CPU second", pushed_s / pushed.cpu_s)
    part.add("memory_idle_mb", "server's memory, ready and idle", idle_mb, "MB")
    part.add("memory_many_mb", f"server's memory, {MANY} calls, at most", max(many.usage.memory_mb), "MB")
    if one is None:
        part.failed = "memory a further call: the server's memory with one call is not known"
        return part
    part.add("memory_1_mb", "server's memory, 1 call, at most", max(one.usage.memory_mb), "MB")
    further_mb = (max(many.usage.memory_mb) - max(one.usage.memory_mb)) / (MANY - 1)
    part.add("memory_a_call_mb", "memory a further call", further_mb, "MB", Target(30.0))
    return part
