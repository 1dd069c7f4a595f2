"""Rules and a ladder that write down what came close: for each belief that all but moved them, the one condition that failed. Pure.

They decide as the plain ones do and stand in their place in a `Guide`; slower, so only where a call is explained.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.events import AbuseKind, AnyEvent, CueHeard, Interruption, UtteranceScored
from assistant.guidance.policy import Policy, Rule
from assistant.guidance.rules import Fired, Rules, Situation, Told, quoted, told_by
from assistant.guidance.steps import EARLY_STEP, Moved, Steps, TakenBack
from assistant.timebase import Track

NEAR = 0.5
"""A miss is near where at most this share of what was asked lacked."""

YES_OR_NO = 0.3
"""The share that a condition without a measure counts as, where it fails."""


@dataclass(frozen=True)
class Lack:
    """A condition that failed."""

    condition: str
    """The key of the policy."""
    text: str
    short: float
    """The share of what was asked that lacked, in [0, 1]."""


@dataclass(frozen=True)
class NearMiss:
    """A card that all but was called for."""

    t_s: float
    card: str
    rule: str
    what: str
    condition: str
    lacked: str
    short: float
    key: str
    """Of the belief: the same belief told anew is the same miss."""
    track: Track | None = None
    quote: str | None = None
    start_s: float | None = None
    end_s: float | None = None


class Misses(dict[tuple[str, str], NearMiss]):
    """The near misses of a call by rule and belief; of a belief that was told anew the last one counts."""

    def note(self, miss: NearMiss) -> None:
        if miss.short <= NEAR:
            self[miss.rule, miss.key] = miss

    def forget(self, card: str, key: str | None = None) -> None:
        """The misses of a card, all or those of one belief, are none after all."""
        for at in [at for at, miss in self.items() if miss.card == card and key in (None, miss.key)]:
            del self[at]


class WatchedRules(Rules):
    """The rules of a policy over one call, and what they missed."""

    def __init__(self, policy: Policy, misses: Misses) -> None:
        super().__init__(policy)
        self._misses = misses

    def hear(self, event: AnyEvent, now: Situation) -> Iterator[Fired]:
        """As the plain rules do."""
        told = told_by(event)
        if told is not None:
            for rule, lacks in self._lacks(event, told, now):
                self._note(rule, told, lacks, now.t_s)
        return iter(list(super().hear(event, now)))

    def unsure(self, event: UtteranceScored | CueHeard, now: Situation, floor: float) -> None:
        """A belief that was not heard well enough for any conclusion."""
        told = told_by(event)
        if told is not None and event.confidence is not None:
            badly = unsure(event.confidence, floor)
            for rule, lacks in self._lacks(event, told, now):
                self._note(rule, told, [badly, *lacks], now.t_s)

    def fires(self, event: AnyEvent, now: Situation) -> list[str]:
        """The ids of the rules that lack nothing; by this the explanation is held against the rules themselves."""
        told = told_by(event)
        return [] if told is None else [rule.id for rule, lacks in self._lacks(event, told, now) if not lacks]

    def _note(self, rule: Rule, told: Told, lacks: list[Lack], t_s: float) -> None:
        if rule.on != "heat":
            self._misses.pop((rule.id, told.key), None)
        if len(lacks) != 1:
            return
        (lack,) = lacks
        nearest = self._misses.get((rule.id, told.key))
        if nearest is not None and nearest.short <= lack.short:
            return
        what = rule.why.replace("{count}", str(rule.count))
        place = (told.track, told.quote, told.start_s, told.end_s)
        self._misses.note(NearMiss(t_s, rule.card, rule.id, what, lack.condition, lack.text, lack.short, told.key, *place))

    def _lacks(self, event: AnyEvent, told: Told, now: Situation) -> Iterator[tuple[Rule, list[Lack]]]:
        """The rules that ask of such a belief, each with what lacks; a belief that already counted is passed over."""
        for rule in self._by_trigger[told.on]:
            if _is_about(rule, event, told) and (rule.on == "heat" or told.key not in self._times[rule.id]):
                yield rule, [*_of_belief(rule, event, told), *self._of_call(rule, now), *self._of_number(rule, told, now.t_s)]

    def _of_call(self, rule: Rule, now: Situation) -> Iterator[Lack]:
        if now.heat < rule.heat_from:
            yield Lack("heat_from", f"heat {now.heat:.1f}, from {rule.heat_from:g}", _short(now.heat, rule.heat_from))
        if now.heat >= rule.heat_below:
            yield Lack("heat_below", f"heat {now.heat:.1f}, only below {rule.heat_below:g}", 1.0 - rule.heat_below / max(1.0, now.heat))
        if now.peak < rule.peak_from:
            yield Lack("peak_from", f"the highest heat was {now.peak:.1f}, from {rule.peak_from:g}", _short(now.peak, rule.peak_from))
        if rule.trend_below is not None and now.trend >= rule.trend_below:
            yield Lack("trend_below", f"trend {now.trend:g} a minute, only below {rule.trend_below:g}", YES_OR_NO)
        if rule.clear_ladder and not now.clear_ladder:
            yield Lack("clear_ladder", "the ladder is not clear", YES_OR_NO)
        if rule.third_party and not now.third_party:
            yield Lack("third_party", "no third party is on the call", 1.0)
        if rule.after and not self._heard(rule.after, now.t_s - rule.after_s):
            yield Lack("after", f"no {_either(rule.after)} within {rule.after_s:g} s before", YES_OR_NO)
        if rule.unless and self._heard(rule.unless, now.t_s - rule.unless_s):
            yield Lack("unless", f"{_either(rule.unless)} within {rule.unless_s:g} s before", YES_OR_NO)

    def _of_number(self, rule: Rule, told: Told, t_s: float) -> Iterator[Lack]:
        if rule.on == "heat":
            lasted = t_s - self._since.get(rule.id, t_s)
            if lasted < rule.for_s:
                yield Lack("for_s", f"for {lasted:.0f} of {rule.for_s:g} s", _short(lasted, rule.for_s))
            return
        times = {**self._times[rule.id], told.key: told.start_s}
        count = sum(at >= t_s - rule.within_s for at in times.values())
        if count < rule.count:
            yield Lack("count", f"{count} of {rule.count} times within {rule.within_s:g} s", _short(count, rule.count))


class WatchedSteps(Steps):
    """The ladder of one call, and what it lacked."""

    def __init__(self, policy: Policy, misses: Misses) -> None:
        super().__init__(policy)
        self._misses = misses

    def judged(self, event: UtteranceScored) -> Moved | TakenBack | None:
        """As the plain ladder does."""
        kind = self._kind(event)
        used = event.utterance_id in self._used
        lack = self._of_nobody(event) if kind is None else self._lack(event, kind)
        moved = super().judged(event)
        self._misses.forget("ladder", event.utterance_id)
        if moved is None and lack is not None and not used:
            self.note(event, kind, lack)
        return moved

    def note(self, event: UtteranceScored, kind: AbuseKind | None, lack: Lack) -> None:
        """Words that did not move the ladder, and why."""
        what = "hostile to a person" if kind is None else f"{kind.replace('_', ' ')} at a person"
        rule = "ladder" if kind is None else f"ladder.{kind}"
        place = (event.track, quoted(event.text), event.start_s, event.end_s)
        self._misses.note(NearMiss(event.t_s, "ladder", rule, what, lack.condition, lack.text, lack.short, event.utterance_id, *place))

    def kind_of(self, event: UtteranceScored) -> AbuseKind | None:
        """The kind of abuse that the policy sees in a judged utterance."""
        return self._kind(event)

    def _of_nobody(self, event: UtteranceScored) -> Lack | None:
        if event.abuse:
            return Lack("target", f"aimed at nobody on the call ({(event.target or 'unknown').replace('_', ' ')})", YES_OR_NO)
        if event.level == 2 and event.target == "person":
            return Lack("belittling_counts", f"hostile, not abuse (p {event.p_abuse:.2f})", 1.0 - event.p_abuse)
        return None

    def _lack(self, event: UtteranceScored, kind: AbuseKind) -> Lack | None:
        ladder = self.policy.ladder.of(kind)
        demands = ladder.evidence
        asked_p, asked_confidence = self._asked_p(event, kind), self._asked_confidence(kind)
        if event.p_abuse < asked_p and event.level == 3:
            return Lack("evidence.p", f"probability of abuse {event.p_abuse:.2f}, from {asked_p:g}", _short(event.p_abuse, asked_p))
        if event.confidence is not None and event.confidence < asked_confidence:
            return unsure(event.confidence, asked_confidence)
        seen = {**self._evidence[kind], event.utterance_id: event.end_s}
        count = sum(at >= event.end_s - demands.within_s for at in seen.values())
        if count < demands.utterances:
            short = _short(count, demands.utterances)
            return Lack("evidence.utterances", f"{count} of {demands.utterances} times within {demands.within_s:g} s", short)
        if self.ladder.locked:
            return Lack("locked", "the ladder is locked since distress was heard", YES_OR_NO)
        wanted = self.ladder.advises(self._trigger(event, kind)[0])
        if wanted is None:
            due = self.ladder.state in ("warning_due", "final_warning_due")
            return Lack("state", "the warning that is due was not given yet" if due else "its last step is reached", YES_OR_NO)
        if wanted not in ladder.steps:
            return Lack("steps", f"the policy has no step {wanted.replace('_', ' ')} for it", YES_OR_NO)
        if event.partial and wanted != EARLY_STEP:
            return Lack("partial", f"{wanted.replace('_', ' ')} waits for final words", YES_OR_NO)
        return None


def unsure(confidence: float, floor: float) -> Lack:
    """Words that were not heard well enough; always near."""
    return Lack("confidence", f"heard with confidence {confidence:.2f}, below {floor:g}", NEAR * _short(confidence, floor))


def _is_about(rule: Rule, event: AnyEvent, told: Told) -> bool:
    """Whether a belief is of the sort that a rule asks of."""
    if rule.tracks and told.track not in rule.tracks:
        return False
    match event:
        case CueHeard():
            return event.cue in rule.cues
        case Interruption():
            return event.of == (rule.of or event.of)
        case UtteranceScored():
            return event.level in rule.levels
        case _:
            return True


def _of_belief(rule: Rule, event: AnyEvent, told: Told) -> Iterator[Lack]:
    if isinstance(event, Interruption) and rule.cut_off is not None and event.cut_off != rule.cut_off:
        yield Lack("cut_off", "was silenced by it" if event.cut_off else "spoke on", YES_OR_NO)
    if rule.on == "monologue" and told.seconds < rule.for_s:
        yield Lack("for_s", f"{told.seconds:.0f} s without a break, from {rule.for_s:g}", _short(told.seconds, rule.for_s))


def _short(value: float, asked: float) -> float:
    return max(0.0, 1.0 - value / asked) if asked > 0.0 else 0.0


def _either(cues: Iterable[str]) -> str:
    return " or ".join(cue.replace("_", " ") for cue in cues)
