"""One card at a time: which of those that came up is shown, when, and for how long. Pure; media time in seconds.

In: candidates with their reasons, whether the agent speaks, presses. Out: cards shown and cleared.
"""

from dataclasses import dataclass
from typing import Literal

from assistant.events import AbuseKind, Reason
from assistant.guidance.policy import Budget, Card

ClearedWhy = Literal["expired", "replaced", "done", "not_helpful", "withdrawn", "call_ended"]


def is_urgent(card: str) -> bool:
    """Whether a card may come while the agent speaks, without a cool-down, and when muted."""
    return card == "crisis" or card.startswith("ladder.")


@dataclass(frozen=True)
class Candidate:
    """A card that something calls for since `t_s`."""

    card: str
    words: Card
    t_s: float
    reasons: tuple[Reason, ...]
    kind: AbuseKind | None = None

    @property
    def urgent(self) -> bool:
        return is_urgent(self.card)


@dataclass(frozen=True)
class Shown:
    card_id: str
    candidate: Candidate
    since_s: float


@dataclass(frozen=True)
class Cleared:
    card_id: str
    why: ClearedWhy


Blocked = Literal["muted", "agent_speaks", "cooling", "gap", "dwell", "outranked"]
"""Why a card that was called for is not on the screen."""


class Cards:
    """The card of one call."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.muted = False
        self._now: Shown | None = None
        self._waiting: list[Candidate] = []
        self._rests_until_s: dict[str, float] = {}
        self._last_s = -1e9
        self._last_priority = 0
        self._advised = 0
        self._number = 0
        self._settled_s = 0.0
        self._unsettled = False

    @property
    def now(self) -> Shown | None:
        """The card that is on the screen."""
        return self._now

    @property
    def waiting(self) -> tuple[Candidate, ...]:
        """What is called for and not shown yet."""
        return tuple(self._waiting)

    @property
    def busy(self) -> bool:
        """Whether time alone can change anything."""
        return self._now is not None or bool(self._waiting)

    @property
    def due_s(self) -> float | None:
        """The next moment at which time alone may change what is on the screen; None if only an event can."""
        if self._unsettled:
            return 0.0
        due = [] if self._now is None else [self._now.since_s + self._now.candidate.words.ttl_s]
        for waiting in self._waiting:
            for why in ("cooling", "gap", "dwell"):
                until_s = self.blocked_until(waiting, why)
                if until_s is not None and until_s > self._settled_s:
                    due.append(until_s)
        return min(due, default=None)

    def offer(self, candidate: Candidate) -> None:
        """Something calls for a card; `settle` decides."""
        self._unsettled = True
        self._waiting = [waiting for waiting in self._waiting if waiting.card != candidate.card] + [candidate]

    def fulfil(self, cards: tuple[str, ...]) -> list[Cleared]:
        """What these cards ask for was done: none of them is shown or waits any longer."""
        self._waiting = [waiting for waiting in self._waiting if waiting.card not in cards]
        return [self._clear("done")] if self._now is not None and self._now.candidate.card in cards else []

    def withdraw(self, prefix: str) -> list[Cleared]:
        """Cards whose name begins with `prefix` are not advised any longer, the one on the screen included."""
        self._waiting = [waiting for waiting in self._waiting if not waiting.card.startswith(prefix)]
        gone = self._now is not None and self._now.candidate.card.startswith(prefix)
        return [self._clear("withdrawn")] if gone else []

    def settle(self, t_s: float, agent_speaks: bool) -> list[Shown | Cleared]:
        """What changes on the screen at `t_s`."""
        self._settled_s, self._unsettled = t_s, False
        changes: list[Shown | Cleared] = []
        if self._now is not None and t_s >= self._now.since_s + self._now.candidate.words.ttl_s:
            changes.append(self._clear("expired"))
        self._waiting = [waiting for waiting in self._waiting if waiting.urgent or t_s <= self.held_until_s(waiting)]
        chosen = max(
            (waiting for waiting in self._waiting if self.blocked(waiting, t_s, agent_speaks) is None),
            key=lambda waiting: (waiting.words.priority, waiting.t_s),
            default=None,
        )
        if chosen is None:
            return changes
        self._waiting.remove(chosen)
        if self._now is not None:
            changes.append(self._clear("replaced"))
        self._unsettled = False
        self._number += 1
        self._now = Shown(f"c{self._number}", chosen, t_s)
        self._rests_until_s[chosen.card] = t_s + self.budget.cool_down_s
        if not chosen.urgent:
            self._last_s = t_s
            self._last_priority = chosen.words.priority
            self._advised += 1
        return [*changes, self._now]

    def blocked(self, candidate: Candidate, t_s: float, agent_speaks: bool) -> Blocked | None:
        """Why a candidate may not be shown now, or None."""
        if not candidate.urgent:
            if self.muted:
                return "muted"
            if t_s < self._rests_until_s.get(candidate.card, t_s):
                return "cooling"
            if t_s < self._last_s + self._gap_s() and candidate.words.priority <= self._last_priority:
                return "gap"
            if agent_speaks:
                return "agent_speaks"
        if self._now is None:
            return None
        rests = t_s < self._now.since_s + self.budget.dwell_s
        if candidate.words.priority > self._now.candidate.words.priority:
            return "dwell" if rests and not candidate.urgent else None
        if self._now.candidate.urgent:
            return "outranked"
        return "dwell" if rests else None

    def blocked_until(self, candidate: Candidate, blocked: Blocked) -> float | None:
        """When that alone would let the candidate pass; None where no time does."""
        match blocked:
            case "cooling":
                return self._rests_until_s.get(candidate.card)
            case "gap":
                return self._last_s + self._gap_s()
            case "dwell" if self._now is not None:
                return self._now.since_s + self.budget.dwell_s
            case _:
                return None

    def held_until_s(self, waiting: Candidate) -> float:
        """After this moment a candidate that was not shown is dropped, unless it is urgent."""
        own_s = waiting.words.hold_s
        return waiting.t_s + (self.budget.hold_s if own_s is None else own_s)

    def press(self, card_id: str | None, why: Literal["done", "not_helpful"]) -> list[Cleared]:
        """The agent puts the card away. A press on a card that is gone already does nothing."""
        if self._now is None or self._now.card_id != card_id:
            return []
        times = self.budget.done_times if why == "done" else self.budget.not_helpful_times
        self._rests_until_s[self._now.candidate.card] = self._now.since_s + self.budget.cool_down_s * times
        return [self._clear(why)]

    def end(self) -> list[Cleared]:
        """The call is over."""
        self._waiting.clear()
        return [self._clear("call_ended")] if self._now is not None else []

    def show_last(self, candidate: Candidate, t_s: float) -> Shown:
        """A card for after the call; nothing comes after it."""
        self._number += 1
        return Shown(f"c{self._number}", candidate, t_s)

    def _gap_s(self) -> float:
        """Cards grow rarer as the call goes on."""
        grown = self.budget.gap_s * self.budget.gap_growth ** min(50, max(0, self._advised - 1))
        return min(self.budget.longest_gap_s, grown) if self._advised else 0.0

    def _clear(self, why: ClearedWhy) -> Cleared:
        assert self._now is not None
        cleared = Cleared(self._now.card_id, why)
        self._now = None
        self._unsettled = True
        return cleared
