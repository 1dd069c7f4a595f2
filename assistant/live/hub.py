"""Fan-out of events to viewers: one bounded log a topic, and a cursor a viewer.

A topic is a call, an agent or the board. An event is encoded once, numbered once for the whole server, and appended to the log
of each topic that it belongs to. A viewer has no queue of its own: it reads on from the last `id` that it was sent, so a slow
one delays nobody and costs no memory. A viewer so slow that the log has moved past it is told how many it missed.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from assistant.events import AnyEvent, CallStarted, encode
from assistant.live.board_view import BoardView

CALL_LOG = 20_000
"""Events kept of a call (an hour of lively talk); the oldest are dropped first, and viewers who come late are told so."""
AGENT_LOG = 20_000
BOARD_LOG = 20_000


@dataclass(frozen=True)
class Batch:
    """What a viewer is sent next: messages in order, the `id` from which it reads on, and how many were lost on the way there."""

    messages: list[bytes]
    last_id: int
    dropped: int = 0


@dataclass
class Topic:
    """The log of a topic: ids grow."""

    limit: int
    ids: list[int] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    call_ids: list[str] = field(default_factory=list)
    closed: bool = False
    readers: int = 0
    _pinned: set[int] = field(default_factory=set)
    _dropped: list[int] = field(default_factory=list)
    _forgotten: list[int] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _first_reader: asyncio.Event = field(default_factory=asyncio.Event)

    def append(self, wire_id: int, call_id: str, message: bytes, *, pinned: bool = False) -> None:
        """Adds a message; a tenth of the log is dropped when it is full, but for what is `pinned` until its call is forgotten."""
        if pinned:
            self._pinned.add(wire_id)
        self.ids.append(wire_id)
        self.messages.append(message)
        self.call_ids.append(call_id)
        if len(self.ids) > self.limit:
            self._drop(self.limit // 10)

    def forget_calls(self, gone: set[str]) -> None:
        """Drops the messages of calls that are over for long: who has seen none of them misses nothing."""
        kept = [index for index, call_id in enumerate(self.call_ids) if call_id not in gone]
        self._pinned.intersection_update(self.ids[index] for index in kept)
        self._forgotten += [wire_id for wire_id, call_id in zip(self.ids, self.call_ids, strict=True) if call_id in gone]
        self._forgotten.sort()
        del self._forgotten[: -self.limit]
        self._keep(kept)

    def wake(self) -> None:
        """Lets every waiting viewer read on."""
        self._changed.set()
        self._changed = asyncio.Event()

    def close(self) -> None:
        """Nothing more will come."""
        self.closed = True
        self.wake()

    def after(self, last_id: int, limit: int = 256, *, fresh: bool = False) -> Batch | None:
        """At most `limit` messages after `last_id`, None where there are none yet. A `fresh` viewer has seen no call before."""
        begin = bisect_right(self.ids, last_id)
        end = min(len(self.ids), begin + limit)
        reached, lost = self.ids[end - 1] if begin < end else last_id, 0
        for gone in (self._dropped,) if fresh else (self._dropped, self._forgotten):
            upto = bisect_right(gone, reached) if end < len(self.ids) else len(gone)
            missed = upto - bisect_right(gone, last_id)
            if missed > 0:
                lost += missed
                reached = max(reached, gone[upto - 1])
        return Batch(self.messages[begin:end], reached, lost) if begin < end or lost else None

    async def watched(self) -> None:
        """Returns once somebody has begun to read."""
        await self._first_reader.wait()

    async def read(self, last_id: int, *, fresh: bool = False) -> Batch | None:
        """The next messages after `last_id`, as soon as there are any; None when nothing more will come."""
        self._first_reader.set()
        while True:
            changed = self._changed
            batch = self.after(last_id, fresh=fresh)
            if batch is not None or self.closed:
                return batch
            await changed.wait()

    def _drop(self, count: int) -> None:
        self._dropped += [wire_id for wire_id in self.ids[:count] if wire_id not in self._pinned]
        del self._dropped[: -self.limit]
        self._keep([index for index, wire_id in enumerate(self.ids) if index >= count or wire_id in self._pinned])

    def _keep(self, kept: list[int]) -> None:
        self.ids = [self.ids[index] for index in kept]
        self.messages = [self.messages[index] for index in kept]
        self.call_ids = [self.call_ids[index] for index in kept]


class Hub:
    """All topics of a server. Used from its event loop only."""

    def __init__(self, first_id: int) -> None:
        """`first_id` must be above every id that an earlier run of this server gave out: its start time in microseconds is."""
        self._first_id = first_id
        self._next_id = first_id
        self.board = Topic(BOARD_LOG)
        self._views: dict[str, BoardView] = {}
        self._calls: dict[str, Topic] = {}
        self._agents: dict[str, Topic] = {}
        self._agent_call_from: dict[str, int] = {}

    @property
    def first_id(self) -> int:
        """Ids below this are of an earlier run, whose events are gone."""
        return self._first_id

    def knows(self, wire_id: int) -> bool:
        """Whether this run of the server gave the id out, so that a viewer can read on from it."""
        return self._first_id - 1 <= wire_id < self._next_id

    def call(self, call_id: str) -> Topic | None:
        """The topic of a call that is live or still kept."""
        return self._calls.get(call_id)

    def agent(self, agent: str) -> Topic:
        """The topic of an agent, who need not have had a call."""
        return self._agents.setdefault(agent, Topic(AGENT_LOG))

    def leave(self, agent: str) -> None:
        """A viewer of the agent has gone: a topic without viewers and without messages is not kept."""
        topic = self._agents.get(agent)
        if topic is not None and not topic.readers and not topic.ids:
            del self._agents[agent]
            self._agent_call_from.pop(agent, None)

    def agent_call_from(self, agent: str) -> int:
        """The id before the first event of the agent's current or last call: where a viewer without a past begins."""
        return self._agent_call_from.get(agent, self._next_id - 1)

    def open_call(self, call_id: str, agent: str | None) -> None:
        """A call begins; its events will be published."""
        self._calls[call_id] = Topic(CALL_LOG)
        self._views[call_id] = BoardView()
        if agent is not None:
            self._agent_call_from[agent] = self._next_id - 1

    def publish(self, call_id: str, agent: str | None, events: Sequence[AnyEvent]) -> None:
        """Sends events of a call, in order, to everybody whom they concern."""
        call_topic = self._calls[call_id]
        view = self._views[call_id]
        agent_topic = None if agent is None else self.agent(agent)
        boarded = False
        for event in events:
            message = encode(event, self._next_id)
            # How a call began says whose it is and what its screens must warn of: it outlives the rest of a long log.
            first = isinstance(event, CallStarted)
            call_topic.append(self._next_id, call_id, message, pinned=first)
            if agent_topic is not None:
                agent_topic.append(self._next_id, call_id, message, pinned=first)
            shown = view.of(event)
            if shown is not None:
                on_board = message if shown is event else encode(shown, self._next_id)
                self.board.append(self._next_id, call_id, on_board, pinned=first)
                boarded = True
            self._next_id += 1
        if events:
            call_topic.wake()
            if agent_topic is not None:
                agent_topic.wake()
            if boarded:
                self.board.wake()

    def close_call(self, call_id: str) -> None:
        """The call is over: its viewers are sent the rest and let go."""
        self._calls[call_id].close()

    def forget_calls(self, gone: set[str]) -> None:
        """Frees what is held of calls that ended long ago."""
        for call_id in gone:
            self._calls.pop(call_id, None)
            self._views.pop(call_id, None)
        self.board.forget_calls(gone)
        for agent, topic in list(self._agents.items()):
            topic.forget_calls(gone)
            self.leave(agent)

    def close(self) -> None:
        """The server stops: all viewers are let go."""
        for topic in [self.board, *self._calls.values(), *self._agents.values()]:
            topic.close()
