"""Training features: 8 kHz speech made worse as rooms and lines make it, then Kaldi's cepstra, with a phone for each frame.

Enters: `Speech`. Leaves: `Example`, features at 100 Hz. kaldi-native-fbank computes the same numbers as libvosk; it wants samples
in the int16 range.
"""

import dataclasses

import kaldi_native_fbank
import numpy as np
import numpy.typing as npt

from tiny_vosk.network import FEATURES
from tiny_vosk.phones import PHONE_INDEX
from tiny_vosk.voices import RATE_HZ, Speech

Samples = npt.NDArray[np.float32]
NOISES = ("white", "pink", "brown", "babble", "babble", "hum", "pulsing")
LEAST_FRAMES = 30


@dataclasses.dataclass(slots=True)
class Labels:
    """Frame by frame at 100 Hz: `phones`, 0 = silence, else 1 + its index; `instances`, which grows from phone to phone."""

    phones: npt.NDArray[np.int16]
    instances: npt.NDArray[np.int16]


@dataclasses.dataclass(slots=True)
class Example:
    """One sentence: `features` `(frames, 40) float16`, its words, its labels once they are known."""

    features: npt.NDArray[np.float16]
    words: list[str]
    labels: Labels | None


def _options() -> "kaldi_native_fbank.MfccOptions":
    options = kaldi_native_fbank.MfccOptions()
    options.frame_opts.samp_freq = RATE_HZ
    options.frame_opts.dither = 0.0
    options.frame_opts.snip_edges = True
    options.mel_opts.num_bins = FEATURES
    options.mel_opts.low_freq = 40
    options.mel_opts.high_freq = -200
    options.num_ceps = FEATURES
    options.use_energy = False
    return options


def cepstra(samples: Samples) -> npt.NDArray[np.float32]:
    """`(frames, 40)` of samples in the int16 range, as `conf/mfcc.conf` has them."""
    extractor = kaldi_native_fbank.OnlineMfcc(_options())
    extractor.accept_waveform(RATE_HZ, samples.tolist())
    extractor.input_finished()
    frames = [extractor.get_frame(k) for k in range(extractor.num_frames_ready)]
    return np.stack(frames) if frames else np.zeros((0, FEATURES), np.float32)


def noise(length: int, rng: np.random.Generator, voices: list[Samples]) -> Samples:
    """`length` samples of one kind of NOISES; babble is made of `voices`."""
    kind = rng.choice(NOISES)
    if kind == "babble":
        babble = np.zeros(length, np.float32)
        for _ in range(rng.integers(2, 7)):
            voice = voices[rng.integers(len(voices))]
            looped = np.resize(voice, length + len(voice))[rng.integers(len(voice)) :][:length]
            babble += looped / (looped.std() + 1e-3) * rng.uniform(0.3, 1)
        return babble
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.maximum(np.fft.rfftfreq(length, 1 / RATE_HZ), 20)
    if kind in ("pink", "brown"):
        spectrum /= np.sqrt(hertz) if kind == "pink" else hertz
    found = np.fft.irfft(spectrum, length)
    time_s = np.arange(length) / RATE_HZ
    if kind == "pulsing":
        found *= 1 + 0.9 * np.sin(2 * np.pi * rng.uniform(0.3, 4) * time_s + rng.uniform(0, 6))
    if kind == "hum":
        base_hz = rng.choice([50, 60, 100, 120])
        overtones = [np.sin(2 * np.pi * base_hz * n * time_s + rng.uniform(0, 6)) / n for n in range(1, 6)]
        found = 0.3 * found / found.std() + np.sum(overtones, axis=0)
    return found.astype(np.float32)


def _filtered(samples: Samples, gain: npt.NDArray[np.complexfloating | np.floating], size: int) -> Samples:
    return np.fft.irfft(np.fft.rfft(samples, size) * gain, size)[: len(samples)].astype(np.float32)


def _tone(rng: np.random.Generator, size: int) -> npt.NDArray[np.floating]:
    """A smooth random equaliser, half of the time with a telephone's band edges; gain a frequency."""
    relative = np.fft.rfftfreq(size, 1 / RATE_HZ) / (RATE_HZ / 2)
    gain_db = sum(rng.normal(0, 5.0 / k) * np.cos(np.pi * k * relative) for k in range(1, 5))
    if rng.random() < 0.5:
        low, high = rng.uniform(100, 330) / 4000, rng.uniform(3100, 3700) / 4000
        gain_db = gain_db - 30 * np.clip((low - relative) / (low * 0.6), 0, 1) - 35 * np.clip((relative - high) / 0.08, 0, 1)
    return np.asarray(10 ** (gain_db / 20))


def worsened(samples: Samples, rng: np.random.Generator, voices: list[Samples], heavy: bool) -> tuple[Samples, float]:
    """(samples in the int16 range with silence around them, seconds of silence in front)."""
    before, after = (int(rng.uniform(low, 0.6) * RATE_HZ) for low in (0.0, 0.1))
    sound = np.pad(samples, (before, after)).astype(np.float32)
    size = 1 << (len(sound) + 2000).bit_length()
    if heavy and rng.random() < 0.35:
        tail = int(RATE_HZ * rng.uniform(0.05, 0.4))
        room = rng.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail) * rng.uniform(0.05, 0.35)
        room[0] = 1
        sound = _filtered(sound, np.fft.rfft(room, size), size)
    if rng.random() < 0.8:
        sound = _filtered(sound, _tone(rng, size), size)
    sound = sound / (np.abs(sound).max() + 1e-6)
    if rng.random() < 0.92:
        ratio_db = rng.uniform(4, 30) if heavy else rng.uniform(25, 55)
        added = noise(len(sound), rng, voices)
        sound = sound + added / (added.std() + 1e-6) * sound.std() * 10 ** (-ratio_db / 20)
    sound = sound / np.abs(sound).max() * 32000 * 10 ** (-rng.uniform(0, 26) / 20)
    if heavy and rng.random() < 0.1:
        ceiling = np.abs(sound).max() * rng.uniform(0.2, 0.6)
        sound = np.clip(sound, -ceiling, ceiling)
    if rng.random() < 0.3:
        code = np.round(np.log1p(255 * np.abs(sound) / 32768) / np.log(256) * 127) / 127
        sound = np.sign(sound) * (256**code - 1) / 255 * 32768
    return np.round(sound).astype(np.float32), before / RATE_HZ


def frame_labels(phone_ends: list[tuple[str, float]], lead_in_s: float, frames: int) -> Labels:
    """Labels from the engine's own phone times; frames are centred 12.5 ms after they begin."""
    centre_s = np.arange(frames) * 0.01 + 0.0125 - lead_in_s
    ends = np.array([end for _, end in phone_ends])
    numbers = np.array([0 if phone == "SIL" else 1 + PHONE_INDEX[phone] for phone, _ in phone_ends] + [0])
    instances = np.searchsorted(ends, centre_s, side="right")
    instances[centre_s < 0] = 0
    labels = numbers[instances]
    labels[centre_s < 0] = 0
    instances = instances + 1
    if not phone_ends or phone_ends[0][0] != "SIL":
        instances[centre_s < 0] = 0
    return Labels(labels.astype(np.int16), instances.astype(np.int16))


def example(speech: Speech, words: list[str], rng: np.random.Generator, voices: list[Samples], heavy: bool) -> Example | None:
    """One training example, or None where it is too short."""
    sound, lead_in_s = worsened(speech.samples, rng, voices, heavy)
    features = cepstra(sound).astype(np.float16)
    if len(features) < LEAST_FRAMES:
        return None
    labels = frame_labels(speech.phone_ends, lead_in_s, len(features)) if speech.phone_ends else None
    return Example(features, words, labels)
