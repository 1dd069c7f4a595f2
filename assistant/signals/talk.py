"""How much each side talks: speech, overlap, monologues, pace and dead air, over the call and over its last minute. Pure.

In: stretches of speech as they end, those still open, and the number of words of each. Out: sums, in samples, at any moment.
What is older than two windows is added up and forgotten, so that a long call costs no more than a short one. No latency.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assistant.timebase import Track, samples_in

PACE_WORDS = 20
"""No pace is told of fewer words."""

Interval = tuple[int, int]


@dataclass(frozen=True)
class Sums:
    """What one side did in a stretch of the call; samples, and words a minute."""

    speech: int
    overlapped: int
    monologue: int
    words_per_min: float | None


@dataclass
class _Side:
    pieces: deque[Interval] = field(default_factory=deque)
    runs: deque[Interval] = field(default_factory=deque)
    """Monologues, oldest first; the last one may grow."""
    answers: list[int] = field(default_factory=list)
    """When others ended who said enough to break it."""
    longest: int = 0
    said: deque[tuple[int, int, int]] = field(default_factory=deque)
    """Start, end and number of words of each stretch with words."""
    words: int = 0
    worded: int = 0
    speech: int = 0
    overlapped: int = 0


class Talk:
    """The sums of one call."""

    def __init__(
        self, tracks: tuple[Track, ...], rate_hz: int, *, window_s: float, pause_s: float, answer_s: float, dead_air_s: float
    ) -> None:
        """`pause_s` breaks a monologue, so does another's speech of `answer_s`; silence above `dead_air_s` is dead air."""
        self._rate = rate_hz
        self._window = samples_in(window_s, rate_hz)
        self._pause = samples_in(pause_s, rate_hz)
        self._answer = samples_in(answer_s, rate_hz)
        self._silence = samples_in(dead_air_s, rate_hz)
        self._sides = {track: _Side() for track in tracks}
        self._added_up = 0
        self._heard_until = 0
        self._gaps: deque[Interval] = deque()
        self._dead = 0

    def heard(self, start: int, until: int) -> None:
        """Somebody speaks from `start` and is voiced up to `until`: silence before that is over."""
        if start - self._heard_until > self._silence:
            self._gaps.append((self._heard_until, start))
            self._dead += start - self._heard_until
        self._heard_until = max(self._heard_until, until)

    def ended(self, track: Track, start: int, end: int, speaking: Mapping[Track, Interval]) -> None:
        """A stretch of speech is over; `speaking`: start and voice so far of those that are not."""
        side = self._sides[track]
        side.pieces.append((start, end))
        run = self._run(side, start, end)
        if side.runs and run[0] == side.runs[-1][0]:
            side.runs.pop()
        side.runs.append(run)
        side.answers = [at for at in side.answers if at >= end]
        side.longest = max(side.longest, run[1] - run[0])
        if end - start >= self._answer:
            for other, another in self._sides.items():
                if other != track and another.runs:
                    another.answers.append(end)
        self._add_up(end - 2 * self._window, speaking)

    def said(self, track: Track, words: int, start: int, end: int) -> None:
        """Final words of one stretch of speech."""
        side = self._sides[track]
        if words and end > start:
            side.said.append((start, end, words))
            side.words += words
            side.worded += end - start

    def whole(self, now: int, speaking: Mapping[Track, Interval]) -> dict[Track, Sums]:
        """The sums of the call up to `now`; `speaking`: the start and the voice so far of open speech."""
        rest = self._measure(self._added_up, now, speaking)
        sums = {}
        for track, side in self._sides.items():
            speech, overlapped = rest[track]
            longest = max(side.longest, *(end - start for start, end in self._runs(track, speaking)), 0)
            pace = self._pace(side.words, side.worded)
            sums[track] = Sums(side.speech + speech, side.overlapped + overlapped, longest, pace)
        return sums

    def recent(self, now: int, speaking: Mapping[Track, Interval]) -> dict[Track, Sums]:
        """The sums of the last window before `now`, all clipped to it."""
        since = max(0, now - self._window)
        rest = self._measure(since, now, speaking)
        sums = {}
        for track, side in self._sides.items():
            longest = max((end - start for start, end in _clipped(self._runs(track, speaking), since, now)), default=0)
            words, worded = 0.0, 0
            for start, end, count in side.said:
                inside = min(end, now) - max(start, since)
                if inside > 0:
                    words += count * inside / (end - start)
                    worded += inside
            sums[track] = Sums(*rest[track], longest, self._pace(words, worded))
        return sums

    def dead_air(self, now: int) -> tuple[int, int]:
        """Samples of dead air up to `now`, and of them those in the last window; a silence that lasts is counted in."""
        lasting = now - self._heard_until
        gaps = [*self._gaps, (self._heard_until, now)] if lasting > self._silence else list(self._gaps)
        recent = sum(end - start for start, end in _clipped(gaps, max(0, now - self._window), now))
        return self._dead + (lasting if lasting > self._silence else 0), recent

    def _run(self, side: _Side, start: int, end: int) -> Interval:
        """The monologue that a stretch goes on, or begins. Who ends at the same moment as this side did not break in."""
        if not side.runs or start - side.runs[-1][1] > self._pause:
            return start, end
        began, last = side.runs[-1]
        broken = any(last < at < end for at in side.answers)
        return (start, end) if broken else (began, max(end, last))

    def _runs(self, track: Track, speaking: Mapping[Track, Interval]) -> list[Interval]:
        side = self._sides[track]
        now = speaking.get(track)
        return list(side.runs) if now is None else [*side.runs, self._run(side, *now)]

    def _pace(self, words: float, worded: int) -> float | None:
        return round(words / (worded / self._rate / 60.0), 1) if words >= PACE_WORDS else None

    def _measure(self, start: int, end: int, speaking: Mapping[Track, Interval]) -> dict[Track, tuple[int, int]]:
        """Own speech, and how much of it lies under anybody else's, within [start, end)."""
        spans = {}
        for track, side in self._sides.items():
            now = speaking.get(track)
            spans[track] = _united(_clipped(side.pieces if now is None else [*side.pieces, now], start, end))
        measured = {}
        for track, own in spans.items():
            others = _united(span for other, its in spans.items() if other != track for span in its)
            measured[track] = (sum(b - a for a, b in own), _shared(own, others))
        return measured

    def _add_up(self, until: int, speaking: Mapping[Track, Interval]) -> None:
        """Sums up to sample `until` become final; it lies so far back that nothing there can change."""
        if until <= self._added_up:
            return
        for track, (speech, overlapped) in self._measure(self._added_up, until, speaking).items():
            side = self._sides[track]
            side.speech += speech
            side.overlapped += overlapped
            _forget(side.pieces, until)
            _forget(side.runs, until)
            while side.said and side.said[0][1] <= until:
                side.said.popleft()
        _forget(self._gaps, until)
        self._added_up = until


def _forget(spans: deque[Interval], until: int) -> None:
    while spans and spans[0][1] <= until:
        spans.popleft()


def _clipped(spans: Iterable[Interval], start: int, end: int) -> list[Interval]:
    inside = ((max(a, start), min(b, end)) for a, b in spans)
    return [(a, b) for a, b in inside if b > a]


def _united(spans: Iterable[Interval]) -> list[Interval]:
    united: list[Interval] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def _shared(own: list[Interval], others: list[Interval]) -> int:
    return sum(max(0, min(b, d) - max(a, c)) for a, b in own for c, d in others)
