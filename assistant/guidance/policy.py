"""The policy: what is advised, from which evidence, in which words. One frozen value; `policy_file` reads it.

The JSON Schema that editors use comes from these types and from the line under each field (`policy_schema`); docs/policy.md is
the guide. What the types cannot say is in `policy_checks`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from assistant.events import AbuseKind, Approver, HeardCue, LadderStep
from assistant.heat.model import HeatParameters
from assistant.timebase import Track

P = Annotated[float, Meta(ge=0.0, le=1.0)]
Seconds = Annotated[float, Meta(ge=0.0)]
Times = Annotated[int, Meta(ge=1)]
Words = Annotated[str, Meta(pattern=r"\S", description="words must stand here")]
Title = Annotated[str, Meta(pattern=r"^\s*\S+(\s+\S+){0,5}\s*$", description="a title has at most six words")]
CardId = Literal[
    "acknowledge",
    "reclaim_floor",
    "read_back",
    "own_it_once",
    "boundary",
    "next_step",
    "offer_callback",
    "time_box",
    "written_channel",
    "manager_request",
    "remit",
    "review_threat",
    "legal_threat",
    "what_was_said",
    "protect_third_party",
    "hand_over",
    "crisis",
    "take_a_break",
    "ladder.note",
    "ladder.warning",
    "ladder.final_warning",
    "ladder.end_call",
]
CARDS: tuple[CardId, ...] = get_args(CardId)
STEPS: tuple[LadderStep, ...] = get_args(LadderStep)
KINDS: tuple[AbuseKind, ...] = get_args(AbuseKind)
Trigger = Literal["cue", "interruption", "utterance", "raised_voice", "poor_line", "heat", "monologue", "call_end"]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file; a key that it does not know is an error."""


class Evidence(Section, frozen=True):
    """`[evidence]`: what counts at all."""

    confidence_floor: P = 0.6
    """The least mean word confidence of final words from which anything is concluded."""
    unfinished_p: P = 0.95
    """The least `p_abuse` of words that are still being spoken: they have no confidence yet, and can lead to the note alone."""
    distress_p: P = 0.4
    """Words of danger to life or limb count from this probability of `distress` on, besides the cues."""
    distress_cue_p: P = 0.98
    """A cue of self-harm, a medical emergency or danger counts from this score on; a pattern's is 1 ..."""
    distress_within_s: Seconds = 120.0
    """... and so does one in a second utterance, whatever its score, within so many seconds of another."""

    def heard_well(self, confidence: float | None) -> bool:
        """Whether anything may be concluded from words of this confidence; those that have none pass."""
        return confidence is None or confidence >= self.confidence_floor


class KindEvidence(Section, frozen=True):
    """What one kind of abuse must bring before it moves the ladder by a step."""

    p: P = 0.88
    """The least `p_abuse`, besides the judge's own decision."""
    confidence: P = 0.6
    """The least mean word confidence of final words."""
    utterances: Times = 1
    """So many abusive utterances of this kind ..."""
    within_s: Seconds = 600.0
    """... within so many seconds."""


class Skip(Section, frozen=True):
    """What one utterance must bring to skip to a step at once."""

    to: Literal["warning", "final_warning", "end_call"]
    """One of the steps of this kind."""
    p: P = 0.95
    """The least `p_abuse`."""
    confidence: P = 0.8
    """The least mean word confidence of final words."""
    enabled: bool = True
    """False: this kind does not skip, whatever lies below says."""


class KindLadder(Section, frozen=True):
    """`[ladder.KIND]`: how one kind of abuse moves the ladder."""

    steps: tuple[LadderStep, ...] = STEPS
    """Steps that this kind may bring, in order; where one is left out the ladder stays below it."""
    evidence: KindEvidence = KindEvidence()
    """What it takes for a step."""
    skip: Skip | None = None
    """What it takes to skip steps; none is skipped where this is left out."""
    approvers: Mapping[LadderStep, Approver] = {}
    """Who must agree to a step before its card comes; the agent where none is named."""
    say: Mapping[LadderStep, Words] = {}
    """Words of this kind in place of those of the card."""


class CoolOff(Section, frozen=True):
    """`[ladder.cool_off]`: a caller's apology takes the ladder one step down."""

    times: Annotated[int, Meta(ge=0)] = 2
    """So often in a call; 0: never."""
    quiet_s: Seconds = 2.0
    """No abuse for so long before the apology."""


class LadderPolicy(Section, frozen=True):
    """`[ladder]`: which abuse of a person leads to which step."""

    insult: KindLadder = KindLadder()
    profanity: KindLadder = KindLadder()
    """Swearing at a person; swearing at the situation never counts."""
    threat: KindLadder = KindLadder()
    identity_attack: KindLadder = KindLadder()
    sexual: KindLadder = KindLadder()
    cool_off: CoolOff = CoolOff()
    """What an apology of the caller does."""
    belittling_counts: bool = False
    """Whether hostile words at a person (level 2) count as an insult."""

    def of(self, kind: AbuseKind) -> KindLadder:
        """The ladder of one kind."""
        ladder: KindLadder = getattr(self, kind)
        return ladder


class Budget(Section, frozen=True):
    """`[budget]`: how much of the agent's attention cards may take. `crisis` and `ladder.*` are exempt from all but the dwell."""

    dwell_s: Seconds = 4.0
    """A card stays at least so long before another may replace it."""
    cool_down_s: Seconds = 45.0
    """The same card comes again no sooner than so long after it was shown."""
    gap_s: Seconds = 12.0
    """A card comes no sooner than so long after the last one was shown, unless it weighs more than that one ..."""
    gap_growth: Annotated[float, Meta(ge=1.0)] = 1.25
    """... times this for each card shown before ..."""
    longest_gap_s: Seconds = 90.0
    """... up to so long."""
    hold_s: Seconds = 5.0
    """A card that came up while the agent spoke waits so long for a pause, then is dropped."""
    not_helpful_times: Annotated[float, Meta(ge=1.0)] = 6.0
    """After "not helpful" the card's cool-down is so many times as long."""
    done_times: Annotated[float, Meta(ge=1.0)] = 2.0
    """After "done" the card's cool-down is so many times as long."""


class Rule(Section, frozen=True):
    """`[[rules]]`: one cause for a card. Conditions that are left out always hold; those that are given must all hold."""

    id: Words
    """Its name. A rule whose id is known already is laid over that one: keys that are left out stay as they were."""
    card: CardId
    """The card that it calls for; `crisis` and `ladder.*` come by themselves."""
    on: Trigger
    """The belief that sets it off."""
    why: Words
    """The reason that is shown; {count} is the number of times."""
    enabled: bool = True
    """False switches the rule off."""
    cues: tuple[HeardCue, ...] = ()
    """For `cue`: any of these."""
    tracks: tuple[Track, ...] = ()
    """Who said or did it; empty: anybody."""
    of: Track | None = None
    """For `interruption`: who was talked over."""
    cut_off: bool | None = None
    """For `interruption`: whether it silenced the other."""
    levels: tuple[Annotated[int, Meta(ge=0, le=3)], ...] = ()
    """For `utterance`: any of these levels of hostility."""
    count: Times = 1
    """So many times ..."""
    within_s: Seconds = 60.0
    """... within so many seconds."""
    for_s: Seconds = 0.0
    """For `monologue`: speech of this length; for `heat`: heat has met the conditions for so long; for `call_end`: the call was
    heated or boiling for so long."""
    heat_from: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.0
    """Heat is at least this."""
    heat_below: Annotated[float, Meta(ge=0.0)] = 101.0
    """Heat is below this."""
    trend_below: float | None = None
    """Heat moves by less than this, in points a minute; below 0 it falls."""
    peak_from: Annotated[float, Meta(ge=0.0, le=100.0)] = 0.0
    """Heat has been this high in the call."""
    after: tuple[HeardCue, ...] = ()
    """One of these cues was heard ..."""
    after_s: Seconds = 90.0
    """... within so many seconds before."""
    unless: tuple[HeardCue, ...] = ()
    """None of these cues was heard ..."""
    unless_s: Seconds = 90.0
    """... within so many seconds before."""
    clear_ladder: bool = False
    """Only while no abuse was noted."""
    third_party: bool = False
    """Only where a third party is on the call."""


class Grant(Section, frozen=True):
    """`[[remit]]`: something that an agent may grant by themselves."""

    cues: Annotated[tuple[HeardCue, ...], Meta(min_length=1, description="names at least one demand")]
    """The demands that it answers."""
    say: Words
    """What may be granted, in words to say, limits included."""
    product: Words | None = None
    """The product that it is for, in place of what holds for all; left out: for every product that has none of its own."""


class Card(Section, frozen=True):
    """`[cards.ID]`: what the agent sees."""

    title: Title
    """At most six words."""
    say: Words
    """One or two sentences to say; on the card `remit`, {grants} is what may be granted."""
    priority: Annotated[int, Meta(ge=0, le=100)]
    """Of two cards at once the higher is shown. `ladder.*` stand above all others, `crisis` above all."""
    ttl_s: Annotated[float, Meta(gt=0.0)]
    hold_s: Seconds | None = None
    """How long it waits for its moment; the budget's if left out."""
    """It goes by itself after so many seconds."""


class Policy(Section, frozen=True):
    """A whole policy, its overlays applied: what is advised in a call."""

    version: Words
    """What it was made of, as "2026-11-22+team:recalls+de"; every card and step carries it."""
    cards: Mapping[CardId, Card]
    """Every card there is."""
    language: str = "en"
    evidence: Evidence = Evidence()
    heat: HeatParameters = HeatParameters()
    ladder: LadderPolicy = LadderPolicy()
    budget: Budget = Budget()
    remit: tuple[Grant, ...] = ()
    rules: tuple[Rule, ...] = ()
    """Those that are switched on."""

    def grants(self, cue: HeardCue, product: str | None = None) -> tuple[Grant, ...]:
        """What an agent may grant to a demand: what is said for the product, else what holds for every product."""
        answers = [grant for grant in self.remit if cue in grant.cues]
        own = tuple(grant for grant in answers if grant.product is not None and grant.product == product)
        return own or tuple(grant for grant in answers if grant.product is None)

    @property
    def warning_words(self) -> tuple[str, ...]:
        """Every wording in which this policy has a warning said."""
        kinds = [self.ladder.of(kind) for kind in KINDS]
        own = [kind.say[step] for kind in kinds for step in ("warning", "final_warning") if step in kind.say]
        return tuple(dict.fromkeys([self.cards["ladder.warning"].say, self.cards["ladder.final_warning"].say, *own]))
