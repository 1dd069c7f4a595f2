"""From speech to judged words: has the speech of each track recognised, and its words judged. Pure; part of a call.

In: openings, audio and ends of speech. Out: `WordsPartial`, `Utterance`, `UtteranceScored`, and what was judged to the appraisal.
Only callers and third parties are judged; the agent's words are read for facts.
"""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.appraisal import Appraisal
from assistant.errors import CoreMisuse, EngineFailed
from assistant.eventlog import EventLog
from assistant.events import StageDegraded, Utterance, UtteranceScored, Word, WordsPartial
from assistant.guidance.advisor import Judged
from assistant.signals.hostility import Judgement, Text
from assistant.speech.asr import Hearing
from assistant.timebase import Track, samples_in, seconds

SCORE_EVERY_S = 0.16
"""Words still being spoken are judged again when they changed, no sooner than this after the last time."""

STANDS_AFTER_S = 0.06
"""A judgement of words that did not change for so long counts as said once more: one reading never moves the ladder."""


@dataclass(frozen=True)
class VoiceWanted:
    """The speech probability of one window, (tracks, w) int16; answer: (tracks,) in [0, 1]."""

    window: npt.NDArray[np.int16]


@dataclass(frozen=True)
class DecodeWanted:
    """Words of more audio of a track, (n,) int16; answer: the `Hearing` of the segment so far, None if it did not change."""

    track: Track
    samples: npt.NDArray[np.int16]
    end: bool
    """Whether the segment ends with this; the answer is then its final `Hearing`."""


@dataclass(frozen=True)
class ScoreWanted:
    """What an utterance says of hostility; answer: a `Judgement`."""

    text: Text


Wanted = VoiceWanted | DecodeWanted | ScoreWanted
Answer = npt.NDArray[np.float32] | Hearing | Judgement | EngineFailed | None
Asking = Generator[Wanted, Answer, None]

NO_AUDIO = np.empty(0, np.int16)


@dataclass
class _Segment:
    """The speech of one track that is being recognised."""

    utterance_id: str
    start: int
    heard_from: int
    hearing: Hearing
    scored_at: int = 0
    judged: Judged | None = None
    repeated: bool = False
    told: tuple[int | None, bool] = (0, False)
    failed: bool = False


class Listener:
    """The words of one call."""

    def __init__(self, log: EventLog, appraisal: Appraisal, rate_hz: int) -> None:
        self._log = log
        self._appraisal = appraisal
        self._rate = rate_hz
        self._score_every = samples_in(SCORE_EVERY_S, rate_hz)
        self._stands_after = samples_in(STANDS_AFTER_S, rate_hz)
        self._segments: dict[Track, _Segment] = {}
        self._before: tuple[Track, str] | None = None
        self._deaf: set[Track] = set()
        self._judge_failed = False
        self._utterances = 0

    def open(self, track: Track, start: int, heard_from: int) -> None:
        """Speech began at sample `start`; its audio is given from sample `heard_from` on."""
        self._utterances += 1
        self._segments[track] = _Segment(f"u{self._utterances}", start, heard_from, Hearing(()))

    def hear(self, track: Track, samples: npt.NDArray[np.int16], now: int) -> Asking:
        """More audio of open speech, (n,) int16; `now` is media time in samples."""
        segment = self._segments[track]
        hearing = yield from self._decode(track, segment, samples, end=False)
        if hearing is not None and hearing.text != segment.hearing.text:
            segment.hearing = hearing
            self._tell_partial(track, segment)
        if track == "agent" or not segment.hearing.words:
            return
        judged = segment.judged
        waited = now - segment.scored_at
        if judged is None or judged.text != segment.hearing.text:
            if judged is None or waited >= self._score_every:
                segment.scored_at = now
                yield from self._score_part(track, segment)
        elif waited >= self._stands_after and not segment.repeated:
            segment.repeated = True
            self._appraisal.judged(judged)

    def close(self, track: Track, samples: npt.NDArray[np.int16] | None, now: int) -> Asking:
        """The speech is over, `samples` are the last of its audio: final words, and what they say."""
        segment = self._segments[track]
        hearing = yield from self._decode(track, segment, NO_AUDIO if samples is None else samples, end=True)
        del self._segments[track]
        if hearing is None or not hearing.words:
            if segment.hearing.words:
                segment.hearing = Hearing(())
                self._tell_partial(track, segment)
                self._appraisal.taken_back(segment.utterance_id)
            return
        offset_s = seconds(segment.heard_from, self._rate)
        words = [
            Word(
                text=word.text,
                start_s=round(offset_s + word.start_s, 3),
                end_s=round(offset_s + word.end_s, 3),
                confidence=round(word.confidence, 3),
            )
            for word in hearing.words
        ]
        said = Utterance(
            utterance_id=segment.utterance_id,
            track=track,
            start_s=words[0].start_s,
            end_s=words[-1].end_s,
            text=hearing.text,
            confidence=round(hearing.confidence, 3),
            words=words,
        )
        yield from self._conclude(said, segment)

    def recite(self, track: Track, text: str, start_s: float, end_s: float, confidence: float) -> Asking:
        """The open speech of a transcript's line is over; its words were known all along."""
        segment = self._segments.pop(track)
        said = Utterance(
            utterance_id=segment.utterance_id,
            track=track,
            start_s=start_s,
            end_s=end_s,
            text=text,
            confidence=confidence,
        )
        yield from self._conclude(said, segment)

    def _decode(
        self, track: Track, segment: _Segment, samples: npt.NDArray[np.int16], *, end: bool
    ) -> Generator[Wanted, Answer, Hearing | None]:
        if segment.failed:
            return None
        answer = yield DecodeWanted(track, samples, end)
        if isinstance(answer, EngineFailed):
            segment.failed = True
            self._tell_deaf(track, str(answer))
            return None
        self._tell_deaf(track, None)
        if isinstance(answer, Hearing) or (answer is None and not end):
            return answer
        raise CoreMisuse(f"the answer to DecodeWanted is a Hearing, not {type(answer).__name__}")

    def _conclude(self, said: Utterance, segment: _Segment) -> Asking:
        self._log.tell(said)
        if said.track == "agent":
            self._appraisal.agent_said(said.utterance_id, said.start_s, said.end_s, said.text)
        else:
            part = segment.judged
            judgement = part.judgement if part is not None and self._same(part, said) else None
            if judgement is None:
                judgement = yield from self._judge(said.track, said.text, said.confidence)
            if judgement is not None:
                self._believe(said.track, segment, said, judgement)
        self._before = (said.track, said.text)

    @staticmethod
    def _same(part: Judged, said: Utterance) -> bool:
        """Whether what was judged while it was spoken is all that was said, and surely, so that it need not be judged again."""
        return part.text == said.text and said.confidence > 0.98

    def _score_part(self, track: Track, segment: _Segment) -> Asking:
        hearing = segment.hearing
        judgement = yield from self._judge(track, hearing.text, 1.0)
        if judgement is None:
            return
        start_s, end_s = self._span(segment)
        part = Judged(segment.utterance_id, track, start_s, end_s, hearing.text, None, judgement)
        segment.judged = part
        segment.repeated = False
        if segment.told != (judgement.level, judgement.abuse):
            segment.told = (judgement.level, judgement.abuse)
            self._tell_score(track, segment.utterance_id, judgement, partial=True)
        self._appraisal.judged(part)

    def _judge(self, track: Track, text: str, confidence: float) -> Generator[Wanted, Answer, Judgement | None]:
        before_track, before = self._before if self._before is not None else (None, None)
        answer = yield ScoreWanted(Text(text=text, speaker=track, before=before, before_speaker=before_track, confidence=confidence))
        failed = isinstance(answer, EngineFailed)
        if failed != self._judge_failed:
            self._judge_failed = failed
            why = str(answer) if failed else "well again"
            self._log.tell(StageDegraded(stage="hostility", why=why, recovered=not failed))
        if isinstance(answer, EngineFailed):
            return None
        if not isinstance(answer, Judgement):
            raise CoreMisuse(f"the answer to ScoreWanted is a Judgement, not {type(answer).__name__}")
        return answer

    def _believe(self, track: Track, segment: _Segment, said: Utterance, judgement: Judgement) -> None:
        self._tell_score(track, said.utterance_id, judgement, partial=False)
        self._appraisal.judged(Judged(said.utterance_id, track, said.start_s, said.end_s, said.text, said.confidence, judgement))

    def _tell_score(self, track: Track, utterance_id: str, judgement: Judgement, *, partial: bool) -> None:
        self._log.tell(
            UtteranceScored(
                utterance_id=utterance_id,
                track=track,
                partial=partial,
                scores={label: round(p, 4) for label, p in judgement.p.items()},
                level=judgement.level,
                target=judgement.target,
                p_abuse=round(judgement.p_abuse, 4),
                abuse=judgement.abuse,
                reason=judgement.reason,
            )
        )

    def _tell_partial(self, track: Track, segment: _Segment) -> None:
        start_s, end_s = self._span(segment)
        self._log.tell(
            WordsPartial(
                utterance_id=segment.utterance_id,
                track=track,
                start_s=start_s,
                end_s=end_s,
                text=segment.hearing.text,
            )
        )

    def _tell_deaf(self, track: Track, why: str | None) -> None:
        if (why is not None) != (track in self._deaf):
            self._deaf ^= {track}
            self._log.tell(StageDegraded(stage="recognition", why=why or "well again", recovered=why is None, track=track))

    def _span(self, segment: _Segment) -> tuple[float, float]:
        """First and last word so far, in seconds of the call."""
        words = segment.hearing.words
        if not words:
            start_s = seconds(segment.start, self._rate)
            return start_s, start_s
        offset_s = seconds(segment.heard_from, self._rate)
        return round(offset_s + words[0].start_s, 3), round(offset_s + words[-1].end_s, 3)
