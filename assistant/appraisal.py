"""What the signals of one call add up to: turn-taking facts, and the advice that follows from every belief. Pure.

In: speech activity, windows of audio, events of the listener, presses, and time going on. Out: events, told to the call's log.
"""

from collections.abc import Callable
from typing import get_args

import numpy as np
import numpy.typing as npt

from assistant.eventlog import EventLog
from assistant.events import AnyEvent, CueHeard, Interruption, LineQuality, PressAction, Pressed, TurnTaking, Utterance
from assistant.guidance.guide import Guide
from assistant.guidance.policy import Policy
from assistant.signals.arousal import Arousal
from assistant.signals.line import Dropouts, Line
from assistant.signals.loudness import Loudness
from assistant.signals.turns import Overlap, TurnParameters, Turns
from assistant.timebase import ScoredTrack, Track, samples_in, seconds

TURN_FACTS_EVERY_S = 5.0


class Appraisal:
    """One call's beliefs and advice. `now` is media time in samples."""

    def __init__(
        self,
        log: EventLog,
        tracks: tuple[Track, ...],
        rate_hz: int,
        policy: Policy,
        turns: TurnParameters,
        leakage_db: Callable[[Track], float | None],
    ) -> None:
        """`leakage_db` tells at what level the other side is heard in a track, None where it is not."""
        self._log = log
        self._leakage_db = leakage_db
        scored: tuple[ScoredTrack, ...] = get_args(ScoredTrack)
        self._arousal: dict[Track, Arousal] = {track: Arousal(track, rate_hz) for track in scored if track in tracks}
        self._dropouts = {track: Dropouts(rate_hz) for track in tracks}
        self._loudness = {track: Loudness() for track in tracks}
        self._rate = rate_hz
        self._separate = tracks != ("mixed",)
        self._turns = Turns(tracks, rate_hz, turns)
        self._line = Line()
        self._guide = Guide(policy)
        self._facts_due_s = TURN_FACTS_EVERY_S

    def tell(self, event: AnyEvent) -> None:
        """Tells an event of the call, and what follows from it."""
        stamped = self._log.tell(event)
        self._advise(self._guide.hear(stamped))
        if isinstance(event, Utterance):
            if self._separate:
                start, end = samples_in(event.start_s, self._rate), samples_in(event.end_s, self._rate)
                self._interruptions(self._turns.words(event.track, event.text, start, end))
            if event.track in self._arousal:
                self._arousal[event.track].words(len(event.text.split()), event.end_s - event.start_s)
            self._tell_line(self._line.utterance(event))
        elif isinstance(event, CueHeard):
            self._tell_line(self._line.cue(event))

    def window(self, track: Track, window: npt.NDArray[np.int16], *, speaking: bool) -> None:
        """One window of a track, (w,) int16, and whether its speech is open: how it sounds, and what the line lost of it."""
        self._loudness[track].step(window, speaking)
        lost = self._dropouts[track].step(window, speaking)
        if lost is not None:
            self._tell_line(self._line.dropout(track, *lost))
        arousal = self._arousal.get(track)
        measured = None if arousal is None else arousal.step(window, speaking)
        if measured is not None:
            self.tell(measured)

    def speech_started(self, track: Track, start: int, voiced: int) -> None:
        """`track` speaks from sample `start`, voiced up to `voiced` so far."""
        if self._separate:
            self._turns.started(track, start, voiced)

    def speech_voiced(self, track: Track, until: int) -> None:
        """Open speech is voiced up to sample `until`."""
        if self._separate:
            self._turns.voiced(track, until)

    def speech_ended(self, track: Track, end: int) -> None:
        """Open speech ended at sample `end`."""
        if self._separate:
            self._interruptions(self._turns.ended(track, end))

    def pressed(self, action: PressAction, card_id: str | None) -> None:
        """A person pressed something."""
        self.tell(Pressed(action=action, card_id=card_id))

    def policy_changed(self, policy: Policy) -> None:
        """Another policy advises from now on."""
        self._advise(self._guide.change(policy))

    def window_began(self) -> None:
        """Media time went on by a window: what faded or fell due."""
        self._advise(self._guide.tick(self._log.now_s))

    def time_passed(self, now: int) -> None:
        """A window is over: what became certain by now."""
        if self._separate:
            self._interruptions(self._turns.settled([track for track, its in self._loudness.items() if its.faint]))
            if self._log.now_s >= self._facts_due_s:
                self._facts_due_s = self._log.now_s + TURN_FACTS_EVERY_S
                self.tell(self._taking(now))
        self._tell_line(self._line.passed(self._log.now_s))

    def end(self, now: int) -> None:
        """The call is over."""
        if self._separate:
            self.tell(self._taking(now))
        self._advise(self._guide.end(self._log.now_s))

    def _taking(self, now: int) -> TurnTaking:
        return self._turns.taking(now, {track: self._leakage_db(track) for track in self._dropouts})

    def _advise(self, events: list[AnyEvent]) -> None:
        for event in events:
            self._log.tell(event)

    def _tell_line(self, quality: LineQuality | None) -> None:
        if quality is not None:
            self.tell(quality)

    def _interruptions(self, overlaps: list[Overlap]) -> None:
        for overlap in overlaps:
            self.tell(
                Interruption(
                    interruption_id=f"i{overlap.number}",
                    start_s=seconds(overlap.start, self._rate),
                    by=overlap.by,
                    of=overlap.of,
                    kind=overlap.kind,
                    cut_off=overlap.cut_off,
                    overlap_s=seconds(overlap.overlap, self._rate),
                )
            )
