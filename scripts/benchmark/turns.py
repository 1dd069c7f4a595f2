"""Runs calls of known turns through the product's own path and compares what it tells with what was built in.

The path is `assistant.call.Call` with the bundled voice activity; words, where wanted, are the true words of the placed clips, told at
the end of each stretch as a recogniser tells its final ones. The judge of words is answered with a failure: it has no part in this.
"""

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from assistant.call import Call, CallFacts, CallSettings
from assistant.engine import drive
from assistant.errors import EngineFailed
from assistant.events import AnyEvent, Interruption
from assistant.guidance.policy_file import load_policy
from assistant.listener import Answer, DecodeWanted, VoiceWanted, Wanted
from assistant.signals.leakage import LeakGuard
from assistant.speech.asr import Hearing, Word
from assistant.speech.silero import VoiceActivity
from assistant.timebase import Track
from scripts.benchmark.turn_calls import SIDES, KnownCall, Truth

MATCH_S = 0.3
"""A told start this near to a true one is that one."""


@dataclass(frozen=True)
class Told:
    """The last word on one interruption; `known_s`: when it was first called competitive."""

    start_s: float
    by: Track
    kind: str
    cut_off: bool
    known_s: float | None


class TrueAnswers:
    """Answers a call's questions: voices by the model, words by what was placed."""

    def __init__(self, known: KnownCall, voice: VoiceActivity, *, words: bool) -> None:
        self._stream = voice.stream(known.rate_hz, len(SIDES))
        self._rate = known.rate_hz
        self._position = 0
        self._heard_from: dict[Track, float] = {}
        said = known.placed if words else ()
        self._waiting = {track: sorted(word for one in said if one.track == track for word in one.words()) for track in SIDES}

    def __call__(self, wanted: Wanted) -> Answer:
        if isinstance(wanted, VoiceWanted):
            self._position += wanted.window.shape[1]
            return self._stream.probabilities(wanted.window)
        if isinstance(wanted, DecodeWanted):
            return self._hear(wanted)
        raise EngineFailed("the benchmark of turns judges no words")

    def _hear(self, wanted: DecodeWanted) -> Hearing | None:
        now_s = self._position / self._rate
        from_s = self._heard_from.setdefault(wanted.track, now_s - len(wanted.samples) / self._rate)
        if not wanted.end:
            return None
        del self._heard_from[wanted.track]
        waiting = self._waiting[wanted.track]
        heard = [word for word in waiting if word[0] < now_s]
        self._waiting[wanted.track] = waiting[len(heard) :]
        words = (Word(text, max(0.0, at_s - from_s), max(0.0, at_s - from_s) + 0.01, 1.0) for at_s, text in heard)
        return Hearing(tuple(words))


class _NoGuard(LeakGuard):
    """Stands where the product's guard stands, to tell what that is worth."""

    def step(self, window: npt.NDArray[np.int16], probabilities: list[float]) -> list[float]:
        return probabilities


def run(known: KnownCall, voice: VoiceActivity, *, words: bool = True, guard: bool = True) -> tuple[list[AnyEvent], float]:
    """All events of a call, and the seconds that it took."""
    facts = CallFacts(SIDES, known.rate_hz, "true words", "none", "none")
    call = Call(known.name, facts, CallSettings(policy=load_policy()))
    answers = TrueAnswers(known, voice, words=words)
    begun = time.perf_counter()
    if not guard:
        call._leaks = _NoGuard(SIDES, known.rate_hz)
    events = call.start()
    events += drive(call.feed(known.samples), answers)
    events += drive(call.finish(), answers)
    return events, time.perf_counter() - begun


def told(events: Iterable[AnyEvent]) -> list[Told]:
    """Every interruption as it was told last."""
    last: dict[str, Told] = {}
    for event in events:
        if isinstance(event, Interruption):
            before = last.get(event.interruption_id)
            known_s = before.known_s if before is not None else None
            if event.kind == "competitive" and known_s is None:
                known_s = event.t_s
            last[event.interruption_id] = Told(event.start_s, event.by, event.kind, event.cut_off, known_s)
    return list(last.values())


def peer(known: KnownCall) -> tuple[list[Told], float]:
    """What `call-ai-metrics` tells of the same call by its own defaults, and the seconds that it took."""
    from call_ai_metrics import analyze  # type: ignore[import-untyped]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "call.wav"
        soundfile.write(path, known.samples, known.rate_hz, subtype="PCM_16")
        begun = time.perf_counter()
        report = analyze(str(path), speakers=list(SIDES))
        took_s = time.perf_counter() - begun
    return [Told(one.time_s, one.by, "competitive", False, None) for one in report.interruption_events], took_s


@dataclass
class Score:
    """Counts over calls."""

    right: int = 0
    told: int = 0
    true: int = 0
    typed: int = 0
    truths: int = 0
    cut_right: int = 0
    cut_truths: int = 0
    audio_s: float = 0.0
    took_s: float = 0.0
    minutes: float = 0.0
    delays_s: list[float] = field(default_factory=list)
    misses: list[tuple[str, Truth | Told]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def add(self, known: KnownCall, what: list[Told], took_s: float) -> None:
        """Matches each truth with the nearest thing told of the same side, each used once."""
        self.audio_s += len(known.samples) / known.rate_hz
        self.took_s += took_s
        rest = list(what)
        for truth in known.truths:
            near = [one for one in rest if one.by == truth.by and abs(one.start_s - truth.start_s) <= MATCH_S]
            match = min(near, key=lambda one: abs(one.start_s - truth.start_s), default=None)
            if match is not None:
                rest.remove(match)
            self._compare(known.name, truth, match)
        for one in rest:
            if one.kind == "competitive":
                self.told += 1
                self.misses.append((known.name, one))

    def _compare(self, name: str, truth: Truth, match: Told | None) -> None:
        self.truths += 1
        same = match is not None and match.kind == truth.kind
        self.typed += same
        if not same:
            self.misses.append((f"{name} told {match}", truth))
        self.true += truth.kind == "competitive"
        self.told += match is not None and match.kind == "competitive"
        if match is not None and same and truth.kind == "competitive":
            self.right += 1
            self.cut_truths += 1
            self.cut_right += match.cut_off == truth.cut_off
            if truth.fulfilled_s is not None and match.known_s is not None:
                self.delays_s.append(match.known_s - truth.fulfilled_s)
