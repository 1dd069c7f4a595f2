"""What beliefs weigh: the kind of abuse in a judged utterance, and the heat that each belief brings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from assistant.events import (
    AbuseKind,
    AnyEvent,
    ArousalMeasured,
    CueHeard,
    HeardCue,
    Interruption,
    Reason,
    UtteranceScored,
)
from assistant.guidance.rules import quoted
from assistant.heat.model import HeatParameters

KINDS: tuple[AbuseKind, ...] = ("threat", "identity_attack", "sexual", "insult", "profanity")
"""The kinds of abuse; of two that are equally sure the first is named."""

GRAVE: frozenset[AbuseKind] = frozenset({"threat", "identity_attack", "sexual"})

AIMED_AT_ABSENT: frozenset[AbuseKind] = frozenset({"threat", "identity_attack"})
"""The kinds that are abuse of a person whoever they are aimed at."""

PARTIAL_SHARE = 0.8
"""Words that are still being spoken carry this share of their points, until the recogniser says how sure it is."""

_SAID = {1: "upset about the matter", 2: "hostile to a person", 3: "abuse of a person"}
_CUE_HEAT: dict[HeardCue, tuple[str, str]] = {
    "dismissal": ("dismissal", "waved the answer away"),
    "repeated_demand": ("repeated_demand", "asked for the same again"),
    "integrity_challenge": ("integrity_challenge", "doubted what was said"),
    "review_threat": ("threat_to_tell", "threatened to tell others"),
    "legal_threat": ("threat_to_tell", "threatened legal steps"),
    "acceptance": ("acceptance", "took an offer or thanked"),
    "apology": ("apology", "said sorry"),
}


@dataclass(frozen=True)
class HeatCause:
    """Something that heats or calms a call: the same `key` again replaces what it said."""

    key: str
    t_s: float
    points: float
    reason: Reason
    grave: bool = False


def abuse_kind(p: Mapping[str, float], target: str | None) -> AbuseKind | None:
    """The kind of abuse of a person in words that were judged to be abuse, or None where they are aimed at none."""
    kind = max(KINDS, key=lambda label: p[label])
    if target == "person" or (target == "third_person_report" and kind in AIMED_AT_ABSENT):
        return kind
    return None


def reason_of(event: UtteranceScored | CueHeard, rule: str, what: str, p: float) -> Reason:
    """Words as the reason for something."""
    return Reason(
        rule=rule,
        what=what,
        utterance_id=event.utterance_id,
        track=event.track,
        quote=quoted(event.text),
        start_s=event.start_s,
        end_s=event.end_s,
        p=round(p, 3),
    )


def heat_cause(event: AnyEvent, points: HeatParameters) -> HeatCause | None:
    """What a belief does to the heat, or None; 0 points take back what was said under the same key.

    Nothing that an agent says or does is among it.
    """
    match event:
        case UtteranceScored():
            return _of_words(event, points)
        case Interruption() if event.by != "agent":
            return _of_interruption(event, points)
        case ArousalMeasured(raised_voice=True):
            above = 2.0 * (event.arousal - 0.5)
            reason = Reason(
                rule="arousal.raised_voice",
                what="raised voice",
                track=event.track,
                start_s=round(event.t_s - 1.0, 3),
                end_s=event.t_s,
                p=event.arousal,
            )
            return HeatCause(f"a{event.seq}", event.t_s, points.raised_voice * above, reason)
        case CueHeard() if event.track != "agent" and event.cue in _CUE_HEAT:
            name, what = _CUE_HEAT[event.cue]
            worth: float = getattr(points, name)
            sure = event.p * event.confidence
            return HeatCause(event.cue_id, event.end_s, worth * sure, reason_of(event, f"cue.{event.cue}", what, event.p))
        case _:
            return None


def _of_words(event: UtteranceScored, points: HeatParameters) -> HeatCause:
    level = event.level or 0
    sure = PARTIAL_SHARE if event.confidence is None else event.confidence
    worth = (0.0, points.upset, points.hostile, points.abuse)[level] * sure
    p = event.p_abuse if level == 3 else max(event.scores.values(), default=0.0)
    grave = event.abuse and abuse_kind(event.scores, event.target) in GRAVE
    reason = reason_of(event, f"hostility.level_{level}", _SAID.get(level, "ordinary"), p)
    return HeatCause(event.utterance_id, event.end_s, worth, reason, grave)


def _of_interruption(event: Interruption, points: HeatParameters) -> HeatCause:
    worth, done = points.interruption if event.kind == "competitive" else 0.0, "talked over"
    if event.cut_off and worth:
        worth, done = worth + points.cut_off, "cut off"
    end_s = round(event.start_s + event.overlap_s, 3)
    what = f"{done} the {event.of.replace('_', ' ')}"
    reason = Reason(rule="interruption", what=what, track=event.by, start_s=event.start_s, end_s=end_s)
    return HeatCause(event.interruption_id, event.start_s, worth, reason)
