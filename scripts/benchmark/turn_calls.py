"""Two-channel calls whose turns are known: real utterances laid over each other by a seeded script.

In: a folder of utterances (FLAC or WAV, each with its words in a `.txt` beside it; a speaker is the name up to the first `-`).
Out: a `KnownCall`: (n, 2) int16, who said which words when, and every overlap with its name. A clip begins with its first 10 ms of
voice of which 140 of the next 200 ms are voice, too: the breath before a read sentence, often 0.3 s long, is no speech.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from assistant.audio.codecs import decode, encode
from assistant.events import InterruptionKind
from assistant.timebase import Track

Floats = npt.NDArray[np.float32]

SIDES: tuple[Track, ...] = ("agent", "caller")
SOURCE_HZ = 16000
FRAME = 160
LEVEL = 10 ** (-26 / 20)
"""Every utterance is brought to this root mean square of full scale over its speech."""
SPEECH_DB = 20.0
"""10 ms of a clip are speech down to so much below its 95th percentile, both within 100 to 1000 Hz, where voices are and breath is not."""
BAND_HZ = (230.0, 3600.0)
"""Where a telephone line is 3 dB down: within the mask of ITU-T G.712, flat from 300 to 3400 Hz."""
ACKNOWLEDGED = ("mm hm", "yeah", "okay", "right", "i see", "uh huh", "got it", "yes")
ACKNOWLEDGED_LONG = ("yeah yeah okay right", "right right i see", "uh huh yeah okay", "yes yes of course")
BIDDEN = ("no wait", "hang on", "excuse me", "no no", "stop", "listen")

Event = Literal["none", "backchannel", "long_backchannel", "cooperative", "short_bid", "blocked", "cut_off", "late"]
EVENTS: dict[Event, int] = {
    "none": 3,
    "backchannel": 4,
    "long_backchannel": 1,
    "cooperative": 3,
    "short_bid": 1,
    "blocked": 3,
    "cut_off": 4,
    "late": 2,
}
"""What may befall a turn, and its weight. `late`: the holder gives in after more than 1 s of overlap, which is no cut-off."""


@dataclass(frozen=True)
class Clip:
    """One utterance: samples at 16 kHz, which 10 ms of it are speech, and its words."""

    samples: Floats
    active: npt.NDArray[np.bool_]
    words: tuple[str, ...]

    @property
    def length_s(self) -> float:
        return len(self.samples) / SOURCE_HZ

    def until(self, end_s: float) -> "Clip":
        """Its beginning, faded out over 20 ms."""
        count = min(len(self.samples), round(end_s * SOURCE_HZ))
        samples = self.samples[:count].copy()
        fade = min(320, count)
        samples[count - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        kept = round(len(self.words) * count / len(self.samples))
        return Clip(samples, self.active[: count // FRAME], self.words[:kept])

    def spoken(self, start_s: float, end_s: float) -> float:
        """The share of a stretch that is speech."""
        frames = self.active[max(0, round(start_s * 100)) : round(end_s * 100)]
        return float(frames.mean()) if len(frames) else 0.0


@dataclass(frozen=True)
class Placed:
    """A clip on the time line; its words are spread evenly over it."""

    track: Track
    start_s: float
    clip: Clip

    def words(self) -> Iterator[tuple[float, str]]:
        """The middle of each word, in seconds of the call, and the word."""
        step = self.clip.length_s / max(1, len(self.clip.words))
        for index, word in enumerate(self.clip.words):
            yield self.start_s + (index + 0.5) * step, word


@dataclass(frozen=True)
class Truth:
    """An overlap that was built in. `fulfilled_s`: when a competitive one met its definition, None where that takes words."""

    start_s: float
    by: Track
    kind: InterruptionKind
    cut_off: bool = False
    fulfilled_s: float | None = None


@dataclass(frozen=True)
class KnownCall:
    """(n, 2) int16 at `rate_hz`: agent, caller."""

    name: str
    samples: npt.NDArray[np.int16]
    rate_hz: int
    placed: tuple[Placed, ...]
    truths: tuple[Truth, ...]


@dataclass
class _Script:
    chance: random.Random
    voices: dict[Track, list[Clip]]
    at_s: float = 1.0
    placed: list[Placed] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)

    def clip(self, track: Track, least_s: float, most_s: float) -> Clip:
        """An utterance of `track`, cut where it pauses, if it does."""
        clip = self.chance.choice([clip for clip in self.voices[track] if clip.length_s >= least_s])
        if clip.length_s <= most_s:
            return clip
        pauses = [i / 100 for i in range(round(least_s * 100), round(most_s * 100)) if not clip.active[i]]
        return clip.until(self.chance.choice(pauses) if pauses else most_s)

    def snippet(self, track: Track, length_s: float, text: str | None = None) -> Clip:
        """The beginning of an utterance that is speech nearly throughout; `text` stands for its words."""
        fit = [clip.until(length_s) for clip in self.voices[track] if clip.spoken(0.0, length_s) >= 0.9]
        clip = self.chance.choice(fit or [clip.until(length_s) for clip in self.voices[track]])
        return clip if text is None else replace(clip, words=tuple(text.split()))

    def onset(self, clip: Clip, first_s: float, last_s: float) -> float | None:
        """A moment at which the holder speaks, has spoken for 0.4 s and goes on for most of a second."""
        moments = [i / 100 for i in range(round(first_s * 100), round(last_s * 100))]
        fit = [s for s in moments if clip.spoken(s - 0.4, s + 0.1) == 1.0 and clip.spoken(s, s + 1.0) >= 0.85]
        return self.chance.choice(fit) if fit else None

    def put(self, track: Track, start_s: float, clip: Clip) -> float:
        self.placed.append(Placed(track, start_s, clip))
        return start_s + clip.length_s


def speakers(folder: Path) -> dict[str, list[Clip]]:
    """The clips of every speaker of a folder, by name."""
    found: dict[str, list[Clip]] = {}
    for path in sorted(one for one in folder.rglob("*") if one.suffix in (".flac", ".wav")):
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
        words = path.with_suffix(".txt")
        text = words.read_text(encoding="utf-8").lower() if words.is_file() else ""
        clip = _trimmed(soxr.resample(samples[:, 0], rate_hz, SOURCE_HZ), tuple(text.split()))
        if clip is not None and clip.length_s >= 1.0:
            found.setdefault(path.stem.split("-")[0], []).append(clip)
    return found


def _trimmed(samples: Floats, words: tuple[str, ...]) -> Clip | None:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    if len(frames) < 10:
        return None
    spectrum = np.fft.rfft(frames.reshape(-1))
    hz = np.fft.rfftfreq(frames.size, 1 / SOURCE_HZ)
    spectrum[(hz < 100) | (hz > 1000)] = 0.0
    level = np.sqrt(np.mean(np.fft.irfft(spectrum, frames.size).reshape(-1, FRAME) ** 2, axis=1))
    loud = level > np.quantile(level, 0.95) * 10 ** (-SPEECH_DB / 20)
    sure = np.flatnonzero(np.convolve(loud, np.ones(20), "valid") >= 14)
    if not len(sure):
        return None
    heard = np.flatnonzero(loud)
    heard = heard[(heard >= sure[0]) & (heard < sure[-1] + 20)]
    active = np.zeros(len(loud), bool)
    active[heard] = True
    for before, after in pairwise(heard):
        if after - before <= 20:
            active[before:after] = True
    frames, active = frames[heard[0] : heard[-1] + 1], active[heard[0] : heard[-1] + 1]
    scale = LEVEL / max(1e-6, float(np.sqrt(np.mean(frames[active] ** 2))))
    return Clip((frames * scale).reshape(-1).astype(np.float32), active, words)


def build(name: str, voices: dict[Track, list[Clip]], seed: int, length_s: float, *, overlaps: bool = True) -> KnownCall:
    """A clean call at 16 kHz of at least `length_s`. Without `overlaps` the sides speak in turns."""
    script = _Script(random.Random(seed), voices)
    holder: Track = script.chance.choice(SIDES)
    while script.at_s < length_s:
        other: Track = "caller" if holder == "agent" else "agent"
        event = script.chance.choices(list(EVENTS), list(EVENTS.values()))[0] if overlaps else "none"
        _turn(script, holder, other, event)
        holder = other
    return _mixed(name, script)


def _turn(script: _Script, holder: Track, other: Track, event: Event) -> None:
    chance = script.chance
    clip = script.clip(holder, 5.0, 9.0)
    start_s = script.at_s
    room_s = {"none": 0.0, "cooperative": 0.0, "blocked": 3.8, "cut_off": 1.5, "late": 3.0}.get(event, 2.8)
    onset = script.onset(clip, 0.8, clip.length_s - room_s) if room_s else None
    if event == "cooperative" and clip.spoken(clip.length_s - 0.5, clip.length_s) == 1.0:
        end_s = script.put(holder, start_s, clip)
        begins_s = end_s - chance.uniform(0.12, 0.38)
        script.truths.append(Truth(begins_s, other, "cooperative"))
        script.at_s = script.put(other, begins_s, script.clip(other, 2.0, 5.0)) + chance.uniform(0.9, 1.6)
    elif onset is None:
        script.at_s = script.put(holder, start_s, clip) + chance.uniform(0.25, 1.0)
    elif event in ("cut_off", "late"):
        overlap_s = chance.uniform(0.65, 0.9) if event == "cut_off" else chance.uniform(1.35, 2.0)
        begins_s = start_s + onset
        script.put(holder, start_s, clip.until(onset + overlap_s))
        script.truths.append(Truth(begins_s, other, "competitive", event == "cut_off", begins_s + 1.0))
        answer = script.snippet(other, 2.2)
        script.at_s = script.put(other, begins_s, answer) + chance.uniform(0.9, 1.6)
    else:
        begins_s = start_s + onset
        length_s, text, truth = _insert(chance, event)
        script.truths.append(Truth(begins_s, other, truth, False, begins_s + 1.0 if event == "blocked" else None))
        script.put(other, begins_s, script.snippet(other, length_s, text))
        script.at_s = script.put(holder, start_s, clip) + chance.uniform(0.9, 1.6)


def _insert(chance: random.Random, event: Event) -> tuple[float, str | None, InterruptionKind]:
    """Length, words and true name of speech that leaves the floor with the holder."""
    if event == "backchannel":
        return chance.uniform(0.35, 0.8), chance.choice(ACKNOWLEDGED), "backchannel"
    if event == "long_backchannel":
        return chance.uniform(1.15, 1.6), chance.choice(ACKNOWLEDGED_LONG), "backchannel"
    if event == "short_bid":
        return chance.uniform(0.6, 0.85), chance.choice(BIDDEN), "competitive"
    return chance.uniform(1.4, 2.4), None, "competitive"


def _mixed(name: str, script: _Script) -> KnownCall:
    length = round((max(one.start_s + one.clip.length_s for one in script.placed) + 1.5) * SOURCE_HZ)
    audio = np.zeros((length, len(SIDES)), np.float32)
    for one in script.placed:
        begin = round(one.start_s * SOURCE_HZ)
        audio[begin : begin + len(one.clip.samples), SIDES.index(one.track)] += one.clip.samples
    return KnownCall(name, _rounded(audio), SOURCE_HZ, tuple(script.placed), tuple(script.truths))


def telephone(call: KnownCall) -> KnownCall:
    """8 kHz, the band of a telephone line, through mu-law and back."""
    audio = _band(_at_8k(call))
    return _with(call, decode(encode(_rounded(audio), "pcmu"), "pcmu", 2))


def noisy(call: KnownCall, snr_db: float, seed: int) -> KnownCall:
    """Telephone band with pink noise of its own in each channel, `snr_db` below its speech."""
    audio = _band(_at_8k(call))
    noise = _pink(np.random.default_rng(seed), len(audio))
    return _with(call, decode(encode(_rounded(audio + noise * LEVEL * 10 ** (-snr_db / 20)), "pcmu"), "pcmu", 2))


def leaking(call: KnownCall, gain_db: float, delay_s: float = 0.0, *, room: bool = False) -> KnownCall:
    """Each channel is heard in the other; with `room` through three more reflections within 12 ms."""
    audio = _at_8k(call)
    taps = ((0.0, 1.0), (0.004, -0.5), (0.007, 0.35), (0.012, 0.2)) if room else ((0.0, 1.0),)
    leak = np.zeros_like(audio)
    for after_s, share in taps:
        shift = round((delay_s + after_s) * 8000)
        leak[shift:] += share * audio[: len(audio) - shift, ::-1]
    leak *= 10 ** (gain_db / 20) / np.sqrt(sum(share**2 for _, share in taps))
    return _with(call, decode(encode(_rounded(_band(audio + leak)), "pcmu"), "pcmu", 2))


def beside(call: KnownCall, other: Floats, gain_db: float) -> KnownCall:
    """The caller's channel with `other`, (n,) at 16 kHz at speech level, going on in the background."""
    audio = _at_8k(call)
    told = soxr.resample(other, SOURCE_HZ, 8000)
    audio[:, 1] += np.resize(told, len(audio)) * 10 ** (gain_db / 20)
    return _with(call, decode(encode(_rounded(_band(audio)), "pcmu"), "pcmu", 2))


def music(seconds_s: float, seed: int) -> Floats:
    """Hold music, made up: broken chords of decaying harmonics over a bass, 16 kHz, at speech level."""
    chance = random.Random(seed)
    out = np.zeros(round(seconds_s * SOURCE_HZ), np.float32)
    time = np.arange(SOURCE_HZ) / SOURCE_HZ
    root = 110.0
    for index in range(int(seconds_s * 4)):
        if index % 8 == 0:
            root = 110.0 * 2 ** (chance.choice((0, 5, 7, 9)) / 12)
        pitch = root * 2 ** (chance.choice((0, 12, 16, 19, 24)) / 12)
        note = sum(np.sin(2 * np.pi * pitch * h * time) / h for h in range(1, 6)) * np.exp(-3.0 * time)
        begin = index * SOURCE_HZ // 4
        part = out[begin : begin + len(note)]
        part += note[: len(part)].astype(np.float32)
    return out * np.float32(LEVEL / np.sqrt(np.mean(out**2)))


def _at_8k(call: KnownCall) -> Floats:
    return np.asarray(soxr.resample(call.samples.astype(np.float32) / 32768, call.rate_hz, 8000), np.float32)


def _band(audio: Floats) -> Floats:
    spectrum = np.fft.rfft(audio, axis=0)
    hz = np.fft.rfftfreq(len(audio), 1 / 8000)
    low, high = (BAND_HZ[0] / np.maximum(hz, 1.0)) ** 8, (hz / BAND_HZ[1]) ** 24
    return np.asarray(np.fft.irfft(spectrum / np.sqrt((1.0 + low) * (1.0 + high))[:, None], len(audio), axis=0), np.float32)


def _pink(generator: np.random.Generator, count: int) -> Floats:
    spectrum = np.fft.rfft(generator.standard_normal((count, 2)), axis=0)
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / 8000), 50.0))[:, None]
    noise = _band(np.fft.irfft(spectrum, count, axis=0).astype(np.float32))
    return np.asarray(noise / np.sqrt(np.mean(noise**2)), np.float32)


def _rounded(audio: Any) -> npt.NDArray[np.int16]:
    return np.asarray(np.clip(np.round(audio * 32768), -32768, 32767), np.int16)


def _with(call: KnownCall, samples: npt.NDArray[np.int16]) -> KnownCall:
    return replace(call, samples=samples, rate_hz=8000)
