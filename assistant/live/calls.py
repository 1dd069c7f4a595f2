"""Live calls: each has a bounded inbox and one task that works it off on a shared pool of threads, in order.

Recognition runs on the pool, never on the event loop. A full inbox holds the sender back (nothing is dropped); audio that
waits too long is told of as a degraded stage. Calls share the pool fairly: one piece of work is at most `PIECE_S` of audio.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import structlog

from assistant.audio import codecs
from assistant.audio.resample import Resampler, call_rate_hz
from assistant.call import CallSettings
from assistant.engine import LiveEngine, Models
from assistant.errors import AssistantError, PeerProtocolError
from assistant.events import AnyEvent, CallEnded, PressAction
from assistant.live.hub import Hub
from assistant.live.metrics import Metrics
from assistant.live.record import CallRecord
from assistant.timebase import Track

PIECE_S = 0.5
INBOX_S = 10.0
"""Seconds of audio that may wait; then the sender must."""
PRESSES = 64
"""Presses that may wait; further ones are passed over (no person presses so fast)."""
LATE_S, CAUGHT_UP_S = 2.0, 0.5
"""Audio that waited longer than the first makes the call's `live` stage degraded, until it waits less than the second."""

TRY_AGAIN_LATER = 1013

log = structlog.get_logger("calmline.live")


@dataclass(frozen=True)
class Announced:
    """What a peer says of a call before its audio."""

    tracks: tuple[Track, ...]
    encoding: codecs.Encoding
    sample_rate_hz: int
    agent: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Audio:
    data: bytes
    at: float


@dataclass(frozen=True)
class _Press:
    action: PressAction
    card_id: str | None


@dataclass(frozen=True)
class _Stop:
    why: str


class LiveCall:
    """One call in progress. Used from the event loop; its engine is used by one pool thread at a time."""

    def __init__(
        self,
        record: CallRecord,
        announced: Announced,
        engine: LiveEngine,
        publish: Callable[[CallRecord, list[AnyEvent]], None],
        pool: ThreadPoolExecutor,
        metrics: Metrics,
    ) -> None:
        self.record = record
        self._announced = announced
        self._engine = engine
        self._publish = publish
        self._pool = pool
        self._metrics = metrics
        self._resampler = Resampler(announced.sample_rate_hz, len(announced.tracks))
        self._byte_rate = announced.sample_rate_hz * len(announced.tracks) * codecs.SAMPLE_BYTES[announced.encoding]
        self._inbox: deque[_Audio | _Press | _Stop] = deque()
        self._waiting_bytes = 0
        self._waiting_presses = 0
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._stopping = False
        self._late = False
        self._failed = False

    async def audio(self, data: bytes) -> None:
        """Audio as it came; waits while the inbox is full.

        Raises `PeerProtocolError` on bytes that are not whole samples, and once the call has failed.
        """
        frame = codecs.SAMPLE_BYTES[self._announced.encoding] * len(self._announced.tracks)
        if len(data) % frame:
            raise PeerProtocolError(
                f"a binary message of {len(data)} bytes is not whole samples: they come in multiples of {frame} bytes", 1007
            )
        await self._room.wait()
        self.check()
        if not self._stopping and data:
            # A message may be longer than one piece of work; pieces keep other calls waiting no longer.
            piece = max(frame, int(PIECE_S * self._byte_rate) // frame * frame)
            for begin in range(0, len(data), piece):
                self._put(_Audio(data[begin : begin + piece], time.monotonic()))
            self._waiting_bytes += len(data)
            if self._waiting_bytes > INBOX_S * self._byte_rate:
                self._room.clear()

    def press(self, action: PressAction, card_id: str | None) -> None:
        """A person pressed something on a screen of this call."""
        if not self._stopping and self._waiting_presses < PRESSES:
            self._waiting_presses += 1
            self._put(_Press(action, card_id))

    def stop(self, why: str) -> None:
        """No more audio will come; what waits is worked off first."""
        if not self._stopping:
            self._stopping = True
            self._put(_Stop(why))

    def check(self) -> None:
        """Raises `PeerProtocolError` once the call has failed."""
        if self._failed:
            raise PeerProtocolError("this call failed on the server, whose log says why", 1011)

    def fail(self) -> None:
        """The call cannot go on: tells its viewers, and lets go of its sender."""
        self._failed = self._stopping = True
        self._inbox.clear()
        self._room.set()
        ended = CallEnded(
            seq=self.record.seq + 1,
            call_id=self.record.call_id,
            t_s=self._engine.position_s,
            duration_s=self._engine.position_s,
            why="failed",
        )
        self._publish(self.record, [ended])

    async def run(self) -> None:
        """Works until the call is over."""
        loop = asyncio.get_running_loop()
        self._publish(self.record, self._engine.start())
        while True:
            while not self._inbox:
                self._something.clear()
                await self._something.wait()
            work = self._inbox.popleft()
            match work:
                case _Audio():
                    pieces = self._take_audio(work)
                    began = time.monotonic()
                    self._tell_lag(began - work.at)
                    events = await loop.run_in_executor(self._pool, self._feed, pieces)
                    self._metrics.work_s.inc(time.monotonic() - began)
                    self._publish(self.record, events)
                case _Press():
                    self._waiting_presses -= 1
                    self._publish(self.record, self._engine.press(work.action, work.card_id))
                case _Stop():
                    self._publish(self.record, await loop.run_in_executor(self._pool, self._finish, work.why))
                    return

    def _put(self, work: _Audio | _Press | _Stop) -> None:
        self._inbox.append(work)
        self._something.set()

    def _take_audio(self, first: _Audio) -> bytes:
        """The audio that waits, up to one piece of work, so that a call that is behind catches up in fewer steps."""
        taken = [first.data]
        size = len(first.data)
        while self._inbox and isinstance(self._inbox[0], _Audio) and size < PIECE_S * self._byte_rate:
            audio = self._inbox.popleft()
            assert isinstance(audio, _Audio)
            taken.append(audio.data)
            size += len(audio.data)
        self._waiting_bytes -= size
        if self._waiting_bytes <= INBOX_S * self._byte_rate:
            self._room.set()
        self._metrics.audio_s.inc(size / self._byte_rate)
        return b"".join(taken)

    def _feed(self, data: bytes) -> list[AnyEvent]:
        return self._engine.feed(self._resampler.feed(self._samples(data)))

    def _finish(self, why: str) -> list[AnyEvent]:
        rest = self._resampler.finish()
        return [*(self._engine.feed(rest) if len(rest) else []), *self._engine.finish(why)]

    def _samples(self, data: bytes) -> npt.NDArray[np.int16]:
        return codecs.decode(data, self._announced.encoding, len(self._announced.tracks))

    def _tell_lag(self, waited_s: float) -> None:
        self._metrics.lag_s.observe(waited_s)
        if not self._late and waited_s > LATE_S:
            self._late = True
            why = f"this machine is behind: audio waits {waited_s:.1f} s"
            self._publish(self.record, self._engine.degrade("live", why))
        elif self._late and waited_s < CAUGHT_UP_S:
            self._late = False
            self._publish(self.record, self._engine.degrade("live", None))


class CallCentre:
    """All live calls of a server, and those that ended a while ago."""

    def __init__(
        self,
        models: Models,
        settings: CallSettings,
        hub: Hub,
        metrics: Metrics,
        *,
        threads: int,
        max_calls: int,
        keep_ended_s: float,
    ) -> None:
        self.hub = hub
        self.metrics = metrics
        self._models = models
        self._settings = settings
        self._max_calls = max_calls
        self._keep_ended_s = keep_ended_s
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="calmline-engine")
        self._live: dict[str, tuple[LiveCall, asyncio.Task[None]]] = {}
        self._records: dict[str, CallRecord] = {}

    @property
    def records(self) -> list[CallRecord]:
        """Calls that are live or still kept."""
        self._forget_old()
        return list(self._records.values())

    def record(self, call_id: str) -> CallRecord | None:
        return self._records.get(call_id)

    def live(self, call_id: str) -> LiveCall | None:
        pair = self._live.get(call_id)
        return None if pair is None else pair[0]

    def open(self, call_id: str, announced: Announced) -> LiveCall:
        """Begins a call. Raises `PeerProtocolError` where there is no room, the id is taken or the audio is not accepted."""
        self._forget_old()
        if len(self._live) >= self._max_calls:
            raise PeerProtocolError(f"this server takes {self._max_calls} calls at once, try again later", TRY_AGAIN_LATER)
        if call_id in self._records:
            raise PeerProtocolError(f"there is already a call with the id {call_id}", 1008)
        try:
            rate_hz = call_rate_hz(announced.sample_rate_hz)
            engine = LiveEngine(
                self._models,
                self._settings,
                call_id,
                announced.tracks,
                rate_hz,
                agent=announced.agent,
                notices=announced.notices,
            )
        except AssistantError as refused:
            raise PeerProtocolError(str(refused), 1003) from refused
        record = CallRecord(call_id, announced.agent, datetime.now(UTC))
        call = LiveCall(record, announced, engine, self._publish, self._pool, self.metrics)
        self._records[call_id] = record
        self.hub.open_call(call_id, announced.agent)
        self.metrics.calls_live.inc()
        log.info("call opened", call_id=call_id, tracks=len(announced.tracks), rate_hz=announced.sample_rate_hz)
        self._live[call_id] = (call, asyncio.create_task(self._run(call), name=f"call {call_id}"))
        return call

    async def done(self, call: LiveCall) -> None:
        """Returns once a stopped call is worked off. Raises `PeerProtocolError` where it failed."""
        pair = self._live.get(call.record.call_id)
        if pair is not None:
            await asyncio.shield(pair[1])
        call.check()

    async def close(self) -> None:
        """The server stops: ends what is live, lets viewers go."""
        pairs = list(self._live.values())
        for call, _ in pairs:
            call.stop("server stopped")
        await asyncio.gather(*(task for _, task in pairs))
        self.hub.close()
        self._pool.shutdown()

    async def _run(self, call: LiveCall) -> None:
        record = call.record
        why = "worked off"
        try:
            await call.run()
        except Exception:
            # The edge of one call: its failure is told and logged (never its words), and touches no other call.
            log.exception("call failed", call_id=record.call_id)
            why = "failed"
            call.fail()
        finally:
            record.ended_at = time.monotonic()
            del self._live[record.call_id]
            self.hub.close_call(record.call_id)
            self.metrics.calls_live.dec()
            self.metrics.calls.labels(why).inc()
            log.info("call closed", call_id=record.call_id, why=why, events=len(record.events))

    def _publish(self, record: CallRecord, events: list[AnyEvent]) -> None:
        record.take(events)
        self.metrics.count(events)
        self.hub.publish(record.call_id, record.agent, events)

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._keep_ended_s
        gone = {call_id for call_id, record in self._records.items() if record.ended_at is not None and record.ended_at < oldest}
        if gone:
            for call_id in gone:
                del self._records[call_id]
            self.hub.forget_calls(gone)
