"""Turn-taking from voice activity alone: who holds the floor, who talks over whom, who gives up.

In: the start of each side's speech, how far it is voiced, and its end, as sample indices, window by window.
Out: interruptions as they become certain, and the facts of each side. Adds no latency of its own: a competitive
interruption is known at the window in which its definition is fulfilled, a cut-off once the other's hang-over is over.

The definitions are those of docs/architecture.md (*Interruption*): B starts while A holds the floor.
"""

from collections import deque
from dataclasses import dataclass

from assistant.events import InterruptionKind, TrackTurns
from assistant.timebase import Track, samples_in, seconds


@dataclass(frozen=True)
class TurnParameters:
    """Durations in seconds. An overlap of `bid_s` is a bid for the floor if its speech lasts `backchannel_s` or wins."""

    bid_s: float = 0.5
    backchannel_s: float = 1.0
    cut_off_s: float = 1.0
    floor_s: float = 0.3
    """Speech shorter than this holds no floor yet: two people who start together do not interrupt each other."""
    breath_s: float = 0.1
    """A speaker whose voice stopped less than this ago still holds the floor."""
    monologue_pause_s: float = 3.0
    window_s: float = 60.0


@dataclass
class Speech:
    """One stretch of speech of one side; `voiced` is the end of its voice so far."""

    track: Track
    start: int
    voiced: int


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


@dataclass
class _Contest:
    number: int
    by: Speech
    of: Speech
    told: Overlap | None = None


@dataclass
class _Side:
    speech: int = 0
    overlapped: int = 0
    longest: int = 0
    run_start: int | None = None
    run_end: int = 0
    interruptions: int = 0
    cut_offs: int = 0
    backchannels: int = 0
    cooperative: int = 0
    blocked: int = 0


class Turns:
    """The turn-taking of one call. Sides that start in the same window are told of in the order of `tracks`."""

    def __init__(self, tracks: tuple[Track, ...], rate_hz: int, parameters: TurnParameters | None = None) -> None:
        parameters = parameters or TurnParameters()
        self._tracks = tracks
        self._rate = rate_hz
        self._bid = samples_in(parameters.bid_s, rate_hz)
        self._backchannel = samples_in(parameters.backchannel_s, rate_hz)
        self._cut_off = samples_in(parameters.cut_off_s, rate_hz)
        self._floor = samples_in(parameters.floor_s, rate_hz)
        self._breath = samples_in(parameters.breath_s, rate_hz)
        self._pause = samples_in(parameters.monologue_pause_s, rate_hz)
        self._window = samples_in(parameters.window_s, rate_hz)
        self._open: dict[Track, Speech] = {}
        self._contests: list[_Contest] = []
        self._sides = {track: _Side() for track in tracks}
        self._recent: deque[tuple[int, Track]] = deque()
        self._number = 0

    @property
    def speaking(self) -> frozenset[Track]:
        """The sides whose speech is open now."""
        return frozenset(self._open)

    def started(self, track: Track, start: int, voiced: int) -> None:
        """`track` began to speak at sample `start` and is voiced up to `voiced`."""
        speech = Speech(track, start, voiced)
        holder = self._holder(start)
        self._open[track] = speech
        if holder is not None:
            self._number += 1
            self._contests.append(_Contest(self._number, by=speech, of=holder))

    def voiced(self, track: Track, until: int) -> None:
        """The open speech of `track` is voiced up to sample `until`."""
        self._open[track].voiced = until

    def ended(self, track: Track, end: int) -> list[Overlap]:
        """The speech of `track` is over, its voice ended at sample `end`."""
        speech = self._open.pop(track)
        speech.voiced = end
        self._account(speech)
        told = []
        for contest in [c for c in self._contests if c.by is speech or c.of is speech]:
            self._contests.remove(contest)
            judged = self._judge_end(contest, speech)
            if judged is not None:
                told.append(judged)
        return told

    def settled(self) -> list[Overlap]:
        """What became certain by the speech so far; call it once a window, after the window's starts and ends."""
        told = []
        for contest in self._contests:
            overlap = min(contest.by.voiced, contest.of.voiced) - contest.by.start
            lasted = contest.by.voiced - contest.by.start
            if contest.told is None and overlap >= self._bid and lasted >= self._backchannel:
                told.append(self._tell(contest, "competitive", False, overlap))
        return told

    def facts(self, now: int) -> dict[str, TrackTurns]:
        """The facts of each side at sample `now`, open speech counted in."""
        while self._recent and self._recent[0][0] <= now - self._window:
            self._recent.popleft()
        minutes = min(max(now, 1), self._window) / self._rate / 60.0
        spoken = {track: side.speech for track, side in self._sides.items()}
        for track, speech in self._open.items():
            spoken[track] += max(0, speech.voiced - speech.start)
        total = sum(spoken.values())
        facts: dict[str, TrackTurns] = {}
        for track, side in self._sides.items():
            recent = sum(1 for _, by in self._recent if by == track)
            running = self._open.get(track)
            monologue = side.longest
            if running is not None:
                run_start = side.run_start if self._continues(side, running.start) else running.start
                monologue = max(monologue, running.voiced - (running.start if run_start is None else run_start))
            facts[track] = TrackTurns(
                speech_s=seconds(spoken[track], self._rate),
                talk_share=round(spoken[track] / total, 3) if total else 0.0,
                longest_monologue_s=seconds(monologue, self._rate),
                interruptions=side.interruptions,
                cut_offs=side.cut_offs,
                interruptions_per_min=round(recent / minutes, 2),
                backchannels=side.backchannels,
                cooperative=side.cooperative,
                blocked_attempts=side.blocked,
                overlap_ratio=round(min(1.0, side.overlapped / spoken[track]), 3) if spoken[track] else 0.0,
            )
        return facts

    def _holder(self, start: int) -> Speech | None:
        since = start - self._floor
        holders = [one for one in self._open.values() if one.start <= since and one.voiced + self._breath >= start]
        return min(holders, key=lambda speech: (speech.start, self._tracks.index(speech.track)), default=None)

    def _judge_end(self, contest: _Contest, ended: Speech) -> Overlap | None:
        """The contest is over because one of the two fell silent: name it, or mend what was told of it."""
        by, of = contest.by, contest.of
        overlap = max(0, min(by.voiced, of.voiced) - by.start)
        if ended is of:
            cut_off = self._bid <= overlap <= self._cut_off
            if contest.told is not None:
                return self._tell(contest, "competitive", True, overlap) if cut_off else None
            if overlap < self._bid:
                return self._tell(contest, "cooperative", False, overlap) if overlap else None
            return self._tell(contest, "competitive", cut_off, overlap)
        if contest.told is not None:
            self._sides[by.track].blocked += 1
            return None
        if by.voiced - by.start < self._backchannel:
            return self._tell(contest, "backchannel", False, overlap)
        return self._tell(contest, "competitive" if overlap >= self._bid else "cooperative", False, overlap)

    def _tell(self, contest: _Contest, kind: InterruptionKind, cut_off: bool, overlap: int) -> Overlap:
        by = contest.by
        side = self._sides[by.track]
        if contest.told is None:
            if kind == "competitive":
                side.interruptions += 1
                self._recent.append((by.start, by.track))
            elif kind == "cooperative":
                side.cooperative += 1
            else:
                side.backchannels += 1
        if cut_off:
            side.cut_offs += 1
        contest.told = Overlap(contest.number, by.start, by.track, contest.of.track, kind, cut_off, overlap)
        return contest.told

    def _account(self, speech: Speech) -> None:
        """Adds an ended speech to the sums; each overlap of two speeches is counted once, when the first of them ends."""
        side = self._sides[speech.track]
        side.speech += speech.voiced - speech.start
        for other in self._open.values():
            shared = min(speech.voiced, other.voiced) - max(speech.start, other.start)
            if shared > 0:
                side.overlapped += shared
                self._sides[other.track].overlapped += shared
        if not self._continues(side, speech.start):
            side.run_start = speech.start
        side.run_end = speech.voiced
        side.longest = max(side.longest, side.run_end - (side.run_start or 0))
        if speech.voiced - speech.start >= self._backchannel:
            for track, another in self._sides.items():
                if track != speech.track:
                    another.run_start = None

    def _continues(self, side: _Side, start: int) -> bool:
        return side.run_start is not None and start - side.run_end <= self._pause
