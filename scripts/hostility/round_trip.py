"""Corpus lines spoken by a synthetic voice and read back by our recogniser: what the judge is given in truth.

python -m scripts.hostility.round_trip --vosk FOLDER --out heard.jsonl [--split test] [--unknown 1]

Needs espeak-ng (Debian) and a Vosk model. Out: JSON lines `{"family", "text", "heard", "confidence"}`. A line goes
through only when the model's lexicon lacks at most `--unknown` of its words: a small model cannot hear what it has no
word for.
"""

import argparse
import io
import json
import random
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from rich.progress import track

from assistant.signals.hostility.corpus import Line, read_corpus
from assistant.signals.hostility.load import bundled_folder
from assistant.signals.hostility.splits import split_of

_RATE_HZ = 8000
_VOICES = ("en-us", "en-gb", "en-gb-scotland", "en-us+f2", "en-us+m3", "en-gb+f4", "en-gb-x-rp+m1")
_CHUNK = 1600


def main(arguments: list[str] | None = None) -> int:
    """Writes the file; prints how much was heard as said."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vosk", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=bundled_folder() / "corpus")
    parser.add_argument("--split", choices=("train", "dev", "test"), default="test")
    parser.add_argument("--unknown", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    known = {row.split()[0] for row in (options.vosk / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()}
    lines = [line for line in read_corpus(options.corpus) if split_of(line.family) == options.split]
    lines = [line for line in lines if sum(word not in known for word in line.text.text.split()) <= options.unknown]
    same = 0
    with options.out.open("w", encoding="utf-8") as out:
        for row in track(heard(lines, options.vosk), total=len(lines)):
            same += row["text"] == row["heard"]
            out.write(json.dumps(row) + "\n")
    print(f"{len(lines)} lines, {same} heard word for word")
    return 0


def heard(lines: Iterable[Line], vosk_folder: Path) -> Iterator[dict[str, Any]]:
    """Each line as the recogniser hears it, with its mean word confidence in [0, 1]."""
    import vosk

    vosk.SetLogLevel(-1)
    model = vosk.Model(str(vosk_folder))
    rng = random.Random(0)
    for line in lines:
        samples = spoken(line.text.text, rng.choice(_VOICES), rng.randint(140, 190))
        recogniser = vosk.KaldiRecognizer(model, _RATE_HZ)
        recogniser.SetWords(True)
        for start in range(0, len(samples), _CHUNK):
            recogniser.AcceptWaveform(samples[start : start + _CHUNK].tobytes())
        result = json.loads(recogniser.FinalResult())
        words = [word["conf"] for word in result.get("result", [])]
        yield {
            "family": line.family,
            "text": line.text.text,
            "heard": result.get("text", "").replace("[unk]", " ").strip(),
            "confidence": round(float(np.mean(words)), 3) if words else 0.0,
        }


def spoken(text: str, voice: str, words_a_minute: int) -> NDArray[np.int16]:
    """(n,) int16 at 8 kHz. Errors: `subprocess.CalledProcessError` when espeak-ng fails."""
    command = ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "--stdout", text]
    wave = subprocess.run(command, check=True, capture_output=True).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(wave), dtype="float32")
    padded = np.concatenate([np.zeros(rate_hz // 5, np.float32), samples, np.zeros(rate_hz // 3, np.float32)])
    telephone = soxr.resample(padded, rate_hz, _RATE_HZ)
    return np.asarray(np.clip(telephone * 32767, -32768, 32767), dtype=np.int16)


if __name__ == "__main__":
    raise SystemExit(main())
