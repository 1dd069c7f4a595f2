"""How loud a track's voice is against its own usual level: a far voice in the room must not take or hold the floor. Pure.

In: each 32 ms window of one track, (w,) int16, and whether its speech is open. Out: `faint`. Adds no latency.

A television in the caller's room is speech to every voice model; what tells it from the caller is that it lies far below them. The
level is that of the loudest window of the last 0.3 s, so that neither the gaps between syllables nor soft consonants make a voice
faint; the usual level is a high quantile of it over the last `USUAL_S` of open speech, so that a television that fills the pauses
does not drag it down. The other side of this: who moves away from the handset is faint until their new level has made up nearly all of so
much speech, and who has shouted may be for as long. Only ratios of levels count: the gain of a track changes nothing.
"""

from bisect import bisect_left, insort
from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.timebase import WINDOW_MS

FAINT_DB: Final = 16.0
"""So far below the usual level a voice is faint: of 12, 14 and 16 dB the one by which a television at -15 dB takes no floor. A caller
whose own loudness varies by as much loses bids; 16 dB spares them and lets that television in (docs: *Turn-taking*)."""
HELD_WINDOWS: Final = 10
"""The level is that of the loudest of so many windows, 0.3 s."""
USUAL_S: Final = 30.0
USUAL_QUANTILE: Final = 0.9
SURE_S: Final = 3.0
"""Before so much open speech there is no usual level, and nothing is faint."""


class Loudness:
    """The loudness of one track."""

    def __init__(self) -> None:
        self._held: deque[float] = deque(maxlen=HELD_WINDOWS)
        self._history: deque[float] = deque()
        self._sorted: list[float] = []
        """The history by level: its quantile is an index."""

    def step(self, window: npt.NDArray[np.int16], speaking: bool) -> None:
        """The next window, (w,) int16; `speaking`: whether its speech is open."""
        samples = window.astype(np.float64)
        self._held.append(float(samples @ samples) / len(samples))
        if not speaking:
            return
        level = max(self._held)
        self._history.append(level)
        insort(self._sorted, level)
        if len(self._history) * WINDOW_MS > USUAL_S * 1000:
            del self._sorted[bisect_left(self._sorted, self._history.popleft())]

    @property
    def faint(self) -> bool:
        """Whether the last 0.3 s lie far below the track's usual speech."""
        if len(self._history) * WINDOW_MS < SURE_S * 1000:
            return False
        usual = self._sorted[int(USUAL_QUANTILE * (len(self._sorted) - 1))]
        return max(self._held) < usual * 10 ** (-FAINT_DB / 10)
