"""Sounds of a telephone line that are no speech, made with numpy; and speech made by espeak-ng where it is installed.

All are (n,) int16. Levels are those of a loud line: about -20 dB below full scale.
"""

import io
import shutil
import subprocess

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Samples = npt.NDArray[np.int16]
LEVEL = 0.12


def _pcm(signal: npt.NDArray[np.float64]) -> Samples:
    rms = float(np.sqrt(np.mean(signal**2)))
    return np.clip(signal * (LEVEL / rms) * 32767, -32768, 32767).astype(np.int16)


def _times(duration_s: float, rate_hz: int) -> npt.NDArray[np.float64]:
    return np.arange(round(duration_s * rate_hz)) / rate_hz


def silence(duration_s: float, rate_hz: int) -> Samples:
    return np.zeros(round(duration_s * rate_hz), np.int16)


def white_noise(duration_s: float, rate_hz: int) -> Samples:
    return _pcm(np.random.default_rng(1).standard_normal(round(duration_s * rate_hz)))


def pink_noise(duration_s: float, rate_hz: int) -> Samples:
    spectrum = np.fft.rfft(np.random.default_rng(2).standard_normal(round(duration_s * rate_hz)))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return _pcm(np.fft.irfft(spectrum, round(duration_s * rate_hz)))


def mains_hum(duration_s: float, rate_hz: int) -> Samples:
    t = _times(duration_s, rate_hz)
    return _pcm(sum((np.sin(2 * np.pi * 50 * k * t) / k for k in (1, 2, 3, 4, 6, 8)), np.zeros_like(t)))


def tones(frequencies_hz: tuple[float, ...], on_s: float, off_s: float, duration_s: float, rate_hz: int) -> Samples:
    """Call-progress tones: all frequencies at once, on and off in turn (ITU-T E.180)."""
    t = _times(duration_s, rate_hz)
    sound = sum((np.sin(2 * np.pi * f * t) for f in frequencies_hz), np.zeros_like(t))
    return _pcm(sound * ((t % (on_s + off_s)) < on_s))


def ringing(duration_s: float, rate_hz: int) -> Samples:
    """The North American ring-back tone: 440 + 480 Hz, 2 s on, 4 s off."""
    return tones((440, 480), 2.0, 4.0, duration_s, rate_hz)


def ringing_british(duration_s: float, rate_hz: int) -> Samples:
    """400 + 450 Hz, 0.4 s on, 0.2 s off, 0.4 s on, 2 s off."""
    t = _times(duration_s, rate_hz) % 3.0
    on = (t < 0.4) | ((t >= 0.6) & (t < 1.0))
    return _pcm((np.sin(2 * np.pi * 400 * t) + np.sin(2 * np.pi * 450 * t)) * on)


def busy(duration_s: float, rate_hz: int) -> Samples:
    """480 + 620 Hz, 0.5 s on and off."""
    return tones((480, 620), 0.5, 0.5, duration_s, rate_hz)


def key_tones(duration_s: float, rate_hz: int) -> Samples:
    """DTMF: a number keyed over and over, 100 ms a key, 100 ms apart."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477)
    keys = [(rows[k // 3], columns[k % 3]) for k in (1, 4, 10, 8, 2, 5, 0, 7, 3, 6)]
    t = _times(duration_s, rate_hz)
    slot = (t / 0.2).astype(int) % len(keys)
    low, high = np.array(keys, float)[slot].T
    return _pcm((np.sin(2 * np.pi * low * t) + np.sin(2 * np.pi * high * t)) * ((t % 0.2) < 0.1))


def music(duration_s: float, rate_hz: int) -> Samples:
    """Hold music: a plucked melody over held chords and a bass, 100 beats a minute, with overtones that die away."""
    t = _times(duration_s, rate_hz)
    sound = np.zeros_like(t)
    beat_s = 0.6
    chords = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))
    melody = (72, 76, 79, 76, 74, 72, 69, 72, 77, 76, 74, 72, 71, 74, 79, 74)
    generator = np.random.default_rng(3)

    def note(midi: float, start_s: float, length_s: float, decay_s: float, loudness: float) -> None:
        first, last = round(start_s * rate_hz), min(len(t), round((start_s + length_s) * rate_hz))
        own = t[: last - first] if last > first else t[:0]
        f = 440 * 2 ** ((midi - 69) / 12)
        for overtone in range(1, 9):
            if f * overtone < 0.45 * rate_hz:
                attack = np.minimum(1, own / 0.01)
                phase = generator.uniform(0, 2 * np.pi)
                wave = np.sin(2 * np.pi * f * overtone * own + phase) * attack * np.exp(-own * overtone / decay_s)
                sound[first:last] += loudness / overtone * wave

    for beat in range(int(duration_s / beat_s)):
        note(melody[beat % len(melody)], beat * beat_s, 1.2, 0.8, 0.8)
        chord = chords[beat // 4 % len(chords)]
        note(chord[0] - 24, beat * beat_s, 0.6, 0.6, 0.8)
        if beat % 4 == 0:
            for midi in chord:
                note(midi, beat * beat_s, 2.4, 4.0, 0.5)
    return _pcm(sound)


NOT_SPEECH = {
    "music": music,
    "ringing": ringing,
    "ringing (British)": ringing_british,
    "busy": busy,
    "key tones": key_tones,
    "white noise": white_noise,
    "pink noise": pink_noise,
    "mains hum": mains_hum,
    "silence": silence,
}


def can_speak() -> bool:
    """Whether espeak-ng is installed here."""
    return shutil.which("espeak-ng") is not None


def spoken(text: str, rate_hz: int, voice: str = "en-us", words_a_minute: int = 150) -> Samples:
    """A sentence by espeak-ng, with its own short silences."""
    command = ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", text]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    # espeak-ng writes a stream header whose length field is not the real length; the samples follow its 44 bytes.
    samples = np.frombuffer(wav[44:], "<i2")
    rate = soundfile.info(io.BytesIO(wav)).samplerate
    resampled: Samples = soxr.resample(samples, rate, rate_hz)
    return resampled
