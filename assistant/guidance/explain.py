"""Why each card of a recorded call came, why others did not, and what came close. Pure.

In: the stored beliefs of a call and a policy. Out: an `Explanation` of the advice that this policy gives on them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from assistant.events import (
    AnyEvent,
    CardCleared,
    CardShown,
    CueHeard,
    LadderMoved,
    Reason,
    StepApproved,
    TerminationLocked,
    UtteranceScored,
)
from assistant.guidance.cards import Blocked, Candidate
from assistant.guidance.guide import Guide
from assistant.guidance.nearly import Lack, Misses, NearMiss, WatchedRules, WatchedSteps, unsure
from assistant.guidance.policy import Policy
from assistant.guidance.replay import Moment, drive
from assistant.signals.cues.kinds import DISTRESS

AROUND_S = 15.0
"""Near misses within so long of a call for the same card say nothing new."""

Outcome = Literal["dropped", "withdrawn", "call_ended"]
BlockedBy = Blocked | Literal["approval"]


@dataclass(frozen=True)
class Block:
    """What kept a card back from `from_s` to `to_s`; `until_s`: when time alone would have let it pass."""

    why: BlockedBy
    from_s: float
    to_s: float
    until_s: float | None = None


@dataclass(frozen=True)
class Came:
    """A card that was shown."""

    t_s: float
    card_id: str
    card: str
    title: str
    heat: float
    reasons: tuple[Reason, ...]
    waited: tuple[Block, ...] = ()
    """What kept it back at first."""
    cleared: str | None = None
    cleared_s: float | None = None


@dataclass(frozen=True)
class Held:
    """A card that was called for and not shown."""

    t_s: float
    card: str
    reasons: tuple[Reason, ...]
    blocks: tuple[Block, ...]
    outcome: Outcome
    ended_s: float
    times: int = 1


@dataclass(frozen=True)
class Explanation:
    """All that can be said about the advice of a call."""

    policy: str
    came: tuple[Came, ...]
    held: tuple[Held, ...]
    near: tuple[NearMiss, ...]
    locked_s: float | None = None


@dataclass
class _Asked:
    """A card that is called for and waits."""

    since_s: float
    candidate: Candidate
    times: int = 1
    blocks: list[Block] = field(default_factory=list)

    def block(self, why: BlockedBy, t_s: float, until_s: float | None) -> None:
        last = self.blocks[-1] if self.blocks else None
        if last is not None:
            self.blocks[-1] = replace(last, to_s=t_s)
        if last is None or last.why != why or last.until_s != until_s:
            self.blocks.append(Block(why, t_s, t_s, until_s))

    def over(self, t_s: float) -> tuple[Block, ...]:
        return (*self.blocks[:-1], replace(self.blocks[-1], to_s=t_s)) if self.blocks else ()


def explain(policy: Policy, signals: Sequence[AnyEvent], duration_s: float) -> Explanation:
    """What `policy` advises on `signals`, and why."""
    return _Watch(policy).watch(signals, duration_s)


class _Watch:
    """One call, looked at moment by moment."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._misses = Misses()
        self._rules = WatchedRules(policy, self._misses)
        self._steps = WatchedSteps(policy, self._misses)
        self._guide = Guide(policy, self._rules, self._steps)
        self._asked: dict[str, _Asked] = {}
        self._unapproved: tuple[LadderMoved, float] | None = None
        self._came: dict[str, Came] = {}
        self._held: list[Held] = []
        self._locked_s: float | None = None

    def watch(self, signals: Iterable[AnyEvent], duration_s: float) -> Explanation:
        for moment in drive(self._guide, signals, duration_s):
            self._signal(moment)
            for event in moment.advice:
                self._advice(event, moment.t_s)
            self._queue(moment.t_s)
        for card in list(self._asked):
            self._give_up(card, duration_s, "call_ended")
        self._refuse(duration_s)
        held = sorted(_merged(self._held), key=lambda one: one.t_s)
        return Explanation(self._policy.version, tuple(self._came.values()), tuple(held), tuple(self._near()), self._locked_s)

    def _signal(self, moment: Moment) -> None:
        heard, evidence = moment.signal, self._policy.evidence
        if isinstance(heard, UtteranceScored | CueHeard):
            self._near_distress(heard)
            if heard.confidence is not None and not evidence.heard_well(heard.confidence):
                self._unsure(heard, heard.confidence, evidence.confidence_floor)

    def _unsure(self, heard: UtteranceScored | CueHeard, confidence: float, floor: float) -> None:
        self._rules.unsure(heard, self._guide.situation(heard.t_s), floor)
        if isinstance(heard, UtteranceScored) and heard.track != "agent":
            kind = self._steps.kind_of(heard)
            if kind is not None:
                self._steps.note(heard, kind, unsure(confidence, floor))

    def _near_distress(self, heard: UtteranceScored | CueHeard) -> None:
        if heard.track == "agent" or self._locked_s is not None:
            return
        evidence = self._policy.evidence
        sure = evidence.heard_well(heard.confidence)
        if isinstance(heard, CueHeard):
            if heard.cue not in DISTRESS:
                return
            asked, field, p, key = evidence.distress_cue_p, "distress_cue_p", heard.p, heard.cue_id
        else:
            asked, field, p, key = evidence.distress_p, "distress_p", heard.scores.get("distress", 0.0), heard.utterance_id
        if p >= asked and not sure and heard.confidence is not None:
            lack = unsure(heard.confidence, evidence.confidence_floor)
        elif p < asked and sure:
            lack = Lack(field, f"probability of distress {p:.2f}, from {asked:g}", 1.0 - p / asked)
        else:
            return
        what = "words of danger to life or limb"
        place = (heard.track, heard.text, heard.start_s, heard.end_s)
        self._misses.note(NearMiss(heard.t_s, "crisis", "distress", what, lack.condition, lack.text, lack.short, key, *place))

    def _advice(self, event: AnyEvent, t_s: float) -> None:
        match event:
            case CardShown():
                asked = self._asked.pop(event.card, None)
                waited = () if asked is None else asked.over(t_s)
                heat = round(self._guide.situation(t_s).heat, 1)
                self._came[event.card_id] = Came(t_s, event.card_id, event.card, event.title, heat, tuple(event.reasons), waited)
            case CardCleared():
                self._came[event.card_id] = replace(self._came[event.card_id], cleared=event.why, cleared_s=t_s)
            case LadderMoved() if event.approver != "agent":
                self._refuse(t_s)
                self._unapproved = (event, t_s)
            case StepApproved():
                self._unapproved = None
            case TerminationLocked():
                self._locked_s = self._locked_s if self._locked_s is not None else t_s
                self._misses.forget("crisis")
            case _:
                pass

    def _queue(self, t_s: float) -> None:
        """What waits now, and what keeps it back."""
        waiting = {candidate.card: candidate for candidate in self._guide.cards.waiting}
        for card in [card for card in self._asked if card not in waiting]:
            until_s = self._guide.cards.held_until_s(self._asked[card].candidate)
            self._give_up(card, min(t_s, until_s), "dropped" if t_s > until_s else "withdrawn")
        for card, candidate in waiting.items():
            asked = self._asked.setdefault(card, _Asked(t_s, candidate))
            if asked.candidate is not candidate:
                asked.candidate = candidate
                asked.times += 1
            blocked = self._guide.cards.blocked(candidate, t_s, self._guide.agent_speaks)
            if blocked is not None:
                asked.block(blocked, t_s, self._guide.cards.blocked_until(candidate, blocked))

    def _give_up(self, card: str, t_s: float, outcome: Outcome) -> None:
        asked = self._asked.pop(card)
        self._held.append(Held(asked.since_s, card, asked.candidate.reasons, asked.over(t_s), outcome, t_s, asked.times))

    def _refuse(self, t_s: float) -> None:
        """A step that nobody agreed to."""
        if self._unapproved is not None:
            moved, since_s = self._unapproved
            blocks = (Block("approval", since_s, t_s),)
            self._held.append(Held(since_s, f"ladder.{moved.step}", tuple(moved.reasons), blocks, "withdrawn", t_s))
            self._unapproved = None

    def _near(self) -> list[NearMiss]:
        """The misses that nothing else tells of: not those about a call for the same card."""
        called: dict[str, list[float]] = {}
        for card, at in [(one.card, one.t_s) for one in self._came.values()] + [(one.card, one.t_s) for one in self._held]:
            called.setdefault(card.partition(".")[0], []).append(at)
        return sorted(
            (miss for miss in self._misses.values() if all(abs(at - miss.t_s) > AROUND_S for at in called.get(miss.card, ()))),
            key=lambda miss: (miss.t_s, miss.rule),
        )


def _merged(held: Sequence[Held]) -> list[Held]:
    """Calls for one card that the same thing kept back until the same moment, as one."""
    found: dict[tuple[str, BlockedBy, float], Held] = {}
    alone: list[Held] = []
    for one in held:
        last = one.blocks[-1] if one.blocks else None
        if last is None or last.until_s is None:
            alone.append(one)
            continue
        key = (one.card, last.why, last.until_s)
        first = found.get(key)
        if first is None:
            found[key] = one
        else:
            blocks = (*first.blocks[:-1], replace(first.blocks[-1], to_s=last.to_s))
            found[key] = replace(first, ended_s=one.ended_s, times=first.times + one.times, blocks=blocks)
    return alone + list(found.values())
