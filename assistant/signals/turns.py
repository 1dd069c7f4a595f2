"""Turn-taking: who holds the floor, who talks over whom, who gives up; from voice activity at once, mended by words.

In: the start of each side's speech, how far it is voiced, and its end, as sample indices, window by window; final words as they
come. Out: interruptions as they become certain, and the facts of each side. Adds no latency of its own: a competitive
interruption is known at the window in which its definition is fulfilled, a cut-off once the other's hang-over is over.

The definitions are those of docs/architecture.md (*Interruption*): B starts while A holds the floor. `contests.py` names an overlap,
`talk.py` adds up who talks how much; here is who contends with whom. Speech that is faint (`loudness.py`) is talk, but neither bids for
the floor nor holds it: only the part of a stretch that is not faint contends.
"""

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assistant.events import RecentTurns, TrackTurns, TurnTaking
from assistant.signals.acknowledgements import tokens
from assistant.signals.contests import Contest, Limits, Overlap, Speech, judge
from assistant.signals.talk import Interval, Sums, Talk
from assistant.timebase import Track, samples_in, seconds

__all__ = ["Overlap", "TurnParameters", "Turns"]


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
    faint_s: float = 0.5
    """Speech that was faint for longer than this has left the floor."""
    soft_start_s: float = 0.6
    """Who is faint for no longer than this at first bids from their first sound."""
    resume_s: float = 0.6
    """Who goes on after a pause of at most this had not given up, and does not interrupt whoever began in it."""
    said_along_s: float = 2.0
    """Words that both say at once are a completion if they last less than this."""
    monologue_pause_s: float = 3.0
    dead_air_s: float = 3.0
    """Silence of all sides longer than this is dead air."""
    window_s: float = 60.0
    words_slack_s: float = 0.25
    """A recogniser's word times are off by up to this against the voice."""


@dataclass
class _Tally:
    interruptions: int = 0
    cut_offs: int = 0
    blocked: int = 0
    backchannels: int = 0
    cooperative: int = 0


class Turns:
    """The turn-taking of one call. Sides that start in the same window are told of by their starts."""

    def __init__(self, tracks: tuple[Track, ...], rate_hz: int, parameters: TurnParameters | None = None) -> None:
        p = parameters or TurnParameters()
        self._tracks = tracks
        self._rate = rate_hz
        self._limits = Limits(*(samples_in(s, rate_hz) for s in (p.bid_s, p.backchannel_s, p.cut_off_s, p.said_along_s)))
        self._floor = samples_in(p.floor_s, rate_hz)
        self._breath = samples_in(p.breath_s, rate_hz)
        self._faint = samples_in(p.faint_s, rate_hz)
        self._soft_start = samples_in(p.soft_start_s, rate_hz)
        self._resume = samples_in(p.resume_s, rate_hz)
        self._window = samples_in(p.window_s, rate_hz)
        self._slack = samples_in(p.words_slack_s, rate_hz)
        self._talk = Talk(
            tracks,
            rate_hz,
            window_s=p.window_s,
            pause_s=p.monologue_pause_s,
            answer_s=p.backchannel_s,
            dead_air_s=p.dead_air_s,
        )
        self._open: dict[Track, Speech] = {}
        """All open speech; of it what contends for the floor, and where it was last not faint; and what contended last."""
        self._near: dict[Track, Speech] = {}
        self._near_until = dict.fromkeys(tracks, 0)
        self._last: dict[Track, Speech] = {}
        self._undecided: list[Contest] = []
        self._recent: deque[Contest] = deque()
        """The contests that words, or a side that goes on, may still change; the last minute's, by their start."""
        self._tallies = {track: _Tally() for track in tracks}
        self._number = 0

    def started(self, track: Track, start: int, voiced: int) -> None:
        """`track` began to speak at sample `start` and is voiced up to `voiced`."""
        self._open[track] = Speech(track, start, voiced)
        self._talk.heard(start, voiced)

    def voiced(self, track: Track, until: int) -> None:
        """The open speech of `track` is voiced up to sample `until`."""
        speech = self._open[track]
        speech.voiced = until
        self._talk.heard(speech.start, until)

    def ended(self, track: Track, end: int) -> list[Overlap]:
        """The speech of `track` is over, its voice ended at sample `end`."""
        self._talk.ended(track, self._open.pop(track).start, end, self._speaking())
        near = self._near.get(track)
        told = [] if near is None else self._fell_silent(near, end)
        self._forget(end)
        return told

    def settled(self, faint: Collection[Track] = ()) -> list[Overlap]:
        """What became certain by the speech so far; call it once a window, after the window's starts and ends.

        The open speech of the tracks in `faint` is now far below what they are used to.
        """
        told: list[Overlap] = []
        for track, near in list(self._near.items()):
            near.voiced = self._open[track].voiced
            if track not in faint:
                self._near_until[track] = near.voiced
            elif near.voiced - self._near_until[track] > self._faint:
                told += self._fell_silent(near, self._near_until[track])
        for speech in sorted(self._open.values(), key=self._by_start):
            if speech.track not in faint and speech.track not in self._near:
                at_once = speech.voiced - speech.start <= self._soft_start
                self._contend(Speech(speech.track, speech.start if at_once else speech.voiced, speech.voiced))
        for contest in self._undecided:
            told += self._tell(contest)
        self._undecided = [contest for contest in self._undecided if contest.undecided]
        return told

    def words(self, track: Track, text: str, start_sample: int, end_sample: int) -> list[Overlap]:
        """The final words of one stretch of speech, from `start_sample` to `end_sample`, told once and after its end.

        Returns the interruptions whose name they change; the counts are mended.
        """
        words = tokens(text)
        self._talk.said(track, len(words), start_sample, end_sample)
        told: list[Overlap] = []
        for contest in self._recent if words else ():
            if track == contest.by.track and self._meets(start_sample, end_sample, contest.start, contest.by.voiced):
                contest.said = f"{contest.said} {text}".strip()
            elif track == contest.of.track and self._meets(start_sample, end_sample, contest.start, contest.by.voiced):
                contest.of_said = f"{contest.of_said} {text}".strip()
            else:
                continue
            told += self._tell(contest)
        return told

    def taking(self, now: int, leakage_db: Mapping[Track, float | None] | None = None) -> TurnTaking:
        """The facts of each side at sample `now`, open speech counted in; `leakage_db` as the `LeakGuard` measured it."""
        leakage_db = leakage_db or {}
        since = now - self._window
        recent_tallies = {track: _Tally() for track in self._tracks}
        for contest in self._recent:
            if contest.start > since:
                _count(recent_tallies, contest, 1)
        minutes = min(max(now, 1), self._window) / self._rate / 60.0
        whole, recent = self._talk.whole(now, self._speaking()), self._talk.recent(now, self._speaking())
        all_speech, recent_speech = sum(one.speech for one in whole.values()), sum(one.speech for one in recent.values())
        dead, recent_dead = self._talk.dead_air(now)
        return TurnTaking(
            tracks={
                track: self._facts(track, whole[track], all_speech, recent_tallies[track].interruptions / minutes, leakage_db.get(track))
                for track in self._tracks
            },
            last_minute={track: self._recent_facts(recent_tallies[track], recent[track], recent_speech) for track in self._tracks},
            dead_air_s=seconds(dead, self._rate),
            last_minute_dead_air_s=seconds(recent_dead, self._rate),
        )

    def _facts(self, track: Track, sums: Sums, all_speech: int, rate: float, leakage_db: float | None) -> TrackTurns:
        tally = self._tallies[track]
        return TrackTurns(
            speech_s=seconds(sums.speech, self._rate),
            talk_share=_share(sums.speech, all_speech),
            longest_monologue_s=seconds(sums.monologue, self._rate),
            interruptions=tally.interruptions,
            cut_offs=tally.cut_offs,
            interruptions_per_min=round(rate, 2),
            backchannels=tally.backchannels,
            cooperative=tally.cooperative,
            blocked_attempts=tally.blocked,
            overlap_ratio=_share(sums.overlapped, sums.speech),
            words_per_min=sums.words_per_min,
            leakage_db=leakage_db,
        )

    def _recent_facts(self, tally: _Tally, sums: Sums, all_speech: int) -> RecentTurns:
        return RecentTurns(
            talk_share=_share(sums.speech, all_speech),
            longest_monologue_s=seconds(sums.monologue, self._rate),
            interruptions=tally.interruptions,
            cut_offs=tally.cut_offs,
            blocked_attempts=tally.blocked,
            overlap_ratio=_share(sums.overlapped, sums.speech),
            words_per_min=sums.words_per_min,
        )

    def _speaking(self) -> dict[Track, Interval]:
        return {track: (speech.start, speech.voiced) for track, speech in self._open.items()}

    def _holder(self, start: int) -> Speech | None:
        since = start - self._floor
        holders = [one for one in self._near.values() if one.start <= since and one.voiced + self._breath >= start]
        return min(holders, key=self._by_start, default=None)

    def _by_start(self, speech: Speech) -> tuple[int, int]:
        return speech.start, self._tracks.index(speech.track)

    def _contend(self, speech: Speech) -> None:
        """`speech` bids for the floor, or takes it where nobody holds it."""
        last = self._last.get(speech.track)
        resumes = last is not None and speech.start - last.voiced <= self._resume
        may_contend = not (resumes and last is not None and self._goes_on(last, speech))
        holder = self._holder(speech.start) if may_contend else None
        self._near[speech.track] = speech
        self._near_until[speech.track] = speech.voiced
        if holder is not None:
            self._number += 1
            contest = Contest(self._number, speech.start, by=speech, of=holder)
            self._undecided.append(contest)
            self._recent.append(contest)

    def _fell_silent(self, speech: Speech, end: int) -> list[Overlap]:
        """`speech` contends no more; its last sample was `end`."""
        del self._near[speech.track]
        speech.voiced, speech.open = end, False
        self._last[speech.track] = speech
        told: list[Overlap] = []
        for contest in self._recent:
            if contest.by is speech or contest.of is speech:
                contest.fell_silent(speech.track)
                told += self._tell(contest)
        return told

    def _goes_on(self, last: Speech, speech: Speech) -> bool:
        """Takes up the contests of a side that pauses no more; False where it had only acknowledged, and now begins anew."""
        acknowledged = False
        for contest in self._recent:
            bid = contest.verdict is not None and contest.verdict.kind == "competitive"
            if contest.of is last or (contest.by is last and bid and contest.of.open):
                contest.goes_on(speech)
                if contest not in self._undecided:
                    self._undecided.append(contest)
            elif contest.by is last and not bid:
                acknowledged = True
        return not acknowledged

    def _meets(self, start: int, end: int, its_start: int, its_end: int) -> bool:
        return start <= its_end + self._slack and end >= its_start - self._slack

    def _tell(self, contest: Contest) -> list[Overlap]:
        """The contest as it now looks, if that is news; its old name is counted off."""
        verdict = judge(contest, self._limits)
        if verdict is None or verdict == contest.verdict:
            return []
        _count(self._tallies, contest, -1)
        contest.verdict = verdict
        _count(self._tallies, contest, 1)
        told = contest.told
        if told is not None and (told.kind, told.cut_off) == (verdict.kind, verdict.cut_off):
            return []
        contest.told = Overlap(
            contest.number, contest.start, contest.by.track, contest.of.track, verdict.kind, verdict.cut_off, contest.overlap
        )
        return [contest.told]

    def _forget(self, now: int) -> None:
        while self._recent and self._recent[0].start <= now - self._window and not self._recent[0].by.open:
            self._recent.popleft()


def _count(tallies: Mapping[Track, _Tally], contest: Contest, by: int) -> None:
    verdict = contest.verdict
    if verdict is None:
        return
    tally = tallies[contest.by.track]
    tally.interruptions += by * (verdict.kind == "competitive")
    tally.cooperative += by * (verdict.kind == "cooperative")
    tally.backchannels += by * (verdict.kind == "backchannel")
    tally.cut_offs += by * verdict.cut_off
    tally.blocked += by * verdict.blocked


def _share(part: int, of: int) -> float:
    return round(part / of, 3) if of else 0.0
