"""Words that tell a cue for sure, and words that only look as if they did.

In: an utterance's `Wording`, who said it and the utterance before. Out: the patterns that fired, the cues that are vetoed. Pure;
an utterance takes well under 0.2 ms, since a pattern is only tried where one of its `on` words was said.

A pattern stands in `PATTERN_TABLE` only while at least 9 in 10 of the lines of `models/hostility/cues` on which it fires hold its
cue (`tests/signals/cues/test_patterns.py` holds it to that; many of the lines were written to mislead); what is less sure is left to the
network's score.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from assistant.signals.cues.kinds import CUES, CueKind, may_say
from assistant.signals.cues.pattern_table import NUMBERS, PATTERN_TABLE, VETO_TABLE
from assistant.signals.cues.wording import Wording


@dataclass(frozen=True)
class Pattern:
    """One way to say a cue. `after` must, `unless` must not be found: in the utterance before, and in what is said."""

    name: str
    """`pattern:repair.say_again`, as events give it for their rule."""
    cue: CueKind
    on: frozenset[str]
    said: re.Pattern[str]
    unless: re.Pattern[str] | None
    after: re.Pattern[str] | None


@dataclass(frozen=True)
class Veto:
    """Words that look like a cue and are none: scores of `cues` below `up_to` do not stand. A pattern always does."""

    name: str
    cues: frozenset[CueKind]
    on: frozenset[str]
    said: re.Pattern[str]
    up_to: float


@dataclass(frozen=True)
class Fired:
    """A pattern that fired on `text[start:end]` of a `Wording`."""

    pattern: Pattern
    start: int
    end: int


def fired(wording: Wording, speaker: str, before: str | None = None) -> list[Fired]:
    """The first pattern of each cue that fires, in the order of `CUES`.

    `speaker` is a track name; on `mixed` nobody knows who speaks and every cue may be meant. `before` is the text of the utterance
    before, where there is one.
    """
    found: dict[CueKind, Fired] = {}
    for pattern in tried(wording, patterns()):
        if pattern.cue in found or not allowed(speaker, pattern.cue):
            continue
        if (match := fires(pattern, wording, before)) is not None:
            found[pattern.cue] = match
    return [found[cue] for cue in CUES if cue in found]


def vetoed(wording: Wording) -> dict[CueKind, float]:
    """For each vetoed cue: scores below this do not stand."""
    limits: dict[CueKind, float] = {}
    said = set(wording.text.split())
    for veto in vetoes():
        if not veto.on.isdisjoint(said) and veto.said.search(wording.text):
            limits |= {cue: max(veto.up_to, limits.get(cue, 0.0)) for cue in veto.cues}
    return limits


def allowed(speaker: str, cue: CueKind) -> bool:
    """Whether the cue means anything from this track: everything does from `mixed`, a third party is read as a caller."""
    return speaker == "mixed" or may_say(speaker, cue)


def tried(wording: Wording, among: Iterable[Pattern]) -> list[Pattern]:
    """The patterns one of whose `on` words was said."""
    said = set(wording.text.split())
    return [pattern for pattern in among if not pattern.on.isdisjoint(said)]


def fires(pattern: Pattern, wording: Wording, before: str | None) -> Fired | None:
    """Where the pattern fires, its context regarded."""
    match = pattern.said.search(wording.text)
    if match is None or (pattern.unless is not None and pattern.unless.search(wording.text)):
        return None
    if pattern.after is not None and (before is None or not pattern.after.search(before)):
        return None
    return Fired(pattern, match.start(), match.end())


@cache
def patterns() -> tuple[Pattern, ...]:
    """All patterns, in the order of the table."""
    return tuple(
        Pattern(f"pattern:{name}", _cue(name.partition(".")[0]), frozenset(on.split()), _words(said), _maybe(unless), _maybe(after))
        for name, on, said, unless, after in PATTERN_TABLE
    )


@cache
def vetoes() -> tuple[Veto, ...]:
    """All vetoes, in the order of the table."""
    return tuple(
        Veto(f"veto:{name}", frozenset(_cue(cue) for cue in cues.split()), frozenset(on.split()), _words(said), up_to)
        for name, cues, on, said, up_to in VETO_TABLE
    )


def _cue(name: str) -> CueKind:
    return next(cue for cue in CUES if cue == name)


def _maybe(source: str) -> re.Pattern[str] | None:
    return _words(source) if source else None


def _words(source: str) -> re.Pattern[str]:
    """`source` between word ends; `NUMBER` in it stands for any spoken number."""
    return re.compile(rf"(?<![\w']){'(?:' + source.replace('NUMBER', NUMBERS) + ')'}(?![\w'])")
