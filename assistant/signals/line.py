"""How good the line is, by what it does to the talk: asked-for repetitions, unsure words, dropouts.

In: utterances, cues and dropouts of any track, in the order in which they became known. Out: `LineQuality` when it changes.
`Dropouts` finds gaps of exact silence within speech: a lost packet, which no pause of a voice leaves. Pure; adds no latency.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.events import CueHeard, LineQuality, Reason, Utterance
from assistant.timebase import Track, samples_in, seconds


@dataclass(frozen=True)
class LineParameters:
    """When a line is poor. Times in seconds of the call; confidence in [0, 1]."""

    repairs: int = 2
    """So many requests to repeat, of either side, within `near_s`; one does with an unsure utterance or a dropout as near."""
    near_s: float = 45.0
    unsure: int = 3
    """So many utterances below `unsure_confidence` within `unsure_s`."""
    unsure_s: float = 60.0
    unsure_confidence: float = 0.5
    unsure_words: int = 2
    """Shorter utterances tell nothing of a line: a mumbled `mm` is unsure on the best of them."""
    dropouts: int = 3
    """So many dropouts within `dropout_s`."""
    dropout_s: float = 20.0
    good_after_s: float = 45.0
    """Good again after so long without any of them."""


_WHAT = {
    "repair": "asked to hear it again",
    "unsure": "the recogniser was unsure of the words",
    "dropout": "sound was missing within speech",
}


class Line:
    """The line of one call. It begins good."""

    def __init__(self, parameters: LineParameters | None = None) -> None:
        self._parameters = parameters or LineParameters()
        self._trouble: deque[tuple[str, float, Reason]] = deque()
        self._poor = False

    def utterance(self, said: Utterance) -> LineQuality | None:
        """A final utterance: its confidence counts."""
        unsure = said.confidence < self._parameters.unsure_confidence and len(said.text.split()) >= self._parameters.unsure_words
        if not unsure:
            return self.passed(said.end_s)
        return self._heard("unsure", said.track, said.start_s, said.end_s, said.utterance_id, said.text, said.confidence)

    def cue(self, event: CueHeard) -> LineQuality | None:
        """A cue: repairs count."""
        if event.cue != "repair":
            return self.passed(event.end_s)
        return self._heard("repair", event.track, event.start_s, event.end_s, event.utterance_id, event.text, event.p)

    def dropout(self, track: Track, start_s: float, end_s: float) -> LineQuality | None:
        """Sound was missing from `start_s` to `end_s`."""
        return self._heard("dropout", track, start_s, end_s)

    def passed(self, t_s: float) -> LineQuality | None:
        """The call has come to `t_s`: a poor line may be good again."""
        keep_s = max(self._parameters.near_s, self._parameters.unsure_s, self._parameters.dropout_s, self._parameters.good_after_s)
        latest_s = max((at_s for _, at_s, _ in self._trouble), default=None)
        while self._trouble and t_s - self._trouble[0][1] > keep_s:
            self._trouble.popleft()
        if not self._poor or (latest_s is not None and t_s - latest_s < self._parameters.good_after_s):
            return None
        self._poor = False
        self._trouble.clear()
        return LineQuality(quality="good")

    def _heard(
        self,
        kind: str,
        track: Track,
        start_s: float,
        end_s: float,
        utterance_id: str | None = None,
        quote: str | None = None,
        p: float | None = None,
    ) -> LineQuality | None:
        mended = self.passed(end_s)
        reason = Reason(
            rule=f"line:{kind}", what=_WHAT[kind], utterance_id=utterance_id, track=track, quote=quote, start_s=start_s, end_s=end_s, p=p
        )
        self._trouble.append((kind, end_s, reason))
        reasons = [] if self._poor else self._piled_up(end_s)
        if not reasons:
            return mended
        self._poor = True
        return None if mended is not None else LineQuality(quality="poor", reasons=reasons)

    def _piled_up(self, t_s: float) -> list[Reason]:
        """The trouble that makes the line poor at `t_s`; none where it does not."""
        limits = self._parameters
        repairs = self._since("repair", t_s - limits.near_s)
        unsure = self._since("unsure", t_s - limits.near_s)
        dropouts = self._since("dropout", t_s - limits.near_s)
        if len(repairs) >= limits.repairs or (repairs and (unsure or dropouts)):
            return repairs + unsure + dropouts
        if len(unsure := self._since("unsure", t_s - limits.unsure_s)) >= limits.unsure:
            return unsure
        dropouts = self._since("dropout", t_s - limits.dropout_s)
        return dropouts if len(dropouts) >= limits.dropouts else []

    def _since(self, kind: str, from_s: float) -> list[Reason]:
        return [reason for what, at_s, reason in self._trouble if what == kind and at_s >= from_s]


@dataclass(frozen=True)
class DropoutParameters:
    """A dropout is a run of one repeated sample value that breaks off a loud sound."""

    shortest_s: float = 0.04
    """Two lost packets of 20 ms."""
    longest_s: float = 1.0
    edge_s: float = 0.004
    loud: float = 0.5
    """The peak of the last `edge_s` before the run, over the root mean square of the speech so far: a voice that pauses dies away
    first, also where a gate then mutes it."""


class Dropouts:
    """Dropouts of one track. Windows follow each other without a gap; only where they are cut differs from call to call."""

    def __init__(self, rate_hz: int, parameters: DropoutParameters | None = None) -> None:
        parameters = parameters or DropoutParameters()
        self._rate = rate_hz
        self._shortest = samples_in(parameters.shortest_s, rate_hz)
        self._longest = samples_in(parameters.longest_s, rate_hz)
        self._edge = np.zeros(samples_in(parameters.edge_s, rate_hz), dtype=np.int16)
        self._loud = parameters.loud
        self._at = 0
        self._value: int | None = None
        self._run = 0
        """How many samples of `_value` the audio so far ends with."""
        self._in_speech = False
        """The run broke off loud speech, and speech has been open since."""
        self._squares, self._spoken = 0.0, 0

    def step(self, window: NDArray[np.int16], speaking: bool) -> tuple[float, float] | None:
        """The next window, (w,) int16 of at most 40 ms, and whether speech is open in it.

        Gives the start and end, in seconds, of the dropout that ends in it; no window can hold the end of two.
        """
        if not window.size:
            return None
        self._in_speech = self._in_speech and speaking
        changes = np.flatnonzero(np.diff(window)) + 1
        goes_on = int(window[0]) == self._value
        head = 0 if not goes_on else int(changes[0]) if changes.size else window.size
        self._run += head
        found = self._ended(self._at + head) if changes.size or not goes_on else None
        if changes.size:
            self._begins(window, int(changes[-1]), speaking)
        elif not goes_on:
            self._begins(window, 0, speaking)
        self._edge = np.concatenate([self._edge, window])[-self._edge.size :]
        if speaking and (changes.size or not goes_on):
            self._squares += float(np.sum(window.astype(np.float64) ** 2))
            self._spoken += window.size
        self._at += window.size
        return found

    def _begins(self, window: NDArray[np.int16], first: int, speaking: bool) -> None:
        """From sample `first` of the window to its end there is one value."""
        edge = np.concatenate([self._edge, window[:first]])[-self._edge.size :].astype(np.float64)
        level = (self._squares / self._spoken) ** 0.5 if self._spoken else 0.0
        self._value, self._run = int(window[-1]), window.size - first
        self._in_speech = speaking and level > 0.0 and float(np.max(np.abs(edge))) >= self._loud * level

    def _ended(self, at: int) -> tuple[float, float] | None:
        if not (self._in_speech and self._shortest <= self._run <= self._longest):
            return None
        return seconds(at - self._run, self._rate), seconds(at, self._rate)
