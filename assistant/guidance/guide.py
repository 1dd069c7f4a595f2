"""From beliefs to advice: heat, ladder and cards of one call. Pure; media time in seconds.

In: the events of a call as its log told them, and time going on. Out: further events (their `seq` and `call_id` are stamped by the
log). It looks at nothing else, so that a recorded call can be advised anew under another policy from its stored events.
"""

from assistant.events import (
    AnyEvent,
    CardCleared,
    CardShown,
    CueHeard,
    HeatChanged,
    LadderCooled,
    LadderMoved,
    PolicyChanged,
    Pressed,
    Reason,
    SpeechEnded,
    SpeechStarted,
    StepApproved,
    TerminationLocked,
    TerminationUnlocked,
    UtteranceScored,
    WarningGiven,
    WordsPartial,
)
from assistant.guidance.beliefs import heat_cause, reason_of
from assistant.guidance.cards import Candidate, Cards, Cleared, Shown
from assistant.guidance.policy import Grant, Policy
from assistant.guidance.rules import Rules, Situation
from assistant.guidance.steps import Moved, Steps, TakenBack
from assistant.heat.model import Heat, HeatModel
from assistant.signals.cues.kinds import DISTRESS

THIRD_PARTY_STAYS_S = 45.0
"""A third party that was silent for longer than this counts as gone: many slip away without a word."""

WARNINGS = ("ladder.warning", "ladder.final_warning")
"""The cards that ask for a warning."""


class Guide:
    """The advice of one call. `rules` and `steps` that write down what they decide may stand in for the plain ones."""

    def __init__(self, policy: Policy, rules: Rules | None = None, steps: Steps | None = None) -> None:
        self.policy = policy
        self._third_party_s: float | None = None
        self._heat = HeatModel(policy.heat)
        self._steps = steps or Steps(policy)
        self._cards = Cards(policy.budget)
        self._rules = rules or Rules(policy)
        self._agent_speaks = False
        self._waiting: tuple[Moved, Candidate] | None = None
        self._grants: tuple[Grant, ...] = ()
        self._reading = Heat(0.0, "calm", 0.0, ())
        self._peak = 0.0
        self._hot_since: float | None = None
        self._hot_s = 0.0
        self._heat_due_s = 0.0
        self._last_distress: CueHeard | None = None
        """The cue of distress that was heard last."""

    @property
    def cards(self) -> Cards:
        """What is on the screen and why others are not: for explaining."""
        return self._cards

    @property
    def agent_speaks(self) -> bool:
        """Whether the agent's speech is open."""
        return self._agent_speaks

    def hear(self, event: AnyEvent) -> list[AnyEvent]:
        """What follows from an event of the call."""
        match event:
            case SpeechStarted(track="agent"):
                self._agent_speaks = True
                return []
            case SpeechEnded(track="agent"):
                self._agent_speaks = False
                return self._settle(event.t_s)
            case WordsPartial(text=""):
                self._heat.forget(event.utterance_id)
                return self._taken_back(self._steps.unsaid(event.utterance_id))
            case UtteranceScored(track="agent"):
                return []
            case Pressed():
                return self._pressed(event)
            case _:
                return self._believe(event)

    def tick(self, t_s: float) -> list[AnyEvent]:
        """Time passed: heat fades, cards come and go. Cheap when nothing is due."""
        events: list[AnyEvent] = []
        if t_s >= self._heat_due_s and not self._heat.idle:
            events += self._tell_heat(t_s)
        if self._cards.busy:
            events += self._settle(t_s)
        return events

    @property
    def due_s(self) -> float | None:
        """The next moment at which `tick` may do something; None while nothing is under way."""
        cards_due_s = self._cards.due_s
        if self._heat.idle or cards_due_s == 0.0:
            return cards_due_s
        return self._heat_due_s if cards_due_s is None else min(cards_due_s, self._heat_due_s)

    def change(self, policy: Policy) -> list[AnyEvent]:
        """Another policy from now on: what was believed and advised stands."""
        self.policy = policy
        self._steps.policy = policy
        self._heat.parameters = policy.heat
        self._cards.budget = policy.budget
        self._rules = Rules(policy)
        return [PolicyChanged(policy=policy.version)]

    def end(self, t_s: float) -> list[AnyEvent]:
        """The call is over."""
        events = self._tell_heat(t_s)
        events += [_cleared(gone) for gone in self._cards.end()]
        if self._hot_since is not None:
            self._hot_s += t_s - self._hot_since
        for fired in self._rules.at_end(self._hot_s, self.situation(t_s)):
            candidate = self._candidate(fired.rule.card, t_s, (fired.reason,))
            return [*events, self._shown(self._cards.show_last(candidate, t_s))]
        return events

    def _believe(self, event: AnyEvent) -> list[AnyEvent]:
        t_s = event.t_s
        events: list[AnyEvent] = []
        cause = heat_cause(event, self.policy.heat)
        if cause is not None:
            self._heat.cause(cause.key, cause.t_s, cause.points, cause.reason, grave=cause.grave)
            events += self._tell_heat(t_s)
        unsure = isinstance(event, UtteranceScored | CueHeard) and not self.policy.evidence.heard_well(event.confidence)
        self._follow_third_party(event)
        if isinstance(event, UtteranceScored):
            events += self._judged(event, unsure)
        elif isinstance(event, CueHeard) and not unsure:
            events += self._cue(event)
        if not unsure:
            self._fire(event)
        if self._cards.busy:
            events += self._settle(t_s)
        return events

    def _follow_third_party(self, event: AnyEvent) -> None:
        """Who speaks is on the line, for a while; who is heard to leave is not."""
        match event:
            case UtteranceScored(track="third_party"):
                self._third_party_s = event.t_s
            case CueHeard(cue="third_party_leaves") | CueHeard(cue="goodbye", track="third_party"):
                self._third_party_s = None
            case _:
                pass

    def _judged(self, event: UtteranceScored, unsure: bool) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        p_distress = 0.0 if unsure else event.scores.get("distress", 0.0)
        if p_distress >= self.policy.evidence.distress_p:
            events += self._distress(event.t_s, reason_of(event, "distress", "words of danger to life or limb", p_distress))
        moved = self._steps.judged(event)
        if isinstance(moved, TakenBack):
            events += self._taken_back(moved)
        elif moved is not None:
            what = f"{moved.kind.replace('_', ' ')} at a person"
            events += self._moved(event.t_s, moved, reason_of(event, moved.rule, what, event.p_abuse))
        return events

    def _taken_back(self, gone: TakenBack | None) -> list[AnyEvent]:
        if gone is None:
            return []
        return self._cooled(Reason(rule="ladder.taken_back", what="the final words hold no abuse"), f"ladder.{gone.step}")

    def _cooled(self, reason: Reason, withdrawn: str) -> list[AnyEvent]:
        """The ladder stands lower: cards whose name begins with `withdrawn` are advised no longer."""
        told = LadderCooled(step=self._steps.ladder.step, reasons=[reason], policy=self.policy.version)
        return [told, *(_cleared(gone) for gone in self._cards.withdraw(withdrawn))]

    def _moved(self, t_s: float, moved: Moved, reason: Reason) -> list[AnyEvent]:
        told = LadderMoved(kind=moved.kind, step=moved.step, reasons=[reason], approver=moved.approver, policy=self.policy.version)
        candidate = self._candidate(f"ladder.{moved.step}", t_s, (reason,), moved)
        if moved.approver == "agent":
            self._cards.offer(candidate)
        else:
            self._waiting = (moved, candidate)
        return [told]

    def _cue(self, event: CueHeard) -> list[AnyEvent]:
        if event.cue in DISTRESS and event.track != "agent":
            return self._distress_cue(event)
        if event.cue == "warning" and event.track == "agent":
            return self._warned(WarningGiven(how="heard", reasons=[reason_of(event, "cue.warning", "the agent gave the warning", event.p)]))
        if event.cue == "apology" and event.track != "agent" and self._steps.apologised(event.start_s):
            self._waiting = None
            return self._cooled(reason_of(event, "cue.apology", "the caller apologised", event.p), "ladder.")
        return []

    def _distress_cue(self, event: CueHeard) -> list[AnyEvent]:
        """One that is sure, or one in a second utterance."""
        asked = self.policy.evidence
        last, self._last_distress = self._last_distress, event
        again = last is not None and last.utterance_id != event.utterance_id and event.start_s <= last.start_s + asked.distress_within_s
        if event.p < asked.distress_cue_p and not again:
            return []
        return self._distress(event.t_s, reason_of(event, f"cue.{event.cue}", "words of danger to life or limb", event.p))

    def _distress(self, t_s: float, reason: Reason) -> list[AnyEvent]:
        if self._steps.ladder.locked:
            return []
        self._cards.offer(self._candidate("crisis", t_s, (reason,)))
        self._steps.ladder.locked = True
        self._waiting = None
        gone = [_cleared(one) for one in self._cards.withdraw("ladder.")]
        return [TerminationLocked(reasons=[reason], policy=self.policy.version), *gone]

    def _warned(self, given: WarningGiven) -> list[AnyEvent]:
        self._steps.ladder.pull("warning_given")
        return [given, *(_cleared(gone) for gone in self._cards.fulfil(WARNINGS))]

    def _pressed(self, event: Pressed) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        match event.action:
            case "done" | "not_helpful":
                events += [_cleared(gone) for gone in self._cards.press(event.card_id, event.action)]
            case "warning_given":
                events += self._warned(WarningGiven(how="pressed"))
            case "unlock" if self._steps.ladder.locked:
                self._steps.ladder.locked = False
                events.append(TerminationUnlocked())
            case "approve" if self._waiting is not None:
                moved, candidate = self._waiting
                self._waiting = None
                self._cards.offer(candidate)
                events.append(StepApproved(step=moved.step, policy=self.policy.version))
            case "mute" | "unmute":
                self._cards.muted = event.action == "mute"
            case _:
                pass
        return events + self._settle(event.t_s)

    def _fire(self, event: AnyEvent) -> None:
        now = self.situation(event.t_s)
        for fired in self._rules.hear(event, now):
            if fired.rule.card == "remit" and isinstance(event, CueHeard):
                self._grants = self.policy.grants(event.cue)
                if not self._grants:
                    continue
            if fired.rule.card != "crisis":
                self._cards.offer(self._candidate(fired.rule.card, event.t_s, (fired.reason,)))

    def situation(self, t_s: float) -> Situation:
        """What rules may ask of the call now."""
        heat = self._heat.value(t_s)
        third_party = self._third_party_s is not None and t_s <= self._third_party_s + THIRD_PARTY_STAYS_S
        return Situation(t_s, heat, max(heat, self._peak), self._reading.trend, self._steps.ladder.state == "clear", third_party)

    def _tell_heat(self, t_s: float) -> list[AnyEvent]:
        self._heat_due_s = t_s + 1.0
        heat = self._heat.told(t_s)
        if heat is None:
            return []
        self._reading = heat
        self._peak = max(self._peak, heat.heat)
        hot = heat.level in ("heated", "boiling")
        if hot and self._hot_since is None:
            self._hot_since = t_s
        elif not hot and self._hot_since is not None:
            self._hot_s += t_s - self._hot_since
            self._hot_since = None
        told = HeatChanged(
            t_s=t_s, heat=heat.heat, level=heat.level, trend=heat.trend, reasons=list(heat.reasons), policy=self.policy.version
        )
        self._rules.lapse(self.situation(t_s))
        self._fire(told)
        return [told]

    def _settle(self, t_s: float) -> list[AnyEvent]:
        changes = self._cards.settle(t_s, self._agent_speaks)
        return [self._shown(change) if isinstance(change, Shown) else _cleared(change) for change in changes]

    def _candidate(self, card: str, t_s: float, reasons: tuple[Reason, ...], moved: Moved | None = None) -> Candidate:
        words = self.policy.cards[card]  # type: ignore[index]
        return Candidate(card, words, t_s, reasons, None if moved is None else moved.kind)

    def _shown(self, shown: Shown) -> CardShown:
        candidate = shown.candidate
        return CardShown(
            card_id=shown.card_id,
            card=candidate.card,
            title=candidate.words.title,
            say=self._say(candidate),
            reasons=list(candidate.reasons),
            priority=candidate.words.priority,
            ttl_s=candidate.words.ttl_s,
            policy=self.policy.version,
            kind=candidate.kind,
        )

    def _say(self, candidate: Candidate) -> str:
        if candidate.kind is not None:
            own = self.policy.ladder.of(candidate.kind).say
            for step, say in own.items():
                if candidate.card == f"ladder.{step}":
                    return say
        return candidate.words.say.replace("{grants}", " ".join(grant.say for grant in self._grants))


def _cleared(gone: Cleared) -> CardCleared:
    return CardCleared(card_id=gone.card_id, why=gone.why)
