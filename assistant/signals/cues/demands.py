"""What a side has asked for, and whether it asks for it again.

In: each utterance with its requests and how it compares with what was asked before. Out: `Again`, where an earlier ask of the same
side is made once more, in these or in other words. Pure.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal, NamedTuple

WITHIN_S = 300.0
"""An ask is remembered so long."""
APART_S = 4.0
"""What comes sooner after an ask is the rest of it."""
MOST = 24
"""So many asks of a side are remembered."""
STANDS = 0.5
"""`Asked` is calibrated to it."""


class Asked(NamedTuple):
    """Whether an utterance asks for something (`p`), and for the same as each of the earlier asks that it was compared with, in their
    order (`same`, if both are asks). In [0, 1]; what reaches `STANDS` stands."""

    p: float
    same: tuple[float, ...]


@dataclass(frozen=True)
class Again:
    """An ask made again: found `by` its request cue or by its meaning; `what` is the request, or the words of the earlier ask; `p` in
    [0, 1]."""

    what: str
    by: Literal["cue", "meaning"]
    p: float


@dataclass(frozen=True)
class _Ask:
    end_s: float
    cues: frozenset[str]
    text: str
    by_meaning: bool


class Demands:
    """The asks of one call, side by side. Asks of an agent are none of these; on `mixed` only requests count, not their words."""

    def __init__(self) -> None:
        self._asks: dict[str, deque[_Ask]] = {}

    def before(self, side: str, start_s: float) -> tuple[str, ...] | None:
        """The earlier asks that what begins at `start_s` is to be compared with; None if it is not to be compared at all."""
        if side in ("agent", "mixed"):
            return None
        return tuple(ask.text for ask in self._remembered(side, start_s) if ask.by_meaning)

    def made(
        self, side: str, start_s: float, end_s: float, text: str, requests: tuple[str, ...], asked: Asked | None, *, answers_repair: bool
    ) -> Again | None:
        """One utterance; `asked`: how it compares with `before`. Who was asked to repeat does not demand again by repeating."""
        if side == "agent":
            return None
        asks = self._remembered(side, start_s)
        by_meaning = asked is not None and asked.p >= STANDS
        if not requests and not by_meaning:
            return None
        again = None
        if not answers_repair:
            again = _by_cue(requests, asks, start_s) or (_by_meaning(asked, asks, start_s) if asked is not None and by_meaning else None)
        asks.append(_Ask(end_s, frozenset(requests), text, by_meaning))
        return again

    def _remembered(self, side: str, start_s: float) -> deque[_Ask]:
        asks = self._asks.setdefault(side, deque(maxlen=MOST))
        while asks and start_s - asks[0].end_s > WITHIN_S:
            asks.popleft()
        return asks


def _by_cue(requests: tuple[str, ...], asks: deque[_Ask], start_s: float) -> Again | None:
    for cue in requests:
        same = [old for old in asks if cue in old.cues]
        if same and start_s - same[-1].end_s >= APART_S:
            return Again(cue.removeprefix("request_"), "cue", 1.0)
    return None


def _by_meaning(asked: Asked, asks: deque[_Ask], start_s: float) -> Again | None:
    same = [(p, old) for p, old in zip(asked.same, (ask for ask in asks if ask.by_meaning), strict=True) if p >= STANDS]
    if not same or any(start_s - old.end_s < APART_S for _, old in same):
        return None
    p, old = max(same, key=lambda found: found[0])
    return Again(old.text, "meaning", p)
