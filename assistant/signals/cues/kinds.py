"""The cues that words may hold, and who may say them. Defined in models/hostility/cues/README.md; no model here."""

from typing import Literal, get_args

CueKind = Literal[
    "repair",
    "apology",
    "dismissal",
    "refusal",
    "integrity_challenge",
    "acceptance",
    "greeting",
    "goodbye",
    "request_manager",
    "request_refund",
    "request_free",
    "request_rush",
    "request_cancel",
    "request_write_up",
    "request_call_back",
    "review_threat",
    "legal_threat",
    "warning",
    "promise",
    "inflaming",
    "self_harm",
    "medical",
    "danger",
    "third_party_joins",
    "third_party_leaves",
]

CUES: tuple[CueKind, ...] = get_args(CueKind)
"""In the order of the network's outputs."""

DISTRESS: frozenset[CueKind] = frozenset({"self_harm", "medical", "danger"})
REQUESTS: tuple[CueKind, ...] = tuple(cue for cue in CUES if cue.startswith("request_"))

AGENTS_ALONE: frozenset[CueKind] = frozenset({"refusal", "warning", "promise", "inflaming"})
CALLERS_ALONE: frozenset[CueKind] = frozenset({*REQUESTS, "review_threat", "legal_threat", "integrity_challenge", *DISTRESS})


def may_say(speaker: str, cue: CueKind) -> bool:
    """Whether a cue means anything on this speaker's lips: only agents promise, only callers demand."""
    return cue not in (CALLERS_ALONE if speaker == "agent" else AGENTS_ALONE)
