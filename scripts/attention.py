"""The budget of attention, measured: how often cards came, how soon after their cause, and when they should not have come. Pure.

In: call documents. Out: figures over all of them. Cards after the end of a call (`take_a_break`) take no attention in it and are left
out; `crisis` and `ladder.*` are exempt from the budget and counted apart where that matters.
"""

import statistics
from collections import Counter
from itertools import pairwise
from typing import Any

from assistant.events import SpeechEnded, SpeechStarted
from assistant.guidance.cards import is_urgent
from assistant.guidance.compare import is_calm
from assistant.heat.levels import LEVELS
from assistant.offline.documents import Stored, StoredCard
from scripts.benchmark.figures import quantile

REPEAT_S = 120.0
CALM_WINDOW_S = 600.0
AFTER_THE_CALL = "take_a_break"
SAME_S = 1e-6


class Attention:
    """The figures under way."""

    def __init__(self) -> None:
        self.calls = 0
        self.level_s: Counter[str] = Counter()
        self.level_cards: Counter[str] = Counter()
        self.cards: Counter[str] = Counter()
        self.repeats: Counter[str] = Counter()
        self.while_speaking: Counter[str] = Counter()
        self.delays_s: list[float] = []
        self.calm_calls = 0
        self.calm_calls_crowded = 0
        self.crowded: list[str] = []

    def add(self, stored: Stored) -> None:
        """One more call."""
        self.calls += 1
        cards = [card for card in stored.guidance if card.card != AFTER_THE_CALL]
        self.cards.update(card.card for card in cards)
        self._levels(stored, cards)
        self._repeats(cards)
        talk = agent_talk(stored)
        self.while_speaking.update(card.card for card in cards if any(start < card.t_s < end for start, end in talk))
        for card in cards:
            known = [cause.end_s for cause in card.reasons if cause.end_s is not None]
            if known:
                self.delays_s.append(max(0.0, card.t_s - max(known)))
        if is_calm(stored.beliefs, max((point.heat for point in stored.heat), default=0.0)):
            self.calm_calls += 1
            if _crowded(cards):
                self.calm_calls_crowded += 1
                self.crowded.append(stored.call.name)

    def facts(self) -> dict[str, Any]:
        """Everything as JSON-ready data."""
        speaking = dict(sorted(self.while_speaking.items()))
        return {
            "calls": self.calls,
            "hours": round(sum(self.level_s.values()) / 3600.0, 3),
            "cards": sum(self.cards.values()),
            "by_level": {level: self._rate(level) for level in LEVELS},
            "repeats_within_2_min": sum(self.repeats.values()),
            "repeats": dict(sorted(self.repeats.items())),
            "while_the_agent_spoke": sum(count for card, count in speaking.items() if not is_urgent(card)),
            "while_the_agent_spoke_urgent": sum(count for card, count in speaking.items() if is_urgent(card)),
            "delay_median_s": round(statistics.median(self.delays_s), 3) if self.delays_s else None,
            "delay_p95_s": round(quantile(self.delays_s, 0.95), 3) if self.delays_s else None,
            "calm_calls": self.calm_calls,
            "calm_calls_with_more_than_a_card_in_10_min": self.calm_calls_crowded,
            "crowded_calm_calls": self.crowded,
        }

    def _rate(self, level: str) -> dict[str, float]:
        minutes = self.level_s[level] / 60.0
        cards = self.level_cards[level]
        return {"minutes": round(minutes, 2), "cards": cards, "cards_a_minute": round(cards / minutes, 3) if minutes else 0.0}

    def _levels(self, stored: Stored, cards: list[StoredCard]) -> None:
        """Time and cards at each level of heat; a call begins calm. A card counts to the level that called for it, told by its time."""
        points = [(0.0, "calm"), *((point.t_s, point.level) for point in stored.heat)]
        ends = [*(t_s for t_s, _ in points[1:]), max(stored.call.duration_s, points[-1][0])]
        for (since_s, level), until_s in zip(points, ends, strict=True):
            self.level_s[level] += max(0.0, until_s - since_s)
        for card in cards:
            self.level_cards[[level for t_s, level in points if t_s <= card.t_s + SAME_S][-1]] += 1

    def _repeats(self, cards: list[StoredCard]) -> None:
        last: dict[str, float] = {}
        for card in cards:
            if card.t_s - last.get(card.card, -REPEAT_S) < REPEAT_S:
                self.repeats[card.card] += 1
            last[card.card] = card.t_s


def agent_talk(stored: Stored) -> list[tuple[float, float]]:
    """From when to when it was known that the agent spoke."""
    talk: list[tuple[float, float]] = []
    since_s: float | None = None
    for signal in stored.beliefs:
        match signal:
            case SpeechStarted(track="agent") if since_s is None:
                since_s = signal.t_s
            case SpeechEnded(track="agent") if since_s is not None:
                talk.append((since_s, signal.t_s))
                since_s = None
            case _:
                pass
    return talk if since_s is None else [*talk, (since_s, stored.call.duration_s)]


def _crowded(cards: list[StoredCard]) -> bool:
    times = sorted(card.t_s for card in cards)
    return any(later - earlier < CALM_WINDOW_S for earlier, later in pairwise(times))


def as_text(facts: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"{facts['calls']} calls, {facts['hours']} h, {facts['cards']} cards"]
    for level, rate in facts["by_level"].items():
        lines.append(f"  {level:8} {rate['cards_a_minute']:6.2f} cards a minute ({rate['cards']} in {rate['minutes']:.1f} min)")
    named = ", ".join(f"{card} {count}" for card, count in facts["repeats"].items())
    lines.append(f"same card again within 2 minutes: {facts['repeats_within_2_min']}" + (f" ({named})" if named else ""))
    urgent = facts["while_the_agent_spoke_urgent"]
    lines.append(f"shown while the agent spoke: {facts['while_the_agent_spoke']} (besides {urgent} of crisis or ladder)")
    if facts["delay_median_s"] is None:
        lines.append("from cause to card: no card had a cause with a time")
    else:
        lines.append(f"from cause to card: median {facts['delay_median_s']:.2f} s, p95 {facts['delay_p95_s']:.2f} s")
    crowded = facts["calm_calls_with_more_than_a_card_in_10_min"]
    lines.append(f"calm calls with more than one card in ten minutes: {crowded} of {facts['calm_calls']}")
    return "\n".join(lines)
