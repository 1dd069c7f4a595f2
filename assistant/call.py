"""One call: audio and answers in, events out. Pure: no I/O, no clock, no model.

A call is driven by generators. `feed`, `finish` and `recite` yield what they want to know (`VoiceWanted`, `DecodeWanted`,
`ScoreWanted`, `AskWanted`, `DueWanted`), are sent the answer, and return the events that came of it. Whoever drives answers at
once and in order, so the same audio gives the same events whatever the size of the chunks. An answer may be an `EngineFailed`:
the stage is then told of as degraded, and what it would have said is missing.

Media time moves in windows of 32 ms. Latency: the window, the recogniser's own steps and, for final words, the hang-over
(320 ms); partial words are judged too, so that advice need not wait for the end of speech.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from assistant.appraisal import Appraisal
from assistant.errors import AudioFormatError, CoreMisuse, EngineFailed
from assistant.eventlog import EventLog
from assistant.events import (
    AnyEvent,
    CallEnded,
    CallStarted,
    PressAction,
    SpeechEnded,
    SpeechStarted,
    Stage,
    StageDegraded,
)
from assistant.guidance.policy import Policy
from assistant.listener import Answer, Asking, Listener, VoiceWanted, Wanted
from assistant.signals.cues.hear import Cues
from assistant.signals.leakage import LeakGuard
from assistant.signals.turns import TurnParameters
from assistant.speech.hysteresis import GateChange, VoiceParameters
from assistant.speech.segments import Segmenter, SegmentParameters, Step
from assistant.timebase import CALL_RATES_HZ, TRACKS, Track, seconds, window_samples

MONO_NOTICE = "One channel only: who interrupts whom cannot be known, so interruptions are withheld."

Steps = Generator[Wanted, Answer, list[AnyEvent]]


@dataclass(frozen=True)
class CallSettings:
    """Everything that shapes a call's events besides its audio and the models."""

    policy: Policy
    voice: VoiceParameters = field(default_factory=VoiceParameters)
    segments: SegmentParameters = field(default_factory=SegmentParameters)
    turns: TurnParameters = field(default_factory=TurnParameters)


@dataclass(frozen=True)
class CallFacts:
    """What the screens and reports say about a call besides its events."""

    tracks: tuple[Track, ...]
    sample_rate_hz: int
    engine: str
    model: str
    classifier: str
    agent: str | None = None
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.sample_rate_hz not in CALL_RATES_HZ:
            raise AudioFormatError(f"a call is worked on at 8000 or 16000 Hz, not at {self.sample_rate_hz}")
        known = set(self.tracks) <= set(TRACKS) and len(set(self.tracks)) == len(self.tracks) > 0
        if not known or ("mixed" in self.tracks and len(self.tracks) > 1):
            raise AudioFormatError(
                f"the tracks of a call are some of agent, caller, third_party, each once, or mixed alone: not {self.tracks}"
            )


@dataclass(frozen=True)
class SaidLine:
    """One line of a timed transcript; seconds of the call."""

    track: Track
    start_s: float
    end_s: float
    text: str
    confidence: float = 1.0


class Call:
    """One call. Not to be shared between threads."""

    def __init__(self, call_id: str, facts: CallFacts, settings: CallSettings) -> None:
        self.call_id = call_id
        self.facts = facts
        self._policy = settings.policy
        self._rate = facts.sample_rate_hz
        self._window = window_samples(self._rate)
        self._log = EventLog(call_id)
        self._leaks = LeakGuard(facts.tracks, self._rate)
        self._appraisal = Appraisal(self._log, facts.tracks, self._rate, settings.policy, settings.turns, self._leaks.leakage_db)
        self._listener = Listener(self._log, self._appraisal, self._rate, Cues(settings.policy.warning_words))
        self._segmenters = {track: Segmenter(settings.voice, settings.segments, self._rate) for track in facts.tracks}
        self._cut_at: dict[Track, int] = {}
        self._rest = np.empty((0, len(facts.tracks)), np.int16)
        self._position = 0
        self._length = 0
        self._degraded: set[Stage] = set()
        self._state: Literal["new", "live", "ended"] = "new"

    @property
    def position_s(self) -> float:
        """Media time up to which the call was worked on."""
        return seconds(self._position, self._rate)

    @property
    def ended(self) -> bool:
        """Whether the last event was told."""
        return self._state == "ended"

    def start(self) -> list[AnyEvent]:
        """The first event of the call."""
        if self._state != "new":
            raise CoreMisuse("a call starts once")
        self._state = "live"
        facts = self.facts
        mono = [MONO_NOTICE] if facts.tracks == ("mixed",) else []
        self._log.tell(
            CallStarted(
                tracks=list(facts.tracks),
                sample_rate_hz=facts.sample_rate_hz,
                engine=facts.engine,
                model=facts.model,
                classifier=facts.classifier,
                policy=self._policy.version,
                agent=facts.agent,
                notices=[*facts.notices, *mono],
            )
        )
        return self._log.take()

    def feed(self, samples: npt.NDArray[np.int16]) -> Steps:
        """More audio, (n, tracks) int16 for any n; works on all whole windows that there are."""
        self._must_be_live()
        if samples.ndim != 2 or samples.shape[1] != len(self.facts.tracks) or samples.dtype != np.int16:
            wanted = f"(n, {len(self.facts.tracks)})"
            raise CoreMisuse(f"audio is int16 of shape {wanted}, not {samples.dtype} of shape {samples.shape}")
        self._length += len(samples)
        audio = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(audio) // self._window * self._window
        for begin in range(0, whole, self._window):
            yield from self._hear_window(audio[begin : begin + self._window])
        self._rest = audio[whole:].copy()
        return self._log.take()

    def finish(self, why: str = "stopped") -> Steps:
        """No more audio comes: judges what is still open and ends the call. `why` is told in `CallEnded`."""
        self._must_be_live()
        if len(self._rest):
            padded = np.zeros((self._window, len(self.facts.tracks)), np.int16)
            padded[: len(self._rest)] = self._rest
            yield from self._hear_window(padded)
            self._move_to(self._length)
        steps = {track: segmenter.finish(self._length) for track, segmenter in self._segmenters.items()}
        yield from self._work_off(steps)
        self._end(why)
        return self._log.take()

    def recite(self, lines: Iterable[SaidLine]) -> Steps:
        """Plays a timed transcript, whole, in place of audio, and ends the call. The lines may come in any order."""
        self._must_be_live()
        order = self.facts.tracks.index
        waiting = sorted(lines, key=lambda line: (line.start_s, order(line.track)), reverse=True)
        saying: dict[Track, SaidLine] = {}
        while waiting or saying:
            self._next_window()
            ending = sorted(
                (line for line in saying.values() if line.end_s <= self.position_s), key=lambda line: (line.end_s, -line.start_s)
            )
            while waiting and waiting[-1].start_s <= self.position_s:
                line = waiting.pop()
                if line.track in saying and saying[line.track] not in ending:
                    ending.append(saying[line.track])
                yield from self._say([said for said in ending if said.track in saying], saying)
                ending = []
                saying[line.track] = line
                self._begin(line.track, round(line.start_s * self._rate), self._position)
            yield from self._say(ending, saying)
            for track in saying:
                self._appraisal.speech_voiced(track, self._position)
            self._appraisal.time_passed(self._position)
        self._end("end of transcript")
        return self._log.take()

    def press(self, action: PressAction, card_id: str | None = None) -> list[AnyEvent]:
        """A person pressed something on a screen."""
        self._must_be_live()
        self._appraisal.pressed(action, card_id)
        return self._log.take()

    def change_policy(self, policy: Policy) -> list[AnyEvent]:
        """Another policy advises from now on; what was believed and advised stands."""
        self._must_be_live()
        self._listener.policy_words(policy.warning_words)
        self._appraisal.policy_changed(policy)
        return self._log.take()

    def degrade(self, stage: Stage, why: str | None) -> list[AnyEvent]:
        """The shell says that a stage fails or lags (`why`), or that it is well again (None). Told when it changes."""
        self._must_be_live()
        self._stage(stage, why)
        return self._log.take()

    def _hear_window(self, window: npt.NDArray[np.int16]) -> Asking:
        by_track = np.ascontiguousarray(window.T)
        answer = yield VoiceWanted(by_track)
        self._next_window()
        if isinstance(answer, EngineFailed):
            self._stage("voice_activity", str(answer))
            probabilities = self._leaks.step(by_track, [0.0] * len(self.facts.tracks))
        elif isinstance(answer, np.ndarray):
            self._stage("voice_activity", None)
            probabilities = self._leaks.step(by_track, answer.tolist())
        else:
            raise CoreMisuse(f"the answer to VoiceWanted is an array, not {type(answer).__name__}")
        tracks = enumerate(self.facts.tracks)
        yield from self._work_off({t: self._segmenters[t].step(by_track[i], probabilities[i]) for i, t in tracks})
        for i, track in enumerate(self.facts.tracks):
            self._appraisal.window(track, by_track[i], speaking=self._segmenters[track].is_open)
        self._appraisal.time_passed(self._position)

    def _work_off(self, steps: dict[Track, Step]) -> Asking:
        """Ends of speech come before starts, so that a side that stops as the other starts is not interrupted.

        Of ends in one window the earlier comes first, and of equal ends that of the later start: an order that does not hang on the
        order of the channels, by which a side that stops with the other was not cut off.
        """
        for track, step in steps.items():
            self._follow_cut(track, step.change)
        closing = [(track, step) for track, step in steps.items() if step.change is not None and step.change.kind == "closed"]
        for track, step in sorted(closing, key=_end_order):
            yield from self._close(track, step)
        for track, step in steps.items():
            segmenter = self._segmenters[track]
            if step.change is not None and step.change.kind == "opened":
                self._begin(track, step.change.start_sample, segmenter.voiced_until, step.change)
            if segmenter.is_open:
                self._appraisal.speech_voiced(track, segmenter.voiced_until)
                if step.due is not None:
                    yield from self._listener.hear(track, step.due, self._position)

    def _begin(self, track: Track, start: int, voiced: int, change: GateChange | None = None) -> None:
        self._appraisal.tell(SpeechStarted(track=track, start_s=seconds(start, self._rate)))
        self._listener.open(track, start, start if change is None else change.heard_from_sample)
        if change is None or not change.cut:
            self._appraisal.speech_started(track, start, voiced)

    def _close(self, track: Track, step: Step) -> Asking:
        change = step.change
        if change is None or change.end_sample is None:
            raise CoreMisuse("a closing names its end")
        end = change.end_sample
        self._ended(track, change.start_sample, end)
        if change.cut:
            self._cut_at[track] = end
        else:
            self._appraisal.speech_ended(track, end)
        yield from self._listener.close(track, step.due, self._position)

    def _ended(self, track: Track, start: int, end: int) -> None:
        start_s, end_s = seconds(start, self._rate), seconds(end, self._rate)
        self._appraisal.tell(SpeechEnded(track=track, start_s=start_s, end_s=end_s))

    def _follow_cut(self, track: Track, change: GateChange | None) -> None:
        """A cut inside long speech ends an utterance but not the turn, unless the speech does not go on in the next window."""
        cut_at = self._cut_at.pop(track, None)
        if cut_at is not None and not (change is not None and change.kind == "opened" and change.cut):
            self._appraisal.speech_ended(track, cut_at)

    def _say(self, lines: list[SaidLine], saying: dict[Track, SaidLine]) -> Asking:
        """Ends lines of a transcript: their words are final. A line ends no later than the next of its track begins."""
        for line in lines:
            del saying[line.track]
            end = min(self._position, round(line.end_s * self._rate))
            self._ended(line.track, round(line.start_s * self._rate), end)
            self._appraisal.speech_ended(line.track, end)
            yield from self._listener.recite(line.track, line.text, line.start_s, line.end_s, line.confidence)

    def _stage(self, stage: Stage, why: str | None) -> None:
        if (why is not None) == (stage in self._degraded):
            return
        self._degraded ^= {stage}
        self._log.tell(StageDegraded(stage=stage, why=why or "well again", recovered=why is None))

    def _next_window(self) -> None:
        """What time alone brings comes before what is heard in the window: by this a replay knows the order."""
        self._move_to(self._position + self._window)
        self._appraisal.window_began()

    def _move_to(self, position: int) -> None:
        self._position = position
        self._log.now_s = seconds(position, self._rate)

    def _end(self, why: str) -> None:
        for track, cut_at in self._cut_at.items():
            self._appraisal.speech_ended(track, cut_at)
        self._appraisal.end(self._position)
        self._state = "ended"
        self._log.tell(CallEnded(duration_s=seconds(max(self._length, self._position), self._rate), why=why))

    def _must_be_live(self) -> None:
        if self._state != "live":
            raise CoreMisuse(f"the call is {self._state}: start it first, and not after its end")


def _end_order(closing: tuple[Track, Step]) -> tuple[int, int]:
    change = closing[1].change
    return (change.end_sample or 0, -change.start_sample) if change is not None else (0, 0)
