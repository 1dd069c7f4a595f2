"""One card at a time: which of those that came up is shown, when, and for how long. Pure; media time in seconds.

In: candidates with their reasons, whether the agent speaks, presses. Out: cards shown and cleared.
"""

from dataclasses import dataclass
from typing import Literal

from assistant.events import AbuseKind, Reason
from assistant.guidance.policy import Budget, Card

ClearedWhy = Literal["expired", "replaced", "done", "not_helpful", "call_ended"]


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
        """May come while the agent speaks, and has no cool-down."""
        return self.card == "crisis" or self.card.startswith("ladder.")


@dataclass(frozen=True)
class Shown:
    card_id: str
    candidate: Candidate
    since_s: float


@dataclass(frozen=True)
class Cleared:
    card_id: str
    why: ClearedWhy


class Cards:
    """The card of one call."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._now: Shown | None = None
        self._waiting: list[Candidate] = []
        self._last_s: dict[str, float] = {}
        self._number = 0

    @property
    def now(self) -> Shown | None:
        """The card that is on the screen."""
        return self._now

    @property
    def busy(self) -> bool:
        """Whether time alone can change anything."""
        return self._now is not None or bool(self._waiting)

    def offer(self, candidate: Candidate) -> None:
        """Something calls for a card; `settle` decides."""
        self._waiting = [waiting for waiting in self._waiting if waiting.card != candidate.card] + [candidate]

    def fulfil(self, cards: tuple[str, ...]) -> list[Cleared]:
        """What these cards ask for was done: none of them is shown or waits any longer."""
        self._waiting = [waiting for waiting in self._waiting if waiting.card not in cards]
        return [self._clear("done")] if self._now is not None and self._now.candidate.card in cards else []

    def withdraw(self, prefix: str) -> None:
        """Cards that wait and whose name begins with `prefix` will not come."""
        self._waiting = [waiting for waiting in self._waiting if not waiting.card.startswith(prefix)]

    def settle(self, t_s: float, agent_speaks: bool) -> list[Shown | Cleared]:
        """What changes on the screen at `t_s`."""
        changes: list[Shown | Cleared] = []
        if self._now is not None and t_s >= self._now.since_s + self._now.candidate.words.ttl_s:
            changes.append(self._clear("expired"))
        self._waiting = [waiting for waiting in self._waiting if waiting.urgent or t_s <= waiting.t_s + self._budget.hold_s]
        chosen = max(
            (waiting for waiting in self._waiting if self._may_show(waiting, t_s, agent_speaks)),
            key=lambda waiting: (waiting.words.priority, waiting.t_s),
            default=None,
        )
        if chosen is None:
            return changes
        self._waiting.remove(chosen)
        if self._now is not None:
            changes.append(self._clear("replaced"))
        self._number += 1
        self._now = Shown(f"c{self._number}", chosen, t_s)
        self._last_s[chosen.card] = t_s
        return [*changes, self._now]

    def press(self, card_id: str | None, why: Literal["done", "not_helpful"]) -> list[Cleared]:
        """The agent puts the card away. A press on a card that is gone already does nothing."""
        return [self._clear(why)] if self._now is not None and self._now.card_id == card_id else []

    def end(self) -> list[Cleared]:
        """The call is over."""
        self._waiting.clear()
        return [self._clear("call_ended")] if self._now is not None else []

    def _may_show(self, candidate: Candidate, t_s: float, agent_speaks: bool) -> bool:
        last_s = self._last_s.get(candidate.card)
        cooling = last_s is not None and t_s < last_s + self._budget.cool_down_s
        if not candidate.urgent and (agent_speaks or cooling):
            return False
        if self._now is None:
            return True
        if candidate.words.priority > self._now.candidate.words.priority:
            return candidate.urgent or t_s >= self._now.since_s + self._budget.dwell_s
        return t_s >= self._now.since_s + self._budget.dwell_s and not self._now.candidate.urgent

    def _clear(self, why: ClearedWhy) -> Cleared:
        assert self._now is not None
        cleared = Cleared(self._now.card_id, why)
        self._now = None
        return cleared
