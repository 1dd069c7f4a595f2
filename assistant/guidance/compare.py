"""What two policies advise on the same call, side by side, and over many calls. Pure.

In: the stored beliefs of calls, two policies. Out: the differences of each call, and counts that calls of any number share.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.events import AnyEvent, CardShown, HeatChanged, LadderMoved, TerminationLocked, UtteranceScored
from assistant.guidance.guide import Guide
from assistant.guidance.policy import Policy
from assistant.guidance.replay import drive
from assistant.heat.levels import RISES_AT

SAME_WITHIN_S = 15.0
"""The same advice no further apart than this is one that came at another time, and not another one."""

MOVED_FROM_S = 0.5
"""Advice that came at another time by less than this came at the same time."""

WARNINGS = ("warning", "final_warning")


@dataclass(frozen=True)
class Advised:
    """One piece of advice: a step of the ladder, a card, the lock."""

    t_s: float
    kind: Literal["step", "card", "lock"]
    name: str
    rule: str


@dataclass(frozen=True)
class Given:
    """What one policy advised on one call."""

    advice: tuple[Advised, ...]
    peak_heat: float
    first_card_delay_s: float | None
    """From the first belief that called for a card to the first card; None where no card came."""

    def named(self, kind: str) -> Counter[str]:
        """How often each step, or each card, was advised."""
        return Counter(one.name for one in self.advice if one.kind == kind)

    @property
    def warnings(self) -> int:
        """Steps of the ladder that ask for a warning."""
        return sum(one.kind == "step" and one.name in WARNINGS for one in self.advice)


@dataclass(frozen=True)
class Difference:
    """Advice that only one of the policies gives, or that they give at different times."""

    kind: Literal["step", "card", "lock"]
    name: str
    old_s: float | None
    new_s: float | None
    rule: str


@dataclass(frozen=True)
class Compared:
    """One call under two policies."""

    name: str
    duration_s: float
    advised_by: str
    """The version that advised in the call itself."""
    calm: bool
    old: Given
    new: Given
    differences: tuple[Difference, ...]


def compare(
    name: str, signals: Sequence[AnyEvent], duration_s: float, advised_by: str, old: Policy, new: Policy
) -> Compared:
    """One call under both policies."""
    before, after = given(old, signals, duration_s), given(new, signals, duration_s)
    calm = is_calm(signals, before.peak_heat)
    return Compared(name, duration_s, advised_by, calm, before, after, differences(before.advice, after.advice))


def given(policy: Policy, signals: Iterable[AnyEvent], duration_s: float) -> Given:
    """What `policy` advises on a call."""
    guide = Guide(policy)
    advice: list[Advised] = []
    peak = 0.0
    cause_s: float | None = None
    card_s: float | None = None
    for moment in drive(guide, signals, duration_s):
        if cause_s is None and guide.cards.busy:
            cause_s = moment.t_s
        for event in moment.advice:
            match event:
                case HeatChanged():
                    peak = max(peak, event.heat)
                case CardShown():
                    card_s = moment.t_s if card_s is None else card_s
                    advice.append(Advised(moment.t_s, "card", event.card, _first_rule(event)))
                case LadderMoved():
                    advice.append(Advised(moment.t_s, "step", event.step, _first_rule(event)))
                case TerminationLocked():
                    advice.append(Advised(moment.t_s, "lock", "locked", _first_rule(event)))
                case _:
                    pass
    delay_s = None if cause_s is None or card_s is None else round(card_s - cause_s, 3)
    return Given(tuple(advice), peak, delay_s)


def _first_rule(event: CardShown | LadderMoved | TerminationLocked) -> str:
    return event.reasons[0].rule if event.reasons else ""


def is_calm(signals: Iterable[AnyEvent], peak_heat: float) -> bool:
    """Whether a call never was heated, and no final words in it were judged hostile or abusive: nobody in it should be warned."""
    hostile = any(
        isinstance(signal, UtteranceScored) and not signal.partial and signal.track != "agent" and (signal.level or 0) >= 2
        for signal in signals
    )
    return peak_heat < RISES_AT["heated"] and not hostile


def differences(old: Sequence[Advised], new: Sequence[Advised]) -> tuple[Difference, ...]:
    """What only one has, and what both have at different times."""
    found: list[Difference] = []
    left = list(new)
    for one in old:
        same = (other for other in left if (other.kind, other.name) == (one.kind, one.name) and abs(other.t_s - one.t_s) <= SAME_WITHIN_S)
        match = min(same, key=lambda other: abs(other.t_s - one.t_s), default=None)
        if match is None:
            found.append(Difference(one.kind, one.name, one.t_s, None, one.rule))
            continue
        left.remove(match)
        if abs(match.t_s - one.t_s) >= MOVED_FROM_S:
            found.append(Difference(one.kind, one.name, one.t_s, match.t_s, match.rule))
    found += [Difference(one.kind, one.name, None, one.t_s, one.rule) for one in left]
    return tuple(sorted(found, key=lambda one: (one.old_s if one.old_s is not None else one.new_s or 0.0, one.kind, one.name)))


@dataclass
class Tally:
    """What one policy advised on all calls."""

    steps: Counter[str] = field(default_factory=Counter)
    cards: Counter[str] = field(default_factory=Counter)
    warnings: int = 0
    locked_calls: int = 0
    calm_calls_warned: int = 0
    delays_s: list[float] = field(default_factory=list)

    def add(self, one: Given, calm: bool) -> None:
        """One more call."""
        self.steps += one.named("step")
        self.cards += one.named("card")
        self.warnings += one.warnings
        self.locked_calls += bool(one.named("lock"))
        self.calm_calls_warned += calm and one.warnings > 0
        if one.first_card_delay_s is not None:
            self.delays_s.append(one.first_card_delay_s)

    def facts(self, calls: int, hours: float) -> dict[str, Any]:
        """Counts, and the rates that compare batches of different sizes."""
        cards = sum(self.cards.values())
        return {
            "warnings": self.warnings,
            "warnings_in_100_calls": _in_100(self.warnings, calls),
            "steps": dict(sorted(self.steps.items())),
            "steps_in_100_calls": {name: _in_100(count, calls) for name, count in sorted(self.steps.items())},
            "cards": dict(sorted(self.cards.items())),
            "cards_in_100_calls": {name: _in_100(count, calls) for name, count in sorted(self.cards.items())},
            "cards_an_hour": round(cards / hours, 2) if hours else 0.0,
            "locked_calls": self.locked_calls,
            "locked_calls_in_100": _in_100(self.locked_calls, calls),
            "calm_calls_with_a_warning": self.calm_calls_warned,
            "first_card_delay_median_s": round(statistics.median(self.delays_s), 3) if self.delays_s else None,
        }


def totals(compared: Iterable[Compared]) -> dict[str, Any]:
    """The figures of many calls: `old`, `new`, and how many calls there are and differ."""
    old, new = Tally(), Tally()
    calls = calm = differing = 0
    duration_s = 0.0
    for one in compared:
        calls += 1
        calm += one.calm
        differing += bool(one.differences)
        duration_s += one.duration_s
        old.add(one.old, one.calm)
        new.add(one.new, one.calm)
    hours = duration_s / 3600.0
    facts = {"calls": calls, "calm_calls": calm, "hours": round(hours, 3), "calls_that_differ": differing}
    return facts | {"old": old.facts(calls, hours), "new": new.facts(calls, hours)}


def _in_100(count: int, calls: int) -> float:
    return round(100.0 * count / calls, 2) if calls else 0.0
