"""One live call: a bounded inbox, and one task that works it off on a shared pool of threads, in order.

In: audio, presses and policies as they come. Out: events, to `publish`. Recognition runs on the pool, never on the event loop. A full
inbox holds the sender back (nothing is dropped); audio that waits too long is told of as a degraded stage. Calls share the pool
fairly: one piece of work is at most `PIECE_S` of audio.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.audio import codecs
from assistant.audio.resample import Resampler
from assistant.engine import LiveEngine
from assistant.errors import PeerProtocolError
from assistant.events import AnyEvent, CallEnded, PressAction
from assistant.guidance.policy import Policy
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


_Work = _Audio | _Press | Policy | _Stop
"""What waits in the inbox of a call; a policy advises from its place on."""


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
        self._inbox: deque[_Work] = deque()
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

    def change_policy(self, policy: Policy) -> None:
        """Another policy advises from here on: what waits before it is still worked off under the old one."""
        if not self._stopping:
            self._put(policy)

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
                case Policy():
                    self._publish(self.record, self._engine.change_policy(work))
                case _Stop():
                    self._publish(self.record, await loop.run_in_executor(self._pool, self._finish, work.why))
                    return

    def _put(self, work: _Work) -> None:
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
