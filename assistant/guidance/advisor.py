"""From beliefs to advice: the ladder and the cards of one call. Pure; media time in seconds.

In: judged utterances, the agent's words, interruptions, presses. Out: events (their `seq` and `call_id` are stamped by the
call). Abuse is taken from callers and third parties only, and only with the evidence that the policy asks for.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from assistant.events import (
    AbuseKind,
    AnyEvent,
    CardCleared,
    CardShown,
    Interruption,
    LadderMoved,
    PressAction,
    Reason,
    TerminationLocked,
    TerminationUnlocked,
    WarningGiven,
)
from assistant.guidance.cards import Candidate, Cards, Cleared, Shown
from assistant.guidance.ladder import Ladder
from assistant.guidance.policy import Policy
from assistant.signals.hostility import Judgement
from assistant.timebase import Track

QUOTE_CHARACTERS = 160

KINDS: tuple[AbuseKind, ...] = ("threat", "identity_attack", "sexual", "insult", "profanity")
"""The kinds of abuse; of two that are equally sure the first is named."""

AIMED_AT_ABSENT: frozenset[AbuseKind] = frozenset({"threat", "identity_attack"})
"""The kinds that are abuse of a person whoever they are aimed at."""


@dataclass(frozen=True)
class Judged:
    """An utterance, or the part of it that was heard so far, with what the judge said."""

    utterance_id: str
    track: Track
    start_s: float
    end_s: float
    text: str
    confidence: float | None
    """How sure the recogniser is of the words, in [0, 1]; None while they are still being spoken, when no engine knows."""
    judgement: Judgement

    @property
    def partial(self) -> bool:
        """Whether the words are still being spoken."""
        return self.confidence is None

    def reason(self, rule: str, what: str, p: float) -> Reason:
        """This utterance as the reason for something."""
        quote = self.text if len(self.text) <= QUOTE_CHARACTERS else "…" + self.text[-QUOTE_CHARACTERS:]
        return Reason(
            rule=rule,
            what=what,
            utterance_id=self.utterance_id,
            track=self.track,
            quote=quote,
            start_s=self.start_s,
            end_s=self.end_s,
            p=round(p, 3),
        )


def abuse_kind(p: Mapping[str, float], target: str | None) -> AbuseKind | None:
    """The kind of abuse of a person in words that were judged to be abuse, or None where they are aimed at none."""
    kind = max(KINDS, key=lambda label: p[label])
    if target == "person" or (target == "third_person_report" and kind in AIMED_AT_ABSENT):
        return kind
    return None


WARNINGS = ("ladder.warning", "ladder.final_warning")
"""The cards that ask for a warning."""

EARLY_STEPS = (None, "note", "warning")
"""Steps that words still being spoken may lead to; a later one waits for final words and the recogniser's own confidence."""


class Advisor:
    """The advice of one call."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._ladder = Ladder()
        self._cards = Cards(policy.budget)
        self._agreeing: dict[tuple[str, str], int] = {}
        self._used: set[tuple[str, str]] = set()
        self._interruptions: deque[Interruption] = deque()
        self._warning_words = tuple(frozenset(phrase.split()) for phrase in policy.warning_spoken.phrases)

    def judged(self, t_s: float, judged: Judged, heat: float) -> list[AnyEvent]:
        """An utterance of a caller or third party was judged, in part or whole."""
        judgement = judged.judgement
        events: list[AnyEvent] = []
        kind = abuse_kind(judgement.p, judgement.target) if judgement.abuse else None
        if self._stands(judged, "distress", judgement.p["distress"] >= self._policy.evidence.distress_p):
            events += self._distress(t_s, judged)
        sure_enough = not judged.partial or self._ladder.advises("abuse") in EARLY_STEPS
        if self._stands(judged, "abuse", kind is not None and sure_enough) and kind is not None:
            events += self._abuse(t_s, judged, kind)
        upset = judgement.level in (1, 2) and heat >= self._policy.acknowledge.heat and self._ladder.state == "clear"
        if self._stands(judged, "upset", upset):
            why = judged.reason("acknowledge.upset", "upset, and the call is hot", max(judgement.p.values()))
            self._offer("acknowledge", t_s, (why,))
        if not judged.partial:
            self._forget(judged.utterance_id)
        return events

    def agent_said(self, utterance_id: str, start_s: float, end_s: float, text: str) -> list[AnyEvent]:
        """Final words of the agent."""
        words = frozenset(text.split())
        if not any(phrase <= words for phrase in self._warning_words):
            return []
        reason = Reason(
            rule="warning_spoken",
            what="the agent gave the warning",
            utterance_id=utterance_id,
            track="agent",
            quote=text[:QUOTE_CHARACTERS],
            start_s=start_s,
            end_s=end_s,
        )
        return self._warned(WarningGiven(how="heard", reasons=[reason]))

    def interrupted(self, t_s: float, interruption: Interruption) -> None:
        """An interruption became certain; only those that silence or crowd out the agent are advised on."""
        if interruption.kind != "competitive" or interruption.of != "agent":
            return
        known = [i for i in self._interruptions if i.interruption_id != interruption.interruption_id]
        settings = self._policy.reclaim_floor
        recent = [i for i in [*known, interruption] if i.start_s > t_s - settings.within_s]
        self._interruptions = deque(recent)
        if len(recent) >= settings.interruptions and len(recent) > len(known):
            cut_offs = sum(i.cut_off for i in recent)
            span_s = max(1, round(t_s - recent[0].start_s))
            what = f"talked over the agent {len(recent)} times in {span_s} seconds, cut off {cut_offs} times"
            reason = Reason(
                rule="reclaim_floor.interruptions",
                what=what,
                track=interruption.by,
                start_s=recent[0].start_s,
                end_s=t_s,
            )
            self._offer("reclaim_floor", t_s, (reason,))

    def pressed(self, action: PressAction, card_id: str | None) -> list[AnyEvent]:
        """A person pressed something."""
        if action in ("done", "not_helpful"):
            return [_cleared(gone) for gone in self._cards.press(card_id, action)]
        if action == "warning_given":
            return self._warned(WarningGiven(how="pressed"))
        if not self._ladder.locked:
            return []
        self._ladder.locked = False
        return [TerminationUnlocked()]

    @property
    def busy(self) -> bool:
        """Whether `settle` may change anything."""
        return self._cards.busy

    def settle(self, t_s: float, agent_speaks: bool) -> list[AnyEvent]:
        """Cards that come and go as time passes."""
        events: list[AnyEvent] = []
        for change in self._cards.settle(t_s, agent_speaks):
            events.append(self._shown(change) if isinstance(change, Shown) else _cleared(change))
        return events

    def end(self) -> list[AnyEvent]:
        """The call is over."""
        return [_cleared(gone) for gone in self._cards.end()]

    def _stands(self, judged: Judged, rule: str, said: bool) -> bool:
        """Whether the evidence of this utterance for `rule` is enough, for the first time: sure words, and final or agreeing."""
        key = (judged.utterance_id, rule)
        if not said:
            self._agreeing.pop(key, None)
            return False
        self._agreeing[key] = self._agreeing.get(key, 0) + 1
        if judged.confidence is None:
            enough = self._agreeing[key] >= self._policy.evidence.partial_agreements
        else:
            enough = judged.confidence >= self._policy.evidence.confidence_floor
        if not enough or key in self._used:
            return False
        self._used.add(key)
        return True

    def _forget(self, utterance_id: str) -> None:
        for key in [key for key in self._agreeing if key[0] == utterance_id]:
            del self._agreeing[key]
        self._used = {key for key in self._used if key[0] != utterance_id}

    def _warned(self, given: WarningGiven) -> list[AnyEvent]:
        self._ladder.pull("warning_given")
        return [given, *(_cleared(gone) for gone in self._cards.fulfil(WARNINGS))]

    def _distress(self, t_s: float, judged: Judged) -> list[AnyEvent]:
        reason = judged.reason("distress", "words of danger to life or limb", judged.judgement.p["distress"])
        self._offer("crisis", t_s, (reason,))
        if self._ladder.locked:
            return []
        self._ladder.locked = True
        self._cards.withdraw("ladder.")
        return [TerminationLocked(reasons=[reason])]

    def _abuse(self, t_s: float, judged: Judged, kind: AbuseKind) -> list[AnyEvent]:
        step = self._ladder.pull("abuse")
        if step is None:
            return []
        what = f"{kind.replace('_', ' ')} at a person"
        reason = judged.reason(f"ladder.{kind}", what, judged.judgement.p_abuse)
        self._offer(f"ladder.{step}", t_s, (reason,), kind)
        return [LadderMoved(kind=kind, step=step, reasons=[reason])]

    def _offer(self, card: str, t_s: float, reasons: tuple[Reason, ...], kind: AbuseKind | None = None) -> None:
        self._cards.offer(Candidate(card, self._policy.cards[card], t_s, reasons, kind))

    def _shown(self, shown: Shown) -> CardShown:
        candidate = shown.candidate
        return CardShown(
            card_id=shown.card_id,
            card=candidate.card,
            title=candidate.words.title,
            say=candidate.words.say,
            reasons=list(candidate.reasons),
            priority=candidate.words.priority,
            ttl_s=candidate.words.ttl_s,
            policy=self._policy.version,
            kind=candidate.kind,
        )


def _cleared(gone: Cleared) -> CardCleared:
    return CardCleared(card_id=gone.card_id, why=gone.why)
