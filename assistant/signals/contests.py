"""One overlap and its name: what two voices, and later the words, say of who wanted the floor. Pure.

In: the pieces of speech of both sides so far, who fell silent first, and words once they are final. Out: a `Verdict`, or None
while nothing is certain. Adds no latency. The definitions are those of docs/architecture.md (*Interruption*).
"""

from dataclasses import dataclass

from assistant.events import InterruptionKind
from assistant.signals.acknowledgements import Wording, tokens, wording
from assistant.timebase import Track

COMPLETION_WORDS = 4
"""So many words, all of which the other says too, are said along ("four five six"), and no bid."""


@dataclass(frozen=True)
class Limits:
    """The durations of a verdict, in samples."""

    bid: int
    backchannel: int
    cut_off: int
    said_along: int


@dataclass(eq=False)
class Speech:
    """One stretch of speech of one side; `voiced` is the end of its voice so far."""

    track: Track
    start: int
    voiced: int
    open: bool = True


@dataclass(frozen=True)
class Overlap:
    """A judged interruption; samples of the call. A later one with the same `number` replaces it."""

    number: int
    start: int
    by: Track
    of: Track
    kind: InterruptionKind
    cut_off: bool
    overlap: int


@dataclass(frozen=True)
class Verdict:
    """The name of an overlap. `blocked`: the bid was given up while the other went on."""

    kind: InterruptionKind
    cut_off: bool = False
    blocked: bool = False


@dataclass(eq=False)
class Contest:
    """`by` began while `of` held the floor. Either may pause and go on: then it is the same contest."""

    number: int
    start: int
    by: Speech
    of: Speech
    gone_on: Track | None = None
    """Who still spoke when the other fell silent; None while both speak."""
    said: str = ""
    of_said: str = ""
    told: Overlap | None = None
    verdict: Verdict | None = None
    _overlap: int = 0
    _lasted: int = 0

    @property
    def overlap(self) -> int:
        """Samples in which both were voiced."""
        return self._overlap + max(0, min(self.by.voiced, self.of.voiced) - max(self.by.start, self.of.start))

    @property
    def lasted(self) -> int:
        """Samples of speech of the one who began, pauses left out."""
        return self._lasted + self.by.voiced - self.by.start

    @property
    def undecided(self) -> bool:
        """Whether the voices alone may still change the verdict."""
        return self.by.open and (self.of.open or self.verdict is None)

    def goes_on(self, speech: Speech) -> None:
        """A party that had paused speaks again: `speech` is its next piece."""
        self._overlap = self.overlap
        if speech.track == self.by.track:
            self._lasted = self.lasted
            self.by = speech
        else:
            self.of = speech
        self.gone_on = None if self.by.open and self.of.open else speech.track

    def fell_silent(self, track: Track) -> None:
        """The open speech of `track` is over."""
        if self.gone_on is None:
            self.gone_on = self.of.track if track == self.by.track else self.by.track


def judge(contest: Contest, limits: Limits) -> Verdict | None:
    """What the contest is by what is known now; None where the next window may tell."""
    if contest.overlap <= 0:
        return None
    words = wording(contest.said)
    if contest.gone_on is None:
        sure = contest.lasted >= limits.backchannel and contest.overlap >= limits.bid and words != "acknowledgement"
        return Verdict("competitive") if sure else None
    if contest.gone_on == contest.by.track:
        return _judge_taken(contest, words, limits)
    return _judge_kept(contest, words, limits)


def _judge_taken(contest: Contest, words: Wording, limits: Limits) -> Verdict | None:
    """The holder fell silent first."""
    cut_off = contest.overlap <= limits.cut_off
    if words == "acknowledgement":
        return Verdict("cooperative")
    if words == "demand":
        return Verdict("competitive", cut_off=cut_off)
    if contest.overlap < limits.bid or _said_along(contest, limits):
        return Verdict("cooperative")
    if contest.lasted >= limits.backchannel or words == "bid":
        return Verdict("competitive", cut_off=cut_off)
    return None if contest.by.open else Verdict("cooperative")


def _judge_kept(contest: Contest, words: Wording, limits: Limits) -> Verdict:
    """The holder went on."""
    if words == "acknowledgement":
        return Verdict("backchannel")
    if words in ("bid", "demand"):
        return Verdict("competitive", blocked=True)
    if contest.lasted < limits.backchannel:
        # One strange word may be an acknowledgement misheard; two are a remark that wants no floor.
        return Verdict("cooperative" if words == "other" and len(tokens(contest.said)) > 1 else "backchannel")
    if contest.overlap < limits.bid or _said_along(contest, limits):
        return Verdict("cooperative")
    return Verdict("competitive", blocked=True)


def _said_along(contest: Contest, limits: Limits) -> bool:
    own = tokens(contest.said)
    alike = 0 < len(own) <= COMPLETION_WORDS and set(own) <= set(tokens(contest.of_said))
    return alike and contest.lasted < limits.said_along
