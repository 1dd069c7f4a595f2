"""The cues of one call, from words on every track.

In: each final utterance with its cue scores. Out: unstamped `CueHeard` events. Pure; adds no latency. Nothing but the order of
the calls is remembered: the same utterances in the same order give the same cues.
"""

import re
from collections.abc import Mapping

from assistant.events import CueHeard, HeardCue, Utterance
from assistant.signals.cues.demands import Asked, Demands
from assistant.signals.cues.due import due_words
from assistant.signals.cues.kinds import CUES, DISTRESS
from assistant.signals.cues.patterns import Fired, allowed, fired, vetoed
from assistant.signals.cues.wording import Wording, content_stems, worded

STANDS = 0.5
"""A score from here on stands: each cue of the network is calibrated to it (`Judgement.cues`)."""
_SECOND_DISTRESS = 0.8
"""Words of one kind of distress raise the scores of the others: only the surest stands from `STANDS` on, another from here."""
_POLICY_OVERLAP = 0.6
"""This share of what the policy's words are about must be said, and at least so many of them:"""
_POLICY_WORDS = 3
_CLOSING = {
    "end": "end",
    "terminat": "end",
    "cancel": "end",
    "clos": "end",
    "hang": "end",
    "disconnect": "end",
    "finish": "end",
    "line": "call",
}
_BEHAVIOUR = dict.fromkeys(
    ("languag", "swear", "curs", "abus", "insult", "shout", "scream", "threaten", "threat", "rud", "name", "tone", "offensiv"), "languag"
)
_CONDITION = re.compile(r"\b(?:if|unless|or|otherwise|again|one more|another|any more|last|next|stop|keep|continue)\b")
_DENIED = re.compile(r"\b(?:not|won't|wouldn't|never|don't) (?:\w+ ){0,3}?(?:end|ending|terminate|close|hang|disconnect)")


class Cues:
    """Hears the cues of one call. `policy_words` are what the policy's warning cards would have an agent say."""

    def __init__(self, policy_words: tuple[str, ...] = ()) -> None:
        self.policy_words(policy_words)
        self._demands = Demands()
        self._count = 0
        self._repair_by: str | None = None
        """The side whose utterance was the latest and asked for a repetition."""

    def policy_words(self, words: tuple[str, ...]) -> None:
        """Other words of the policy's warnings from now on."""
        self._policy = tuple(_meant(worded(one).text) for one in words)

    def asked_before(self, said: Utterance) -> tuple[str, ...] | None:
        """The earlier asks that `said` is to be compared with; None where nothing is asked in words."""
        return self._demands.before(_side(said), said.start_s)

    def heard(
        self, said: Utterance, scores: Mapping[str, float], before: str | None = None, asked: Asked | None = None
    ) -> list[CueHeard]:
        """The cues of one final utterance, in the order of `CUES`, `repeated_demand` last.

        `scores`: of each cue, in [0, 1] (`Judgement.cues`; may be empty). `before`: the text of the utterance before, on the other side.
        `asked`: how it compares with `asked_before`; None where that is not known.
        A cue stands where a pattern fires or a score reaches `STANDS` and no veto holds it; a pattern is named before a score.
        """
        wording = worded(said.text)
        side = _side(said)
        found = self._standing(said, wording, scores, before)
        answers = self._repair_by is not None and self._repair_by != side
        self._repair_by = side if any(event.cue == "repair" for event in found) else None
        requests = tuple(event.cue for event in found if event.cue.startswith("request_"))
        again = self._demands.made(side, said.start_s, said.end_s, said.text, requests, asked, answers_repair=answers)
        if again is not None:
            strengths = [event.p for event in found if event.cue.removeprefix("request_") == again.what]
            found.append(
                self._event(said, "repeated_demand", f"repeat:{again.by}", strengths[0] if strengths else again.p, detail=again.what)
            )
        return found

    def _standing(self, said: Utterance, wording: Wording, scores: Mapping[str, float], before: str | None) -> list[CueHeard]:
        if not wording.text:
            return []
        sure = {match.pattern.cue: match for match in fired(wording, said.track, before)}
        limits = vetoed(wording)
        surest = max(DISTRESS, key=lambda cue: (cue in sure, scores.get(cue, 0.0), cue))
        found = []
        for cue in CUES:
            p = scores.get(cue, 0.0)
            least = _SECOND_DISTRESS if cue in DISTRESS and cue != surest else STANDS
            if cue in sure:
                found.append(self._event(said, cue, sure[cue].pattern.name, 1.0, wording, sure[cue]))
            elif p >= max(least, limits.get(cue, 0.0)) and allowed(said.track, cue):
                found.append(self._event(said, cue, "score", min(p, 1.0), wording))
            elif cue == "warning" and allowed(said.track, cue) and (overlap := self._policy_overlap(wording)) >= _POLICY_OVERLAP:
                found.append(self._event(said, cue, "policy_words", min(overlap, 1.0), wording))
        return found

    def _event(
        self,
        said: Utterance,
        cue: HeardCue,
        rule: str,
        p: float,
        wording: Wording | None = None,
        match: Fired | None = None,
        detail: str | None = None,
    ) -> CueHeard:
        self._count += 1
        start_s, end_s, confidence = said.start_s, said.end_s, said.confidence
        if match is not None and wording is not None and len(said.words) == len(said.text.split()):
            first, last = wording.words_within(match.start, match.end)
            words = said.words[first : last + 1]
            start_s, end_s = words[0].start_s, words[-1].end_s
            confidence = round(sum(word.confidence for word in words) / len(words), 4)
        return CueHeard(
            cue_id=f"k{self._count}",
            cue=cue,
            track=said.track,
            utterance_id=said.utterance_id,
            start_s=start_s,
            end_s=end_s,
            text=said.text,
            rule=rule,
            p=round(p, 4),
            confidence=confidence,
            detail=due_words(said.text) if cue == "promise" else detail,
        )

    def _policy_overlap(self, wording: Wording) -> float:
        """How much of one of the policy's warnings is said, in [0, 1]: only where it would close the call on a condition."""
        said = _meant(wording.text)
        if "end" not in said or not _CONDITION.search(wording.text) or _DENIED.search(wording.text):
            return 0.0
        shares = [len(meant & said) / len(meant) for meant in self._policy if "end" in meant and len(meant & said) >= _POLICY_WORDS]
        return max(shares, default=0.0)


def _side(said: Utterance) -> str:
    return said.track if said.track in ("agent", "mixed") else "caller"


def _meant(text: str) -> frozenset[str]:
    """What words of a warning are about: stems, with every way to close a call and every kind of bad language as one."""
    return frozenset(_CLOSING.get(stem, _BEHAVIOUR.get(stem, stem)) for stem in content_stems(text))
