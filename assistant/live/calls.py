"""All live calls of a server: opened, worked off on one pool of threads, kept for a while after their end."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from assistant.audio.resample import call_rate_hz
from assistant.call import CallSettings
from assistant.engine import LiveEngine, Models
from assistant.errors import AssistantError, PeerProtocolError
from assistant.events import AnyEvent
from assistant.guidance.policy import Policy
from assistant.live.hub import Hub
from assistant.live.live_call import Announced, LiveCall
from assistant.live.metrics import Metrics
from assistant.live.record import CallRecord

TRY_AGAIN_LATER = 1013

log = structlog.get_logger("calmline.live")


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

    def change_policy(self, policy: Policy) -> None:
        """Another policy advises from now on, in the calls that are live and in those to come."""
        self._settings = replace(self._settings, policy=policy)
        for call, _ in self._live.values():
            call.change_policy(policy)

    def open(self, call_id: str, announced: Announced) -> LiveCall:
        """Begins a call. Raises `PeerProtocolError` where there is no room, the id is taken or the audio is not accepted."""
        self._forget_old()
        started_at = datetime.now().astimezone()
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
                started_at=started_at,
            )
        except AssistantError as refused:
            raise PeerProtocolError(str(refused), 1003) from refused
        record = CallRecord(call_id, announced.agent, started_at.astimezone(UTC))
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
