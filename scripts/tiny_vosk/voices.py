"""Synthetic voices: flite, espeak-ng and festival, at 8 kHz.

Enters: a voice name such as `flite:slt`, `espeak:en-us+m3` or `festival:ked_diphone`, and words. Leaves: `Speech`. The same
call gives the same samples with the same version of the engine.
"""

import dataclasses
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from tiny_vosk import phones

RATE_HZ = 8000
PEAK = 0.7

RADIO_PHONES: dict[str, str] = {phone.lower(): phone for phone in phones.PHONES} | {
    "ax": "AH", "axr": "ER", "ix": "IH", "dx": "T", "hv": "HH", "nx": "N", "ux": "UW",
    "el": "AH L", "em": "AH M", "en": "AH N", "eng": "NG",
    "pau": "SIL", "#": "SIL", "h#": "SIL", "brth": "SIL", "ssil": "SIL", "sil": "SIL",
}  # fmt: skip
"""flite's and festival's phones -> ours."""


@dataclasses.dataclass(frozen=True, slots=True)
class Speech:
    """Samples, `(n,) float32 at 8 kHz` with peak 0.7; and each phone with its end in seconds, where the engine tells it."""

    samples: npt.NDArray[np.float32]
    phone_ends: list[tuple[str, float]] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Manner:
    """How something is said: `rate` times the usual pace, `pitch` times the usual pitch (flite slt and awb, espeak),
    `warp` > 1 raises pitch and formants and shortens."""

    rate: float = 1.0
    pitch: float = 1.0
    warp: float = 1.0


def available(engine: str) -> bool:
    """Whether `flite`, `espeak` or `festival` is installed."""
    return shutil.which({"espeak": "espeak-ng"}.get(engine, engine)) is not None


def speak(voice: str, words: str, manner: Manner = Manner()) -> Speech:
    """Say `words`. Raises ValueError for an unknown engine, RuntimeError where the engine gives no audio."""
    engine, _, name = voice.partition(":")
    with tempfile.TemporaryDirectory() as folder:
        wave = Path(folder, "speech.wav")
        ends: list[tuple[str, float]] | None = None
        if engine == "flite":
            ends = _flite(name, words, manner, wave)
        elif engine == "espeak":
            _espeak(name, words, manner, wave)
        elif engine == "festival":
            ends = _festival(name, words, manner, wave)
        else:
            raise ValueError(f"no such voice: {voice}")
        if not wave.exists() or wave.stat().st_size < 100:
            raise RuntimeError(f"{voice} said nothing for: {words}")
        samples, source_hz = soundfile.read(wave, dtype="float32", always_2d=True)
    mono = soxr.resample(samples[:, 0], source_hz * manner.warp, RATE_HZ, quality="HQ")
    loudest = float(np.abs(mono).max(initial=0.0)) + 1e-6
    scaled = [(phone, end / manner.warp) for phone, end in ends] if ends else None
    return Speech((mono * (PEAK / loudest)).astype(np.float32), scaled)


def _flite(name: str, words: str, manner: Manner, wave: Path) -> list[tuple[str, float]]:
    command = ["flite", "-voice", name, "--setf", f"duration_stretch={1 / manner.rate:.3f}"]
    if manner.pitch != 1.0:
        command += ["--setf", f"f0_shift={manner.pitch:.3f}"]
    told = subprocess.run([*command, "-psdur", "-t", words, "-o", wave], capture_output=True, text=True, check=True)
    return _split_phones([(phone, float(end)) for phone, _, end in (item.rpartition(":") for item in told.stdout.split())])


def _espeak(name: str, words: str, manner: Manner, wave: Path) -> None:
    pitch = max(0, min(99, round(50 + 80 * (manner.pitch - 1))))
    command = ["espeak-ng", "-v", name, "-s", str(round(165 * manner.rate)), "-p", str(pitch), "-w", str(wave), words]
    subprocess.run(command, capture_output=True, check=True)


def _festival(name: str, words: str, manner: Manner, wave: Path) -> list[tuple[str, float]]:
    plain = re.sub(r"[^a-z', ]", "", words.lower())
    segments = wave.with_suffix(".segs")
    script = wave.with_suffix(".scm")
    script.write_text(
        f"(voice_{name})\n(Parameter.set 'Duration_Stretch {1 / manner.rate:.3f})\n"
        f'(set! said (utt.synth (Utterance Text "{plain}")))\n'
        f"(utt.save.wave said \"{wave}\" 'riff)\n(utt.save.segs said \"{segments}\")\n"
    )
    subprocess.run(["festival", "-b", str(script)], capture_output=True, check=True)
    rows = (line.split() for line in segments.read_text().splitlines())
    return _split_phones([(row[2], float(row[0])) for row in rows if len(row) == 3 and row[0] != "#"])


def _split_phones(ends: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Our phones for the engine's; one that stands for two is halved in time."""
    found: list[tuple[str, float]] = []
    before = 0.0
    for phone, end in ends:
        ours = RADIO_PHONES[phone].split()
        for k, name in enumerate(ours):
            found.append((name, before + (end - before) * (k + 1) / len(ours)))
        before = end
    return found
