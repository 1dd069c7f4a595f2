"""Every event that leaves the core, crosses a stage or a socket. The JSON Schema of the wire comes from these types.

All are frozen. `seq` counts 1, 2, 3, ... within a call; `t_s` is the media time at which the event became known, in
seconds from the start of the call. On a socket each event also carries `id`, which grows over all calls of a server.
"""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from assistant.signals.cues.kinds import CueKind
from assistant.timebase import ScoredTrack, Track

HeatLevel = Literal["calm", "tense", "heated", "boiling"]
InterruptionKind = Literal["backchannel", "cooperative", "competitive"]
AbuseKind = Literal["insult", "profanity", "threat", "identity_attack", "sexual"]
LadderStep = Literal["note", "warning", "final_warning", "end_call"]
Stage = Literal["voice_activity", "recognition", "hostility", "asks", "audio", "live"]
PressAction = Literal["done", "not_helpful", "warning_given", "unlock", "approve", "mute", "unmute"]
"""`approve`: a supervisor agrees to the step that waits for it. `mute`: no cards but `crisis` and `ladder.*` until `unmute`."""
Approver = Literal["agent", "supervisor"]
HeardCue = CueKind | Literal["repeated_demand"]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


class Word(msgspec.Struct, frozen=True):
    """One recognised word; times in seconds of the call, confidence in [0, 1]."""

    text: str
    start_s: float
    end_s: float
    confidence: float


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was believed or advised: the rule that fired, in words, and what it fired on."""

    rule: str
    what: str
    utterance_id: str | None = None
    track: Track | None = None
    quote: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    p: float | None = None
    """The probability that the rule saw, in [0, 1]."""
    points: float | None = None
    """For heat: the share of the present heat that this reason carries."""


class TrackTurns(msgspec.Struct, frozen=True, kw_only=True):
    """The turn-taking facts of one side, over the whole call so far and over the last 60 s."""

    speech_s: float
    talk_share: float
    """Own speech over all speech, in [0, 1]."""
    longest_monologue_s: float
    interruptions: int
    """Competitive interruptions made by this side."""
    cut_offs: int
    """Of those, how many silenced the other."""
    interruptions_per_min: float
    """Over the last 60 s (or the call, while it is shorter)."""
    backchannels: int
    cooperative: int
    blocked_attempts: int
    """Bids for the floor (competitive interruptions) that this side gave up while the other went on."""
    overlap_ratio: float
    """Time talked over the other side over own speech, in [0, 1]."""
    words_per_min: float | None = None
    """Pace: own words over own speech; None before 20 words were recognised."""
    leakage_db: float | None = None
    """The level at which the other side is heard in this channel, against its own channel; None where no leak was found."""


class RecentTurns(msgspec.Struct, frozen=True, kw_only=True):
    """The turn-taking facts of one side over the last 60 s (or the call, while it is shorter)."""

    talk_share: float
    longest_monologue_s: float
    interruptions: int
    cut_offs: int
    blocked_attempts: int
    overlap_ratio: float
    words_per_min: float | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=_snake):
    """What all events share. A stage leaves these three alone: the call's `EventLog` stamps them."""

    seq: int = 0
    call_id: str = ""
    t_s: float = 0.0


class CallStarted(Event, frozen=True, kw_only=True):
    tracks: list[Track]
    sample_rate_hz: int
    engine: str
    """The recogniser's engine, as `vosk`; `transcript` where words came ready."""
    model: str
    classifier: str
    policy: str
    """The version of the policy file that advises in this call."""
    agent: str | None = None
    notices: list[str] = []
    """What every screen must say, as the limits of a model or what is withheld and why."""


class SpeechStarted(Event, frozen=True, kw_only=True):
    track: Track
    start_s: float


class SpeechEnded(Event, frozen=True, kw_only=True):
    track: Track
    start_s: float
    end_s: float


class WordsPartial(Event, frozen=True, kw_only=True):
    """Words while somebody still speaks; the whole utterance so far, any word of which may yet change."""

    utterance_id: str
    track: Track
    start_s: float
    end_s: float
    text: str


class Utterance(Event, frozen=True, kw_only=True):
    """The final words of one stretch of speech."""

    utterance_id: str
    track: Track
    start_s: float
    end_s: float
    text: str
    confidence: float
    words: list[Word] = []


class UtteranceScored(Event, frozen=True, kw_only=True):
    """What the words say of hostility. A `partial` score is one that two readings after each other agree on; the final one
    may take it back."""

    utterance_id: str
    track: Track
    partial: bool
    scores: dict[str, float]
    level: int | None
    target: str | None
    p_abuse: float
    abuse: bool
    start_s: float
    end_s: float
    text: str
    """The words that were judged."""
    confidence: float | None = None
    """How sure the recogniser is of the words, in [0, 1]; None while they are still being spoken."""
    reason: str | None = None
    """Why `level` is null, where the judge abstained."""


class CueHeard(Event, frozen=True, kw_only=True):
    """Words that ask, promise, threaten, confess or did not understand. A fact about the call, on any track."""

    cue_id: str
    cue: HeardCue
    track: Track
    utterance_id: str
    start_s: float
    end_s: float
    text: str
    rule: str
    """`score`, or the name of the pattern that fired."""
    p: float
    """How sure the cue is, in [0, 1]; 1 where a pattern fired."""
    confidence: float
    """How sure the recogniser is of the words, in [0, 1]."""
    detail: str | None = None
    """What is demanded again; the words that say when a promise is due."""
    due: str | None = None
    """When a promise is due, ISO 8601, where the call's wall time is known and the words tell."""


class ArousalMeasured(Event, frozen=True, kw_only=True):
    """How a caller sounds against their own start, once a second of their speech. There is none of an agent."""

    track: ScoredTrack
    arousal: float
    """In [0, 1]; 0.5 is where `raised_voice` begins."""
    raised_voice: bool
    loudness_db: float
    """Against the own baseline."""
    pitch_st: float | None
    """Median pitch against the own baseline, in semitones; None where too little was voiced."""
    pitch_range_st: float | None
    tilt_db: float
    """Spectral tilt against the own baseline: above 0, more of the energy lies high, as in shouting."""
    pace: float | None
    """Words a minute over the own baseline's; None before there is one."""
    reasons: list[Reason] = []


class LineQuality(Event, frozen=True, kw_only=True):
    """The line became poor, or good again: repairs, unsure words, dropouts. Told when it changes."""

    quality: Literal["good", "poor"]
    reasons: list[Reason] = []


class Interruption(Event, frozen=True, kw_only=True):
    """`by` began while `of` held the floor. A later event with the same `interruption_id` replaces an earlier one."""

    interruption_id: str
    start_s: float
    by: Track
    of: Track
    kind: InterruptionKind
    cut_off: bool
    overlap_s: float


class TurnTaking(Event, frozen=True, kw_only=True):
    tracks: dict[str, TrackTurns]
    last_minute: dict[str, RecentTurns] = {}
    dead_air_s: float = 0.0
    """Time in which nobody spoke for longer than 3 s, over the call."""
    last_minute_dead_air_s: float = 0.0


class HeatChanged(Event, frozen=True, kw_only=True):
    """Heat in [0, 100]; `trend` is its slope in points a minute over the last 8 s; the weightiest reasons first."""

    heat: float
    level: HeatLevel
    trend: float
    reasons: list[Reason] = []
    policy: str = ""


class LadderMoved(Event, frozen=True, kw_only=True):
    """A step is advised. Where a supervisor must agree, its card waits for `step_approved`."""

    kind: AbuseKind
    step: LadderStep
    reasons: list[Reason]
    approver: Approver = "agent"
    policy: str = ""


class StepApproved(Event, frozen=True, kw_only=True):
    """A supervisor agreed to the step that waited."""

    step: LadderStep
    policy: str = ""


class LadderCooled(Event, frozen=True, kw_only=True):
    """The caller apologised, or final words hold no abuse: the ladder stands lower."""

    step: LadderStep | None
    """Where it stands now."""
    reasons: list[Reason]
    policy: str = ""


class WarningGiven(Event, frozen=True, kw_only=True):
    """The agent gave the warning that the ladder asks for: heard on the agent's track or pressed."""

    how: Literal["heard", "pressed"]
    reasons: list[Reason] = []


class TerminationLocked(Event, frozen=True, kw_only=True):
    """Distress was heard: no advice to end the call until a person unlocks it."""

    reasons: list[Reason]
    policy: str = ""


class TerminationUnlocked(Event, frozen=True, kw_only=True):
    pass


class CardShown(Event, frozen=True, kw_only=True):
    card_id: str
    """This showing of the card; `card` is its kind."""
    card: str
    title: str
    say: str
    reasons: list[Reason]
    priority: int
    ttl_s: float
    policy: str
    kind: AbuseKind | None = None


class Pressed(Event, frozen=True, kw_only=True):
    """A person pressed something on a screen."""

    action: PressAction
    card_id: str | None = None


class PolicyChanged(Event, frozen=True, kw_only=True):
    """A changed policy file advises from now on."""

    policy: str


class CardCleared(Event, frozen=True, kw_only=True):
    card_id: str
    why: Literal["expired", "replaced", "done", "not_helpful", "withdrawn", "call_ended"]


class StageDegraded(Event, frozen=True, kw_only=True):
    """A stage failed or lags (`recovered` false), or is well again. What it would have said is missing, not calm."""

    stage: Stage
    why: str
    recovered: bool = False
    track: Track | None = None


class CallEnded(Event, frozen=True, kw_only=True):
    duration_s: float
    why: str
    """`stopped`, `end of recording`, or how the peer left."""


AnyEvent = (
    CallStarted
    | SpeechStarted
    | SpeechEnded
    | WordsPartial
    | Utterance
    | UtteranceScored
    | CueHeard
    | ArousalMeasured
    | LineQuality
    | Interruption
    | TurnTaking
    | HeatChanged
    | LadderMoved
    | StepApproved
    | LadderCooled
    | WarningGiven
    | TerminationLocked
    | TerminationUnlocked
    | Pressed
    | PolicyChanged
    | CardShown
    | CardCleared
    | StageDegraded
    | CallEnded
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: AnyEvent, wire_id: int | None = None) -> bytes:
    """The event as one JSON object in UTF-8; with `wire_id`, its `id` on the socket comes first."""
    body = _encoder.encode(event)
    return body if wire_id is None else b'{"id":%d,' % wire_id + body[1:]


def decode(data: bytes | str) -> AnyEvent:
    """An event from its JSON (`id` is passed over). Raises `msgspec.ValidationError` on anything else."""
    return _decoder.decode(data)


def encode_lines(events: Iterable[AnyEvent]) -> bytes:
    """Events as JSON lines, one a line, for files and for comparing two runs byte by byte."""
    return b"".join(_encoder.encode(event) + b"\n" for event in events)


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a socket sends: any event, with its `id`."""
    (reference,), components = msgspec.json.schema_components([AnyEvent], ref_template="#/$defs/{name}")
    for definition in components.values():
        if "type" in definition.get("properties", {}) and "seq" in definition["properties"]:
            definition["properties"]["id"] = {"type": "integer", "description": "grows over all calls of a server"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Calmline events",
        **reference,
        "$defs": components,
    }
