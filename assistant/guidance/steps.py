"""Evidence in, steps of the ladder out: what the policy asks of each kind of abuse before the ladder moves. Pure.

In: judged utterances, warnings, apologies, distress, a supervisor's agreement. Out: what moved, as `Moved`.
"""

from collections import defaultdict
from dataclasses import dataclass

from assistant.events import AbuseKind, Approver, LadderStep, UtteranceScored
from assistant.guidance.beliefs import abuse_kind
from assistant.guidance.ladder import Ladder, State, Trigger
from assistant.guidance.policy import Policy

EARLY_STEP: LadderStep = "note"
"""The step that words still being spoken may lead to; a later one waits for final words and the recogniser's own confidence."""

SKIPS: dict[LadderStep, Trigger] = {
    "warning": "skip_to_warning",
    "final_warning": "skip_to_final_warning",
    "end_call": "skip_to_end_call",
}


@dataclass(frozen=True)
class Moved:
    """A step to advise, and who must agree before its card comes."""

    step: LadderStep
    kind: AbuseKind
    approver: Approver
    rule: str


@dataclass(frozen=True)
class TakenBack:
    """A step that unfinished words had led to, and that the final ones do not hold."""

    step: LadderStep


class Steps:
    """The ladder of one call under its policy."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.ladder = Ladder()
        self._used: set[str] = set()
        self._early: dict[str, State] = {}
        """Where the ladder stood before unfinished words moved it, by utterance."""
        self._evidence: dict[AbuseKind, dict[str, float]] = defaultdict(dict)
        self._cooled = 0
        self._last_abuse_s = -1e9

    def judged(self, event: UtteranceScored) -> Moved | TakenBack | None:
        """An utterance was judged; each moves the ladder once, and only with the evidence that the policy asks.

        Words still being spoken may bring the note alone; their final form may take it back, or be grave enough to skip.
        """
        kind = self._counts(event)
        early = None if event.partial else self._early.pop(event.utterance_id, None)
        if kind is None:
            self._evidence_gone(event.utterance_id)
            return None if early is None else self._back_to(early)
        if not self._enough(event, kind):
            return None
        trigger, rule = self._trigger(event, kind)
        if event.utterance_id in self._used and (early is None or trigger == "abuse"):
            return None
        step = self.ladder.advises(trigger)
        if step is not None and step not in self.policy.ladder.of(kind).steps:
            return None
        if event.partial:
            if step != EARLY_STEP:
                return None
            self._early[event.utterance_id] = self.ladder.state
        self._used.add(event.utterance_id)
        if self.ladder.pull(trigger) is None or step is None:
            return None
        return Moved(step, kind, self.policy.ladder.of(kind).approvers.get(step, "agent"), rule)

    def unsaid(self, utterance_id: str) -> TakenBack | None:
        """Words that were judged while they were spoken turned out to be none."""
        self._evidence_gone(utterance_id)
        early = self._early.pop(utterance_id, None)
        return None if early is None else self._back_to(early)

    def apologised(self, start_s: float) -> bool:
        """The caller said sorry; whether the ladder stands lower now."""
        cool_off = self.policy.ladder.cool_off
        if self.ladder.locked or self._cooled >= cool_off.times or start_s < self._last_abuse_s + cool_off.quiet_s:
            return False
        before = self.ladder.state
        self.ladder.pull("apology")
        if self.ladder.state == before:
            return False
        self._cooled += 1
        return True

    def _counts(self, event: UtteranceScored) -> AbuseKind | None:
        """The kind of abuse that this utterance is evidence of, None where it is not, or not heard surely enough."""
        kind = self._kind(event)
        if kind is None:
            return None
        heard = event.confidence is None or event.confidence >= self._asked_confidence(kind)
        counts = event.p_abuse >= self._asked_p(event, kind) or not (event.abuse or event.partial)
        return kind if heard and counts else None

    def _asked_confidence(self, kind: AbuseKind) -> float:
        return max(self.policy.ladder.of(kind).evidence.confidence, self.policy.evidence.confidence_floor)

    def _asked_p(self, event: UtteranceScored, kind: AbuseKind) -> float:
        """The least `p_abuse` that counts: words that are still being spoken have no confidence, so they are asked for more."""
        asked = self.policy.ladder.of(kind).evidence.p
        return max(asked, self.policy.evidence.unfinished_p) if event.partial else asked

    def _kind(self, event: UtteranceScored) -> AbuseKind | None:
        if event.abuse:
            return abuse_kind(event.scores, event.target)
        belittles = event.level == 2 and event.target == "person" and self.policy.ladder.belittling_counts
        return "insult" if belittles else None

    def _enough(self, event: UtteranceScored, kind: AbuseKind) -> bool:
        """Whether there are as many utterances of this kind as the policy asks, this one among them."""
        demands = self.policy.ladder.of(kind).evidence
        seen = self._evidence[kind]
        seen[event.utterance_id] = event.end_s
        for key in [key for key, at in seen.items() if at < event.end_s - demands.within_s]:
            del seen[key]
        self._last_abuse_s = event.end_s
        return len(seen) >= demands.utterances

    def _back_to(self, state: State) -> TakenBack | None:
        if self.ladder.locked or self.ladder.state != "noted":
            return None
        self.ladder.state = state
        return TakenBack(EARLY_STEP)

    def _trigger(self, event: UtteranceScored, kind: AbuseKind) -> tuple[Trigger, str]:
        skip = self.policy.ladder.of(kind).skip
        sure = event.confidence is not None and skip is not None and event.confidence >= skip.confidence
        if skip is not None and sure and event.p_abuse >= skip.p:
            return SKIPS[skip.to], f"ladder.{kind}.skip"
        return "abuse", f"ladder.{kind}"

    def _evidence_gone(self, utterance_id: str) -> None:
        for seen in self._evidence.values():
            seen.pop(utterance_id, None)
