"""Answers to a call's questions from plain rules, so that the core can be tested without weights.

Audio is loud where somebody speaks, and how loud tells what is said: each 0.3 s of a segment is one word. A word of abuse is abuse.
"""

import numpy as np
import numpy.typing as npt

from assistant.call import Call, CallFacts, CallSettings, Steps
from assistant.engine import drive
from assistant.errors import EngineFailed
from assistant.events import AnyEvent
from assistant.guidance.policy_file import load_policy
from assistant.listener import Answer, AskWanted, CuesWanted, DecodeWanted, DueWanted, VoiceWanted, Wanted
from assistant.signals.cues.demands import Asked
from assistant.signals.hostility import LABELS, Judgement
from assistant.speech.asr import Hearing, Word
from assistant.timebase import TRACKS, Track

RATE = 8000
WORD_S = 0.3
LOUDNESS = {"please": 1000, "broken": 3000, "idiot": 9000, "end this call if you": 5000, "dying": 7000}
SETTINGS = CallSettings(policy=load_policy())


class PlainAnswers:
    """Stands where the models stand. `fails` names the kind of question that is answered with a failure."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.asked: list[Wanted] = []
        self.decoded_samples = 0
        self._heard: dict[Track, list[npt.NDArray[np.int16]]] = {}

    def __call__(self, wanted: Wanted) -> Answer:
        self.asked.append(wanted)
        # One network answers both of these: where it fails, it fails for both.
        name = "ScoreWanted" if isinstance(wanted, CuesWanted) else type(wanted).__name__
        if name == self.fails:
            raise EngineFailed(f"{self.fails} failed")
        if isinstance(wanted, VoiceWanted):
            loud = np.abs(wanted.window.astype(np.int32)).max(axis=1) > 300
            return loud.astype(np.float32)
        if isinstance(wanted, DecodeWanted):
            return self._hear(wanted)
        if isinstance(wanted, DueWanted):
            return None
        if isinstance(wanted, AskWanted):
            return Asked(float("refund" in wanted.text), tuple(float("refund" in old) for old in wanted.earlier))
        if isinstance(wanted, CuesWanted):
            return {"warning": 0.9} if "end this call" in wanted.text.text else {}
        return judge(wanted.text.text)

    def _hear(self, wanted: DecodeWanted) -> Hearing:
        self.decoded_samples += len(wanted.samples)
        parts = self._heard.setdefault(wanted.track, [])
        parts.append(wanted.samples)
        audio = np.abs(np.concatenate(parts).astype(np.int32))
        if wanted.end:
            del self._heard[wanted.track]
        step = round(WORD_S * RATE)
        words = []
        for begin in range(0, len(audio) - step + 1, step):
            loudest = int(audio[begin : begin + step].max())
            if loudest > 300:
                text = min(LOUDNESS, key=lambda word: abs(LOUDNESS[word] - loudest))
                words.append(Word(text, begin / RATE, (begin + step) / RATE, 0.9 if wanted.end else 0.0))
        return Hearing(tuple(words))


def judge(text: str) -> Judgement:
    p = dict.fromkeys(LABELS, 0.01)
    if "idiot" in text:
        return Judgement(p | {"insult": 0.95}, 3, "person", 0.95, True, None)
    if "dying" in text:
        return Judgement(p | {"distress": 0.95}, 1, "self", 0.01, False, None)
    level = 1 if "broken" in text else 0
    return Judgement(p, level, "situation" if level else "none", 0.01, False, None)


def audio(*said: tuple[Track, float, float, str], length_s: float, tracks: tuple[Track, ...] = ("agent", "caller")) -> np.ndarray:
    """(n, tracks) int16: each (track, start_s, end_s, word) is noise as loud as its word, each track's own: one does not leak."""
    samples = np.zeros((round(length_s * RATE), len(tracks)), np.int16)
    for track, start_s, end_s, word in said:
        span = slice(round(start_s * RATE), round(end_s * RATE))
        wave = np.random.default_rng(TRACKS.index(track)).choice(np.array([-1, 1], np.int16), len(samples))
        samples[span, tracks.index(track)] = wave[span] * LOUDNESS[word]
    return samples


def new_call(tracks: tuple[Track, ...] = ("agent", "caller"), settings: CallSettings = SETTINGS) -> Call:
    facts = CallFacts(tracks, RATE, "plain", "plain", "plain", agent="sam")
    return Call("call", facts, settings)


def run(call: Call, chunks: list[np.ndarray], answers: PlainAnswers | None = None) -> list[AnyEvent]:
    """All events of a call."""
    answers = answers or PlainAnswers()
    events = call.start()
    for chunk in chunks:
        events += drive(call.feed(chunk), answers)
    return [*events, *drive(call.finish(), answers)]


def run_steps(steps: Steps, answers: PlainAnswers | None = None) -> list[AnyEvent]:
    return drive(steps, answers or PlainAnswers())
