"""Make the bundled demo call from its script: synthetic voices on a telephone line, a channel for each track.

Enters: `assistant/data/demo_call.toml`, or another script of its format. Leaves: `demo_call.flac` (8 kHz, 16 bit, left = agent,
right = caller, then a third party where the script has one) and `demo_call.truth.json` beside it. Needs flite 2.2 and
espeak-ng; the same versions give the same samples.
"""

import argparse
import dataclasses
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from tiny_vosk.voices import RATE_HZ, Manner, speak

SCRIPT = Path(__file__).parents[1] / "assistant" / "data" / "demo_call.toml"
TRACKS = ("agent", "caller", "third_party")
"""In the order of the channels; a call has those that its script gives a voice."""
BAND_HZ = (300.0, 3400.0)
EDGE_DB = -40.0
"""Speech starts and ends where 10 ms first and last exceed this level below the loudest 10 ms of the turn."""

Samples = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the script. `offset_s` counts from the end of the turn before; below zero it cuts in."""

    track: str
    say: str
    offset_s: float
    level_db: float
    voice: str
    manner: Manner

    @property
    def words(self) -> str:
        """What is said, as a recogniser prints it."""
        return " ".join(re.findall(r"[a-z']+", self.say.lower()))


def tracks_of(script: dict[str, Any]) -> tuple[str, ...]:
    """The tracks of a parsed script, in the order of the channels."""
    return tuple(track for track in TRACKS if track in script["voices"])


def read_turns(script: dict[str, Any]) -> list[Turn]:
    """The turns of a parsed script. Raises KeyError or ValueError where it breaks the format told at its head."""
    tracks = tracks_of(script)
    turns = []
    for number, row in enumerate(script["turns"]):
        if row["track"] not in tracks:
            raise ValueError(f"turn {number}: track {row['track']!r} is none of {tracks}")
        if "after" in row and "cut_in" in row:
            raise ValueError(f"turn {number}: `after` and `cut_in` exclude each other")
        voice = script["voices"][row["track"]]
        manner = Manner(row.get("rate", 1.0), row.get("pitch", 1.0), row.get("warp", 1.0))
        offset_s = -row["cut_in"] if "cut_in" in row else row.get("after", 0.0)
        level_db = voice.get("level_db", 0.0) + row.get("level_db", 0.0)
        turns.append(Turn(row["track"], row["say"], offset_s, level_db, row.get("voice", voice["voice"]), manner))
    return turns


def trimmed(samples: Samples) -> Samples:
    """`samples` without the silence at both ends."""
    frame = RATE_HZ // 100
    framed = samples[: len(samples) // frame * frame].reshape(-1, frame)
    level = np.sqrt((framed**2).mean(axis=1))
    loud = np.flatnonzero(level > level.max() * 10 ** (EDGE_DB / 20))
    first, last = int(loud[0]), int(loud[-1])
    return np.asarray(samples[first * frame : (last + 1) * frame], np.float32)


def at_level(samples: Samples, level_db: float) -> Samples:
    """`samples` with its active RMS at -22 dBFS plus `level_db`, peaks softly limited below full scale."""
    active = samples[np.abs(samples) > 0.02 * np.abs(samples).max()]
    rms = float(np.sqrt((active.astype(np.float64) ** 2).mean()))
    gain = 10 ** ((-22.0 + level_db) / 20) / rms
    return np.asarray(0.95 * np.tanh(samples * gain / 0.95), np.float32)


def telephone_band(samples: Samples) -> Samples:
    """`samples` through a linear-phase band of 300..3400 Hz (skirts of half an octave in cosine form)."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    low = np.clip((hertz - BAND_HZ[0] / 1.4) / (BAND_HZ[0] - BAND_HZ[0] / 1.4), 0, 1)
    high = np.clip((3800.0 - hertz) / (3800.0 - BAND_HZ[1]), 0, 1)
    gain = (0.5 - 0.5 * np.cos(np.pi * low)) * (0.5 - 0.5 * np.cos(np.pi * high))
    filtered = np.fft.irfft(spectrum * gain, len(samples))
    return np.asarray(filtered, np.float32)


def line_noise(length: int, level_dbfs: float, rng: np.random.Generator) -> Samples:
    """Pink noise of the whole band: what a line's far end adds after the telephone's filter."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hertz = np.fft.rfftfreq(length, 1 / RATE_HZ)
    noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hertz, 50.0)), length)
    return np.asarray(noise / noise.std() * 10 ** (level_dbfs / 20), np.float32)


def render(script: dict[str, Any]) -> tuple[npt.NDArray[np.int16], list[dict[str, Any]]]:
    """(audio `(n, tracks) int16 at 8 kHz`, turns as {track, start_s, end_s, text}) of a parsed script."""
    tracks = tracks_of(script)
    spoken: list[tuple[int, int, Samples]] = []
    truth: list[dict[str, Any]] = []
    end = round(script["lead_in_s"] * RATE_HZ)
    for turn in read_turns(script):
        samples = at_level(trimmed(speak(turn.voice, turn.say, turn.manner).samples), turn.level_db)
        start = end + round(turn.offset_s * RATE_HZ)
        end = start + len(samples)
        spoken.append((tracks.index(turn.track), start, samples))
        truth.append({"track": turn.track, "start_s": start / RATE_HZ, "end_s": end / RATE_HZ, "text": turn.words})
    length = max(start + len(samples) for _, start, samples in spoken) + round(script["lead_out_s"] * RATE_HZ)
    rng = np.random.default_rng(script["seed"])
    channels = []
    for channel in range(len(tracks)):
        line = np.zeros(length, np.float32)
        for where, start, samples in spoken:
            if where == channel:
                line[start : start + len(samples)] += samples
        channels.append(telephone_band(line) + line_noise(length, script["noise_dbfs"], rng))
    audio = np.clip(np.stack(channels, axis=1), -1, 1)
    return np.round(audio * 32767).astype(np.int16), truth


def main() -> None:
    """Write the recording and its truth beside the script."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--script", type=Path, default=SCRIPT)
    arguments.add_argument("--out", type=Path, help="folder (default: beside the script)")
    chosen = arguments.parse_args()
    script = tomllib.loads(chosen.script.read_text(encoding="utf-8"))
    audio, turns = render(script)
    target = (chosen.out or chosen.script.parent) / chosen.script.stem
    soundfile.write(target.with_suffix(".flac"), audio, RATE_HZ, subtype="PCM_16")
    duration_s = len(audio) / RATE_HZ
    truth = {"title": script["title"], "duration_s": duration_s, "tracks": list(tracks_of(script)), "turns": turns}
    target.with_suffix(".truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    print(f"{target.with_suffix('.flac')}: {duration_s:.1f} s, {len(turns)} turns")


if __name__ == "__main__":
    main()
