"""The models, and one call run through them: audio in, events out, at once and in order.

Live calls, recordings, tests and the benchmark all come through here, so that all see the same events.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from assistant.call import Call, CallFacts, CallSettings, SaidLine, Steps
from assistant.config import ModelSettings
from assistant.errors import CoreMisuse, EngineFailed
from assistant.events import AnyEvent, PressAction, Stage
from assistant.guidance.policy import Policy
from assistant.listener import Answer, AskWanted, CuesWanted, DecodeWanted, DueWanted, ScoreWanted, VoiceWanted, Wanted
from assistant.signals.asks import AskNetwork, Asks
from assistant.signals.hostility import Classifier, load_classifier
from assistant.speech.asr import Recogniser, RecogniserStream, load_recogniser
from assistant.speech.silero import VoiceActivity
from assistant.timebase import Track
from assistant.weights import locate


@dataclass(frozen=True)
class WordModels:
    """The weights that read words: all that a call needs that comes as text."""

    classifier: Classifier
    asks: Asks

    def answer(self, wanted: ScoreWanted | CuesWanted | AskWanted) -> Answer:
        if isinstance(wanted, AskWanted):
            return self.asks.compare(wanted.text, wanted.earlier)
        judgement = self.classifier.judge([wanted.text])[0]
        return judgement.cues if isinstance(wanted, CuesWanted) else judgement


@dataclass(frozen=True)
class Models:
    """The weights, shared by all calls of a process."""

    voice: VoiceActivity
    recogniser: Recogniser
    engine: str
    words: WordModels


def load_models(settings: ModelSettings) -> Models:
    """All that a call needs. Raises `ModelLoadError` that names the mend."""
    return Models(
        voice=VoiceActivity.load(),
        recogniser=load_recogniser(settings.engine, settings.recogniser),
        engine=settings.engine,
        words=load_words(settings),
    )


def load_words(settings: ModelSettings) -> WordModels:
    """What reads words alone. Raises `ModelLoadError`."""
    return WordModels(load_hostility(settings), AskNetwork())


def load_hostility(settings: ModelSettings) -> Classifier:
    """The judge of words alone. Raises `ModelLoadError`."""
    return load_classifier(None if settings.hostility is None else locate(settings.hostility))


class LiveEngine:
    """One call and its streams. Used by one thread at a time; every method returns the events that came of it."""

    def __init__(
        self,
        models: Models,
        settings: CallSettings,
        call_id: str,
        tracks: tuple[Track, ...],
        rate_hz: int,
        *,
        agent: str | None = None,
        notices: tuple[str, ...] = (),
        started_at: datetime | None = None,
    ) -> None:
        """`started_at`: the wall time of the call's first sample, with its zone, if known: by it promises get their due time.

        Raises `AudioFormatError` on tracks or a rate that cannot be worked on.
        """
        limits = (models.recogniser.limits,) if models.recogniser.limits else ()
        facts = CallFacts(
            tracks=tracks,
            sample_rate_hz=rate_hz,
            engine=models.engine,
            model=models.recogniser.name,
            classifier=models.words.classifier.name,
            agent=agent,
            notices=(*limits, *notices),
        )
        self._models = models
        self._call = Call(call_id, facts, settings)
        self._voice = models.voice.stream(rate_hz, len(tracks))
        self._rate = rate_hz
        self._started_at = started_at
        self._streams: dict[Track, RecogniserStream] = {}

    @property
    def position_s(self) -> float:
        """Media time up to which the call was worked on."""
        return self._call.position_s

    def start(self) -> list[AnyEvent]:
        return self._call.start()

    def feed(self, samples: npt.NDArray[np.int16]) -> list[AnyEvent]:
        """More audio, (n, tracks) int16."""
        return drive(self._call.feed(samples), self._answer)

    def finish(self, why: str = "stopped") -> list[AnyEvent]:
        return drive(self._call.finish(why), self._answer)

    def press(self, action: PressAction, card_id: str | None) -> list[AnyEvent]:
        return self._call.press(action, card_id)

    def change_policy(self, policy: Policy) -> list[AnyEvent]:
        return self._call.change_policy(policy)

    def degrade(self, stage: Stage, why: str | None) -> list[AnyEvent]:
        return self._call.degrade(stage, why)

    def _answer(self, wanted: Wanted) -> Answer:
        if isinstance(wanted, VoiceWanted):
            return self._voice.probabilities(wanted.window)
        if isinstance(wanted, DecodeWanted):
            return self._decode(wanted)
        if isinstance(wanted, DueWanted):
            return _due(wanted, self._started_at)
        return self._models.words.answer(wanted)

    def _decode(self, wanted: DecodeWanted) -> Answer:
        stream = self._streams.get(wanted.track)
        if stream is None:
            stream = self._streams[wanted.track] = self._models.recogniser.stream(self._rate)
        try:
            heard = stream.accept(wanted.samples) if len(wanted.samples) else None
            return stream.finish() if wanted.end else heard
        except EngineFailed:
            # Its state is unknown now; the next speech begins with a fresh one.
            del self._streams[wanted.track]
            raise


def recite(
    words: WordModels,
    settings: CallSettings,
    call_id: str,
    tracks: tuple[Track, ...],
    lines: Iterable[SaidLine],
    notices: tuple[str, ...] = (),
    started_at: datetime | None = None,
) -> list[AnyEvent]:
    """All events of a call that comes as a timed transcript."""

    def answer(wanted: Wanted) -> Answer:
        if isinstance(wanted, DueWanted):
            return _due(wanted, started_at)
        if not isinstance(wanted, ScoreWanted | CuesWanted | AskWanted):
            raise CoreMisuse("a transcript needs no audio models")
        return words.answer(wanted)

    facts = CallFacts(tracks, 8000, "transcript", "none", words.classifier.name, notices=notices)
    call = Call(call_id, facts, settings)
    return [*call.start(), *drive(call.recite(lines), answer)]


def _due(wanted: DueWanted, started_at: datetime | None) -> str | None:
    if started_at is None:
        return None
    from assistant.signals.cues.due import due_time

    due = due_time(wanted.words, started_at + timedelta(seconds=wanted.said_at_s))
    return None if due is None else due.isoformat()


def drive(steps: Steps, answer: Callable[[Wanted], Answer]) -> list[AnyEvent]:
    """Answers what a call asks until it has its events. A model's `EngineFailed` is an answer, too."""
    answered: Answer = None
    while True:
        try:
            wanted = steps.send(answered)
        except StopIteration as done:
            events: list[AnyEvent] = done.value
            return events
        try:
            answered = answer(wanted)
        except EngineFailed as failed:
            answered = failed
