"""The policy file: what is advised, from which evidence, in which words. TOML in, one frozen value out."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

import msgspec

from assistant.errors import ConfigError


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file; a key that it does not know is an error."""


class Evidence(Section, frozen=True):
    confidence_floor: float
    partial_agreements: int
    distress_p: float


class Budget(Section, frozen=True):
    dwell_s: float
    cool_down_s: float
    hold_s: float


class Acknowledge(Section, frozen=True):
    heat: float


class ReclaimFloor(Section, frozen=True):
    interruptions: int
    within_s: float


class WarningSpoken(Section, frozen=True):
    phrases: tuple[str, ...]


class Card(Section, frozen=True):
    title: str
    say: str
    priority: int
    ttl_s: float


class Policy(Section, frozen=True):
    """A whole policy file."""

    version: str
    evidence: Evidence
    budget: Budget
    acknowledge: Acknowledge
    reclaim_floor: ReclaimFloor
    warning_spoken: WarningSpoken
    cards: Mapping[str, Card]


CARDS = (
    "acknowledge",
    "reclaim_floor",
    "crisis",
    "ladder.note",
    "ladder.warning",
    "ladder.final_warning",
    "ladder.end_call",
)
"""The cards that this version can show; a policy must hold the words of each."""


def parse_policy(text: str, name: str = "policy") -> Policy:
    """A policy from TOML. Raises `ConfigError` that names the file and the field."""
    try:
        policy = msgspec.toml.decode(text, type=Policy)
    except (msgspec.ValidationError, msgspec.DecodeError) as broken:
        raise ConfigError(f"{name}: {broken}") from broken
    missing = [card for card in CARDS if card not in policy.cards]
    unknown = [card for card in policy.cards if card not in CARDS]
    if missing or unknown:
        what = f"lacks the cards {missing}" if missing else f"has cards that are not known: {unknown}"
        raise ConfigError(f"{name}: [cards] {what}; the cards are {list(CARDS)}")
    return policy


def load_policy(path: Path | None = None) -> Policy:
    """The policy at `path`, or the bundled one. Raises `ConfigError`."""
    if path is None:
        return parse_policy((resources.files(__package__) / "policy.toml").read_text("utf-8"), "the bundled policy")
    try:
        return parse_policy(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as broken:
        raise ConfigError(f"cannot read the policy {path}: {broken}") from broken
