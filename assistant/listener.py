"""From speech to judged words: has the speech of each track recognised, and its words judged. Pure; part of a call.

In: openings, audio and ends of speech. Out: `WordsPartial`, `Utterance`, `UtteranceScored`, `CueHeard`, told to the appraisal.
Hostility is told of callers and third parties only; the agent's words are read for cues, which are facts.

A judgement of words still being spoken counts once two readings after each other agree: of the two the milder is told.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from assistant.appraisal import Appraisal
from assistant.errors import CoreMisuse, EngineFailed
from assistant.eventlog import EventLog
from assistant.events import StageDegraded, Utterance, UtteranceScored, Word, WordsPartial
from assistant.signals.cues.demands import Asked
from assistant.signals.cues.hear import Cues
from assistant.signals.hostility import Judgement, Text
from assistant.speech.asr import Hearing
from assistant.timebase import Track, samples_in, seconds

SCORE_EVERY_S = 0.24
"""Words still being spoken are judged again when they changed, no sooner than this after the last time."""

STANDS_AFTER_S = 0.24
"""A judgement of words that did not change for so long counts as read once more: one reading moves nothing."""

SURE_CONFIDENCE = 0.98
"""From this confidence on, final words that were judged while they were spoken need not be judged again."""


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


NO_AUDIO = np.empty(0, np.int16)


@dataclass(frozen=True)
class CuesWanted:
    """The cues of an utterance of the agent, and nothing else about it; answer: how sure each is, in [0, 1]."""

    text: Text


@dataclass(frozen=True)
class AskWanted:
    """Whether `text` asks for something, and for the same as each of `earlier`; answer: `Asked`."""

    text: str
    earlier: tuple[str, ...]


@dataclass(frozen=True)
class DueWanted:
    """When a promise is due that was said at `said_at_s`, media time; answer: ISO 8601, None if the words or the call's wall time do
    not tell."""

    words: str
    said_at_s: float


Wanted = VoiceWanted | DecodeWanted | ScoreWanted | CuesWanted | AskWanted | DueWanted
Answer = npt.NDArray[np.float32] | Hearing | Judgement | Mapping[str, float] | Asked | EngineFailed | str | None
Asking = Generator[Wanted, Answer, None]
_T = TypeVar("_T")


@dataclass
class _Segment:
    """The speech of one track that is being recognised."""

    utterance_id: str
    start: int
    heard_from: int
    hearing: Hearing
    scored_at: int = 0
    judged: tuple[str, Judgement] | None = None
    """The words that were judged last, and what was found."""
    repeated: bool = False
    told: tuple[int | None, bool, bool] = (0, False, False)
    failed: bool = False


class Listener:
    """The words of one call."""

    def __init__(self, log: EventLog, appraisal: Appraisal, rate_hz: int, cues: Cues) -> None:
        self._log = log
        self._cues = cues
        self._appraisal = appraisal
        self._rate = rate_hz
        self._score_every = samples_in(SCORE_EVERY_S, rate_hz)
        self._stands_after = samples_in(STANDS_AFTER_S, rate_hz)
        self._segments: dict[Track, _Segment] = {}
        self._before: tuple[Track, str] | None = None
        self._deaf: set[Track] = set()
        self._failing: set[str] = set()
        self._utterances = 0

    def policy_words(self, words: tuple[str, ...]) -> None:
        """What the warnings of a changed policy would have an agent say."""
        self._cues.policy_words(words)

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
        if judged is None or judged[0] != segment.hearing.text:
            if judged is None or waited >= self._score_every:
                segment.scored_at = now
                yield from self._score_part(track, segment)
        elif waited >= self._stands_after and not segment.repeated:
            segment.repeated = True
            self._tell_standing(track, segment, judged[1])

    def close(self, track: Track, samples: npt.NDArray[np.int16] | None, now: int) -> Asking:
        """The speech is over, `samples` are the last of its audio: final words, and what they say."""
        segment = self._segments[track]
        hearing = yield from self._decode(track, segment, NO_AUDIO if samples is None else samples, end=True)
        del self._segments[track]
        if hearing is None or not hearing.words:
            if segment.hearing.words:
                segment.hearing = Hearing(())
                self._tell_partial(track, segment)
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
        self._appraisal.tell(said)
        scores: Mapping[str, float] = {}
        if said.track == "agent":
            scores = yield from self._cues_of_agent(said)
        else:
            judgement = yield from self._judge_final(said, segment)
            if judgement is not None:
                self._tell_score(said, judgement)
                scores = judgement.cues
        before = self._before[1] if self._before is not None and self._before[0] != said.track else None
        self._before = (said.track, said.text)
        asked = yield from self._asked(said)
        for cue in self._cues.heard(said, scores, before, asked):
            due = None
            if cue.cue == "promise" and cue.detail is not None:
                due = yield from self._due(cue.detail, cue.end_s)
            self._appraisal.tell(msgspec.structs.replace(cue, due=due))

    def _judge_final(self, said: Utterance, segment: _Segment) -> Generator[Wanted, Answer, Judgement | None]:
        if segment.judged is not None and segment.judged[0] == said.text and said.confidence > SURE_CONFIDENCE:
            return segment.judged[1]
        return (yield from self._judge(said.track, said.text, said.confidence))

    def _cues_of_agent(self, said: Utterance) -> Generator[Wanted, Answer, Mapping[str, float]]:
        wanted = CuesWanted(self._text(said.track, said.text, said.confidence))
        return (yield from self._answer("hostility", wanted, Mapping)) or {}  # type: ignore[type-abstract]

    def _asked(self, said: Utterance) -> Generator[Wanted, Answer, Asked | None]:
        earlier = self._cues.asked_before(said)
        if earlier is None:
            return None
        return (yield from self._answer("asks", AskWanted(said.text, earlier), Asked))

    def _due(self, words: str, said_at_s: float) -> Generator[Wanted, Answer, str | None]:
        answer = yield DueWanted(words, said_at_s)
        return answer if isinstance(answer, str) else None

    def _score_part(self, track: Track, segment: _Segment) -> Asking:
        text = segment.hearing.text
        judgement = yield from self._judge(track, text, 1.0)
        if judgement is None:
            return
        before, segment.judged, segment.repeated = segment.judged, (text, judgement), False
        self._tell_standing(track, segment, judgement if before is None else _milder(before[1], judgement), first=before is None)

    def _tell_standing(self, track: Track, segment: _Segment, judgement: Judgement, *, first: bool = False) -> None:
        """Tells what the last two readings agree on, if that is news."""
        news = (judgement.level, judgement.abuse, judgement.p.get("distress", 0.0) >= 0.5)
        if first or news == segment.told:
            return
        segment.told = news
        start_s, end_s = self._span(segment)
        said = Utterance(
            utterance_id=segment.utterance_id, track=track, start_s=start_s, end_s=end_s, text=segment.hearing.text, confidence=1.0
        )
        self._tell_score(said, judgement, partial=True)

    def _judge(self, track: Track, text: str, confidence: float) -> Generator[Wanted, Answer, Judgement | None]:
        return (yield from self._answer("hostility", ScoreWanted(self._text(track, text, confidence)), Judgement))

    def _answer(
        self, stage: Literal["hostility", "asks"], wanted: ScoreWanted | CuesWanted | AskWanted, kind: type[_T]
    ) -> Generator[Wanted, Answer, _T | None]:
        """What a network of words answers; None if it failed, which is told once."""
        answer = yield wanted
        self._tell_failing(stage, answer)
        if isinstance(answer, EngineFailed):
            return None
        if not isinstance(answer, kind):
            raise CoreMisuse(f"the answer to {type(wanted).__name__} is {kind.__name__}, not {type(answer).__name__}")
        return answer

    def _text(self, track: Track, text: str, confidence: float) -> Text:
        before_track, before = self._before if self._before is not None else (None, None)
        return Text(text=text, speaker=track, before=before, before_speaker=before_track, confidence=confidence)

    def _tell_failing(self, stage: Literal["hostility", "asks"], answer: Answer) -> None:
        """Tells when a network of words fails, and when it is well again."""
        failed = isinstance(answer, EngineFailed)
        if failed != (stage in self._failing):
            self._failing ^= {stage}
            self._log.tell(StageDegraded(stage=stage, why=str(answer) if failed else "well again", recovered=not failed))

    def _tell_score(self, said: Utterance, judgement: Judgement, *, partial: bool = False) -> None:
        self._appraisal.tell(
            UtteranceScored(
                utterance_id=said.utterance_id,
                track=said.track,
                partial=partial,
                scores={label: round(p, 4) for label, p in judgement.p.items()},
                level=judgement.level,
                target=judgement.target,
                p_abuse=round(judgement.p_abuse, 4),
                abuse=judgement.abuse,
                reason=judgement.reason,
                start_s=said.start_s,
                end_s=said.end_s,
                text=said.text,
                confidence=None if partial else said.confidence,
            )
        )

    def _tell_partial(self, track: Track, segment: _Segment) -> None:
        start_s, end_s = self._span(segment)
        self._appraisal.tell(
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


def _milder(first: Judgement, second: Judgement) -> Judgement:
    """What two readings agree on: the one that claims less."""
    return min(first, second, key=lambda one: (one.abuse, one.level or 0, one.p_abuse))
