"""What the fields of a policy must mean together, beyond what each may be. Pure.

In: a policy whose overlays are applied, and what was written for it. Out: every place that makes no sense, with the mend. A place
inside of a rule names the rule by its id: `("rules", "boundary.dismissed", "cues")`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.events import AbuseKind, HeardCue
from assistant.guidance.policy import KINDS, STEPS, KindLadder, Policy, Rule, Trigger
from assistant.guidance.policy_form import Wrong
from assistant.heat.model import HeatParameters
from assistant.signals.cues.kinds import AGENTS_ALONE, CueKind, may_say
from assistant.timebase import Track

MOST_SENTENCES = 2

NAMES: frozenset[str] = frozenset({"id", "card", "on", "why", "enabled"})
ANYWHERE: frozenset[str] = frozenset(
    {"heat_from", "heat_below", "trend_below", "peak_from", "after", "after_s", "unless", "unless_s", "clear_ladder", "third_party"}
)
COUNTED: frozenset[str] = frozenset({"count", "within_s"})
CONDITIONS: dict[Trigger, frozenset[str]] = {
    "cue": ANYWHERE | COUNTED | {"cues", "tracks"},
    "interruption": ANYWHERE | COUNTED | {"tracks", "of", "cut_off"},
    "utterance": ANYWHERE | COUNTED | {"tracks", "levels"},
    "raised_voice": ANYWHERE | COUNTED | {"tracks"},
    "poor_line": ANYWHERE | COUNTED,
    "heat": ANYWHERE | {"for_s"},
    "monologue": ANYWHERE | COUNTED | {"for_s"},
    "call_end": ANYWHERE | {"for_s"},
}
"""The conditions that mean something for what sets a rule off."""

DEMANDED: dict[Trigger, str] = {"cue": "cues", "utterance": "levels", "monologue": "for_s"}
"""The condition without which such a rule would hold never, or always."""

NEVER: dict[Trigger, frozenset[Track]] = {
    "interruption": frozenset({"mixed"}),
    "utterance": frozenset({"agent"}),
    "raised_voice": frozenset({"agent", "mixed"}),
}
"""Tracks of which such a belief is never held: agents are not scored, and in a mixed channel nobody knows who speaks."""

CALMING = ("acceptance", "apology")
ABOVE_ZERO = ("half_life_s", "grave_half_life_s", "bend_points", "step")

_SENTENCE_END = re.compile(r"(?:\w\w|\d|[^\w\s.!?…])[.!?…]+[\"'”»)]*(?=\s+[^a-zäöü]|\s*$)")
"""Not after a single letter, as in "z. B."."""
_PLACEHOLDER = re.compile(r"\{[^{}]*\}?")


def senseless(policy: Policy, written: Mapping[str, Mapping[str, Any]]) -> Iterator[Wrong]:
    """Everything that makes no sense; `written` holds the keys that were written for each rule, by its id."""
    yield from _cards(policy)
    yield from _heat(policy.heat)
    for kind in KINDS:
        yield from _ladder(kind, policy.ladder.of(kind))
    yield from _remit(policy)
    for rule in policy.rules:
        yield from _rule(rule, written[rule.id])
    if policy.budget.longest_gap_s < policy.budget.gap_s:
        yield ("budget", "longest_gap_s"), f"must be at least gap_s, {policy.budget.gap_s:g}"


def sentences(words: str) -> int:
    """How many sentences stand in some words; those without an end count too."""
    ends = list(_SENTENCE_END.finditer(words.strip()))
    rest = words.strip()[ends[-1].end() :] if ends else words.strip()
    return len(ends) + bool(rest.strip())


def _cards(policy: Policy) -> Iterator[Wrong]:
    cards = policy.cards
    for name, card in cards.items():
        yield from _said(("cards", name, "say"), card.say, "{grants}" if name == "remit" else None)
    steps = {name: card.priority for name, card in cards.items() if name.startswith("ladder.")}
    highest = max((name for name in cards if name != "crisis" and name not in steps), key=lambda name: cards[name].priority)
    for name, priority in steps.items():
        if priority <= cards[highest].priority:
            yield (
                ("cards", name, "priority"),
                f"must be above every card of advice: {highest} has {cards[highest].priority}, this {priority}",
            )
    highest = max((name for name in cards if name != "crisis"), key=lambda name: cards[name].priority)
    if cards["crisis"].priority <= cards[highest].priority:
        yield ("cards", "crisis", "priority"), f"must be above all other cards: {highest} has {cards[highest].priority}"


def _said(place: tuple[str | int, ...], say: str, placeholder: str | None = None) -> Iterator[Wrong]:
    for found in _PLACEHOLDER.findall(say):
        if found != placeholder:
            only = f"only {placeholder} is filled in here" if placeholder else "nothing is filled in here"
            yield place, f"holds {found}, but {only}; write the words themselves"
    if sentences(say) > MOST_SENTENCES:
        yield place, f"has {sentences(say)} sentences; an agent can take in two at most while somebody talks"


def _heat(heat: HeatParameters) -> Iterator[Wrong]:
    for name in heat.__struct_fields__:
        value: float = getattr(heat, name)
        if name in ABOVE_ZERO:
            if value <= 0.0:
                yield ("heat", name), f"must be above 0, not {value:g}"
        elif name in CALMING:
            if value > 0.0:
                yield ("heat", name), f"calms, so it must be 0 or below, not {value:g}"
        elif value < 0.0:
            yield ("heat", name), f"heats, so it must be 0 or above, not {value:g}"


def _ladder(kind: AbuseKind, ladder: KindLadder) -> Iterator[Wrong]:
    place = ("ladder", kind)
    order = [STEPS.index(step) for step in ladder.steps]
    if order != sorted(set(order)):
        yield (*place, "steps"), f"must be in this order, each once: {', '.join(STEPS)}"
        return
    skip_to = ladder.skip.to if ladder.skip is not None else None
    if ladder.skip is not None and skip_to not in ladder.steps:
        yield (*place, "skip", "to"), f'"{skip_to}" is none of the steps of this kind; add it to steps, or set skip.enabled = false'
    for before, here in zip((-1, *order), order, strict=False):
        if here != before + 1 and STEPS[here] != skip_to:
            yield (*place, "steps"), f"{STEPS[here]} would never be reached without {STEPS[here - 1]}; add it, or skip to {STEPS[here]}"
    for step, say in ladder.say.items():
        yield from _said((*place, "say", step), say)


def _remit(policy: Policy) -> Iterator[Wrong]:
    card = policy.cards["remit"].say
    if policy.remit and "{grants}" not in card:
        yield ("cards", "remit", "say"), "must hold {grants}, where what may be granted is filled in"
    for number, grant in enumerate(policy.remit):
        yield from _said(("remit", number, "say"), grant.say)
        for cue in grant.cues:
            if not _may_say("caller", cue):
                yield ("remit", number, "cues"), f"{cue} is nothing that a caller says; name what is asked for, as request_refund"
            together = " ".join(one.say for one in policy.grants(cue, grant.product))
            count = sentences(card.replace("{grants}", together))
            if count > MOST_SENTENCES and sentences(card) <= MOST_SENTENCES:
                yield ("remit", number, "say"), f"the card for {cue} would have {count} sentences with this; two at most, so say it shorter"


def _rule(rule: Rule, written: Mapping[str, Any]) -> Iterator[Wrong]:
    place = ("rules", rule.id)
    if rule.card == "crisis" or rule.card.startswith("ladder."):
        cause = "words of distress" if rule.card == "crisis" else "evidence of abuse, see [ladder]"
        yield (*place, "card"), f"{rule.card} comes from {cause} alone; name another card"
    if rule.card == "remit" and rule.on != "cue":
        yield (*place, "on"), 'must be "cue": what may be granted goes by what was asked for'
    for key in written:
        if key not in NAMES and key not in CONDITIONS[rule.on]:
            belongs = [trigger for trigger, keys in CONDITIONS.items() if key in keys]
            yield (*place, key), f'means nothing with on = "{rule.on}", only with {", ".join(belongs)}; take it out'
    demanded = DEMANDED.get(rule.on)
    if demanded is not None and not getattr(rule, demanded):
        yield (*place, demanded), f'must be given with on = "{rule.on}"'
    if rule.on == "heat" and not any(key in written for key in ("heat_from", "heat_below", "trend_below", "peak_from")):
        yield place, "holds at any heat; give heat_from, heat_below, trend_below or peak_from"
    if rule.heat_from >= rule.heat_below:
        yield (*place, "heat_below"), f"must be above heat_from, {rule.heat_from:g}"
    for key, needs in (("after_s", "after"), ("unless_s", "unless")):
        if key in written and not getattr(rule, needs):
            yield (*place, key), f"means nothing without {needs}"
    for found in _PLACEHOLDER.findall(rule.why):
        if found != "{count}":
            yield (*place, "why"), f"holds {found}, but only {{count}} is filled in here"
    yield from _who(rule)


def _who(rule: Rule) -> Iterator[Wrong]:
    """Tracks that can never set the rule off."""
    place = ("rules", rule.id)
    for track in rule.tracks:
        if track in NEVER.get(rule.on, frozenset()):
            yield (*place, "tracks"), f'{track} can never set off a rule with on = "{rule.on}"; take it out'
    if rule.of == "mixed":
        yield (*place, "of"), "mixed is nobody who can be talked over; name agent, caller or third_party"
    for cue in rule.cues:
        if rule.tracks and not any(_may_say(track, cue) for track in rule.tracks):
            who = "agent" if cue in AGENTS_ALONE else "caller"
            yield (*place, "cues"), f"{cue} is never heard of {' or '.join(rule.tracks)}, only of {who}; mend tracks or cues"


def _may_say(track: Track, cue: HeardCue) -> bool:
    if track == "mixed":
        return True
    kind: CueKind = "request_refund" if cue == "repeated_demand" else cue
    return may_say(track, kind)
