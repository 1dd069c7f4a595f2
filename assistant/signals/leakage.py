"""Crosstalk and echo: speech of one track that is heard in another's channel must not count as that other's speech. Pure.

In: each 32 ms window of all tracks, (tracks, w) int16, with its speech probabilities, before the voice gate. Out: the same
probabilities, lowered where a window is explained by another track's audio of now or up to 216 ms ago. Adds no latency.

A window is explained by another track where that track was louder, and the normalised cross-correlation of the two has its
peak, again and again, at one and the same delay. Independent voices agree by chance now and then (two vowels of one pitch), but not at
one delay; in double talk the leak is a small share of the window, so that the correlation is low. Once a leak is known, windows in
which other noise lies over it are told by its delay and gain together. Delay and gain are followed window by window.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from assistant.timebase import Track, window_samples

Floats = npt.NDArray[np.float32]

HEARD_WINDOWS: Final = 2
"""So many of a track's last windows are compared (64 ms), so that two vowels of one pitch rarely agree."""
DELAY_WINDOWS: Final = 7
"""The other track is searched this far back, 224 ms less the windows' own start: echoes of up to 200 ms."""
SLACK: Final = 2
"""Samples at 8 kHz by which a delay may wander from window to window."""
QUIETER: Final = 10 ** (-4.0 / 10)
"""A leak is at least 4 dB weaker than its source."""
SURE: Final = 0.6
"""Correlation above which a window, at a delay that was met before, is a leak."""
KNOWN: Final = 0.35
"""The same where the leak is known and the level fits."""
KNOWN_AFTER: Final = 8
"""Windows after which a leak is known, its gain told."""
LEVEL_MARGIN: Final = 10 ** (4.0 / 10)
"""A known leak explains a window of at most 4 dB more than its gain says."""
FORGET_AFTER: Final = 6
"""Misses in a row after which the delay of a leak that is not yet known is given up; of a known one, ten times as many."""
ASKED_ABOVE: Final = 0.1
"""Windows of a lower speech probability need no explanation."""
GAINS: Final = 64
QUIET: Final = 25.0
"""Mean square, its treble lifted, below which rounding hides a leak's shape: where one is known, such a window is taken for it."""


@dataclass
class _Path:
    """How one track is heard in another: the delay in samples at 8 kHz, and the last gains, as ratios of energy."""

    delay: int | None = None
    hits: int = 0
    misses: int = 0
    gains: deque[float] = field(default_factory=lambda: deque(maxlen=GAINS))
    gain: float = 0.0

    @property
    def known(self) -> bool:
        return self.hits >= KNOWN_AFTER


class LeakGuard:
    """The leaks of one call, each ordered pair of tracks for itself. Not to be shared between threads."""

    def __init__(self, tracks: tuple[Track, ...], rate_hz: int) -> None:
        """Raises `AudioFormatError` on a rate other than 8000 or 16000."""
        self._tracks = tracks
        self._halves = rate_hz == 16000
        self._window = window_samples(rate_hz) // (2 if self._halves else 1)
        self._heard = HEARD_WINDOWS * self._window
        self._kept = (HEARD_WINDOWS + DELAY_WINDOWS) * self._window
        self._audio = np.zeros((len(tracks), self._kept), np.float32)
        self._before = np.zeros((len(tracks), 1), np.float32)
        self._paths = {(to, source): _Path() for to in range(len(tracks)) for source in range(len(tracks)) if to != source}

    def step(self, window: npt.NDArray[np.int16], probabilities: list[float]) -> list[float]:
        """The probabilities, in [0, 1], of the next window, (tracks, w) int16, less what leaks explain."""
        self._take(window)
        guarded = list(probabilities)
        if len(self._tracks) < 2 or max(probabilities) < ASKED_ABOVE:
            return guarded
        powers = self._audio.reshape(len(self._tracks), -1, self._window)
        levels: Floats = np.einsum("twn,twn->tw", powers, powers) / self._window
        for to, p in enumerate(probabilities):
            if p < ASKED_ABOVE:
                continue
            level = float(levels[to, -HEARD_WINDOWS:].mean())
            for source in range(len(self._tracks)):
                if source != to and level < QUIETER * float(levels[source].max()) and self._explained(to, source, level):
                    guarded[to] = 0.0
        return guarded

    def leakage_db(self, track: Track) -> float | None:
        """The level at which another track is heard in this one's channel, against its own channel; None where no leak is known."""
        to = self._tracks.index(track)
        known = [path.gain for (at, _), path in self._paths.items() if at == to and path.known and path.gain > 0.0]
        return round(float(10.0 * np.log10(max(known))), 1) if known else None

    def _take(self, window: npt.NDArray[np.int16]) -> None:
        """Keeps the window at 8 kHz, its treble lifted: flatter spectra agree less by chance."""
        new = window.astype(np.float32)
        if self._halves:
            new = (new[:, ::2] + new[:, 1::2]) * np.float32(0.5)
        lifted = new - np.float32(0.95) * np.concatenate((self._before, new[:, :-1]), axis=1)
        self._before = new[:, -1:]
        self._audio = np.concatenate((self._audio[:, self._window :], lifted), axis=1)

    def _explained(self, to: int, source: int, level: float) -> bool:
        """Whether the present window of `to`, of mean square `level`, is the source's."""
        path = self._paths[to, source]
        if level <= QUIET:
            return path.known
        heard, around = self._audio[to, -self._heard :], self._audio[source]
        energy = float(heard @ heard)
        if path.delay is not None and self._follows(path, heard, around, energy):
            return True
        path.misses += 1
        if not path.known or path.misses > FORGET_AFTER * 10:
            self._seek(path, heard, around, energy)
        return False

    def _follows(self, path: _Path, heard: Floats, around: Floats, energy: float) -> bool:
        """Whether the window agrees with its source at the path's delay; then the path is followed."""
        low = max(0, (path.delay or 0) - SLACK)
        stretches = np.lib.stride_tricks.sliding_window_view(around[low : (path.delay or 0) + SLACK + self._heard], self._heard)
        alike, energies = _alike(stretches @ heard, np.einsum("kn,kn->k", stretches, stretches), energy)
        near = int(alike.argmax())
        at_delay, source_energy = float(alike[near]), float(energies[near])
        sure = at_delay >= SURE
        if not sure and not (path.known and at_delay >= KNOWN and energy <= LEVEL_MARGIN * path.gain * source_energy):
            return False
        path.delay, path.hits, path.misses = low + near, path.hits + 1, 0
        if sure:
            path.gains.append(energy / source_energy)
            path.gain = median(path.gains)
        return True

    def _seek(self, path: _Path, heard: Floats, around: Floats, energy: float) -> None:
        """Looks for a delay at which the window agrees better, where the path has none that holds."""
        alike, _ = _alike(*self._correlate(heard, around), energy)
        best = int(alike.argmax())
        if path.delay is None or path.misses > FORGET_AFTER or alike[best] >= SURE:
            path.delay, path.hits, path.misses = best, 1, 0

    def _correlate(self, heard: Floats, around: Floats) -> tuple[Floats, Floats]:
        """Products of `heard` with each stretch of `around` as long, by its start; and the energies of those stretches."""
        spectrum = np.fft.rfft(around) * np.conj(np.fft.rfft(heard, self._kept))
        starts = self._kept - self._heard + 1
        correlation = np.fft.irfft(spectrum, self._kept)[:starts].astype(np.float32)
        sums = np.concatenate(([0.0], np.cumsum(around.astype(np.float64) ** 2)))
        energies = (sums[self._heard :] - sums[: -self._heard]).astype(np.float32)
        return correlation, energies


def _alike(products: Floats, energies: Floats, energy: float) -> tuple[Floats, Floats]:
    """The normalised correlations, in [0, 1], with stretches of `energies`; 0 where a stretch is weaker than the window."""
    alike: Floats = np.where(energies > energy, np.abs(products) / np.sqrt(np.maximum(energies, 1.0) * max(energy, 1.0)), 0.0)
    return alike, energies
