"""Which rules of a policy a belief sets off. Pure; media time in seconds.

In: cues, interruptions, judged utterances, heat and turn-taking facts, as events. Out: the rules that fire, each with its reason.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CueHeard,
    HeatChanged,
    Interruption,
    LineQuality,
    Reason,
    TurnTaking,
    UtteranceScored,
)
from assistant.guidance.policy import Policy, Rule, Trigger
from assistant.timebase import Track

QUOTE_CHARACTERS = 160


@dataclass(frozen=True)
class Situation:
    """What rules may ask of the call besides the belief itself."""

    t_s: float
    heat: float
    peak: float
    trend: float
    clear_ladder: bool
    third_party: bool


@dataclass(frozen=True)
class Fired:
    rule: Rule
    reason: Reason


@dataclass
class Told:
    """A belief in the form that rules ask of: whose it is, and what to quote."""

    on: Trigger
    key: str
    track: Track | None
    start_s: float
    end_s: float
    quote: str | None = None
    utterance_id: str | None = None
    p: float | None = None
    seconds: float = 0.0


class Rules:
    """The rules of a policy over one call."""

    def __init__(self, policy: Policy) -> None:
        self._by_trigger: dict[Trigger, list[Rule]] = defaultdict(list)
        for rule in policy.rules:
            self._by_trigger[rule.on].append(rule)
        self._times: dict[str, dict[str, float]] = defaultdict(dict)
        self._since: dict[str, float] = {}
        self._cue_times: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=32))

    def hear(self, event: AnyEvent, now: Situation) -> Iterator[Fired]:
        """The rules that `event` sets off, in the order of the policy."""
        told = told_by(event)
        if told is None:
            if isinstance(event, Interruption):
                self._forget(event.interruption_id)
            return
        for rule in self._by_trigger[told.on]:
            if self._meets(rule, event, told) and self._fits(rule, now) and self._often(rule, told, now.t_s):
                yield Fired(rule, self._reason(rule, told))
        if isinstance(event, CueHeard):
            self._cue_times[event.cue].append(event.start_s)

    def _forget(self, key: str) -> None:
        """A belief was taken back: words showed that an interruption was none."""
        for times in self._times.values():
            times.pop(key, None)

    def at_end(self, hot_s: float, now: Situation) -> Iterator[Fired]:
        """The rules of the end of the call, which was heated or boiling for `hot_s`."""
        for rule in self._by_trigger["call_end"]:
            if hot_s >= rule.for_s and self._fits(rule, now):
                yield Fired(rule, Reason(rule=rule.id, what=rule.why, start_s=now.t_s, end_s=now.t_s))

    def _meets(self, rule: Rule, event: AnyEvent, told: Told) -> bool:
        if rule.tracks and told.track not in rule.tracks:
            return False
        match event:
            case CueHeard():
                return event.cue in rule.cues
            case Interruption():
                return event.of == (rule.of or event.of) and (rule.cut_off is None or event.cut_off == rule.cut_off)
            case UtteranceScored():
                return event.level in rule.levels
            case TurnTaking():
                return told.seconds >= rule.for_s
            case _:
                return True

    def _fits(self, rule: Rule, now: Situation) -> bool:
        if not rule.heat_from <= now.heat < rule.heat_below or now.peak < rule.peak_from:
            return False
        if rule.trend_below is not None and now.trend >= rule.trend_below:
            return False
        if (rule.clear_ladder and not now.clear_ladder) or (rule.third_party and not now.third_party):
            return False
        if rule.after and not self._heard(rule.after, now.t_s - rule.after_s):
            return False
        return not (rule.unless and self._heard(rule.unless, now.t_s - rule.unless_s))

    def _heard(self, cues: tuple[str, ...], since_s: float) -> bool:
        return any(self._cue_times[cue] and self._cue_times[cue][-1] >= since_s for cue in cues)

    def _often(self, rule: Rule, told: Told, t_s: float) -> bool:
        """Counts this belief; the same belief told anew counts once, and sets a rule off once."""
        times = self._times[rule.id]
        if rule.on == "heat":
            return self._lasts(rule, t_s)
        known = told.key in times
        times[told.key] = told.start_s
        for key in [key for key, at in times.items() if at < t_s - rule.within_s]:
            del times[key]
        return not known and len(times) >= rule.count

    def _lasts(self, rule: Rule, t_s: float) -> bool:
        return t_s - self._since.setdefault(rule.id, t_s) >= rule.for_s

    def lapse(self, now: Situation) -> None:
        """Forgets how long rules of heat have held that do not hold any more; call it on each new heat."""
        for rule in self._by_trigger["heat"]:
            if rule.id in self._since and not self._fits(rule, now):
                del self._since[rule.id]

    def _reason(self, rule: Rule, told: Told) -> Reason:
        count = len(self._times[rule.id]) or 1
        return Reason(
            rule=rule.id,
            what=rule.why.replace("{count}", str(count)),
            utterance_id=told.utterance_id,
            track=told.track,
            quote=told.quote,
            start_s=min(self._times[rule.id].values(), default=told.start_s) if rule.count > 1 else told.start_s,
            end_s=told.end_s,
            p=told.p,
        )


def quoted(text: str) -> str:
    """The last words of a long utterance, or all of a short one."""
    return text if len(text) <= QUOTE_CHARACTERS else "…" + text[-QUOTE_CHARACTERS:]


def told_by(event: AnyEvent) -> Told | None:
    """A belief that rules may ask of, else None."""
    match event:
        case CueHeard():
            return Told(
                "cue", event.cue_id, event.track, event.start_s, event.end_s, quoted(event.text), event.utterance_id, round(event.p, 3)
            )
        case Interruption(kind="competitive"):
            return Told("interruption", event.interruption_id, event.by, event.start_s, event.start_s + event.overlap_s)
        case UtteranceScored(level=int()):
            p = round(max(event.scores.values(), default=0.0), 3)
            return Told("utterance", event.utterance_id, event.track, event.start_s, event.end_s, quoted(event.text), event.utterance_id, p)
        case ArousalMeasured(raised_voice=True):
            return Told("raised_voice", f"a{event.seq}", event.track, event.t_s - 1.0, event.t_s)
        case LineQuality(quality="poor"):
            return Told("poor_line", f"l{event.seq}", None, event.t_s, event.t_s)
        case HeatChanged():
            return Told("heat", f"h{event.seq}", None, event.t_s, event.t_s)
        case TurnTaking():
            run = event.last_minute.get("caller")
            length = run.longest_monologue_s if run is not None else 0.0
            return Told("monologue", f"t{event.seq}", "caller", max(0.0, event.t_s - length), event.t_s, seconds=length)
        case _:
            return None
