"""How well, how fast and how honestly the model hears voices that say what it never saw.

Enters: a model folder, the held-out sentences, the voices of the engines that are installed. Leaves: `Score` a test set.
"""

import dataclasses
import difflib
import json
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import vosk

from tiny_vosk import phones, text
from tiny_vosk.voices import RATE_HZ, available, speak

SEEN_VOICES = ("flite:slt", "flite:rms", "flite:awb", "flite:kal16")
DEFAULT_VOICES = ("espeak:en-us", "espeak:en-gb")
UNSEEN_VARIANTS = ("f4", "m8", "Andrea", "Andy", "michel", "steph3")
"""Variants of espeak-ng that no training sentence was said with."""
UNSEEN_SPEAKER = "festival:ked_diphone"
LEAD_IN_S, TAIL_S = 0.2, 0.4
CHUNK_BYTES = 1600


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A sentence that was said: words, `(n,) int16 at 8 kHz`, and the phones' times where known (s, from the first sample)."""

    words: list[str]
    samples: npt.NDArray[np.int16]
    phone_ends: list[tuple[str, float]] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """One recognised word; times in s from the first sample, confidence in [0, 1]."""

    word: str
    start_s: float
    end_s: float
    confidence: float


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """Figures of one test set. Word error rate in percent; `real_time_factor` is CPU time over audio time."""

    name: str
    sentences: int
    words: int
    errors: int
    word_error_rate: float
    real_time_factor: float
    confidence_right: float
    confidence_wrong: float
    boundary_error_ms: float | None


def decode(model: vosk.Model, samples: npt.NDArray[np.int16], grammar: list[str] | None = None) -> list[Heard]:
    """The words of `(n,) int16 at 8 kHz`, fed in chunks of 0.1 s."""
    recogniser = vosk.KaldiRecognizer(model, RATE_HZ, *([json.dumps(grammar)] if grammar else []))
    recogniser.SetWords(True)
    heard: list[Heard] = []
    stream = samples.astype("<i2").tobytes()
    for offset in range(0, len(stream), CHUNK_BYTES):
        if recogniser.AcceptWaveform(stream[offset : offset + CHUNK_BYTES]):
            heard += _heard(recogniser.Result())
    return heard + _heard(recogniser.FinalResult())


def _heard(result: str) -> list[Heard]:
    return [Heard(w["word"], w["start"], w["end"], w["conf"]) for w in json.loads(result).get("result", [])]


def word_errors(said: list[str], heard: list[str]) -> int:
    """Substitutions, insertions and deletions between two word lists."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, start=1):
        above, row = row, [i]
        for j, other in enumerate(heard, start=1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (word != other)))
    return row[-1]


def say(voice: str, sentence: str) -> Item:
    """`sentence` in `voice`, with 0.2 s of silence before it and 0.4 s after."""
    speech = speak(voice, sentence)
    padded = np.pad(speech.samples, (round(LEAD_IN_S * RATE_HZ), round(TAIL_S * RATE_HZ)))
    ends = [(phone, end + LEAD_IN_S) for phone, end in speech.phone_ends] if speech.phone_ends else None
    return Item(text.normalise(sentence), np.round(padded * 32767).astype(np.int16), ends)


def on_the_telephone(item: Item, rng: np.random.Generator, noise_db: float = -15.0) -> Item:
    """`item` through 300..3400 Hz, white noise `noise_db` below it, and G.711 mu-law."""
    spectrum = np.fft.rfft(item.samples.astype(np.float64))
    hertz = np.fft.rfftfreq(len(item.samples), 1 / RATE_HZ)
    spectrum[(hertz < 300) | (hertz > 3400)] *= 0.03
    band = np.fft.irfft(spectrum, len(item.samples))
    band = 0.3 * (band + rng.standard_normal(len(band)) * band.std() * 10 ** (noise_db / 20))
    code = np.round(np.log1p(255 * np.abs(band) / 32768) / np.log(256) * 127) / 127
    return Item(item.words, (np.sign(band) * (256**code - 1) / 255 * 32768).astype(np.int16), item.phone_ends)


def build_sets(corpus_folder: Path, corpus_sentences: int = 150) -> dict[str, list[Item]]:
    """Test sets by name, for the engines that are installed."""
    sentences = text.lines_of(phones.TEXT_FOLDER / "heldout.txt")
    sets: dict[str, list[Item]] = {}
    if available("flite"):
        sets["flite voices (seen in training)"] = [say(voice, line) for line in sentences for voice in SEEN_VOICES]
    if available("espeak"):
        sets["espeak-ng en-us, en-gb"] = [say(DEFAULT_VOICES[k % 2], line) for k, line in enumerate(sentences)]
        unseen = [f"espeak:{('en-us', 'en-gb-x-gbclan')[k % 2]}+{v}" for k, v in enumerate(UNSEEN_VARIANTS)]
        sets["espeak-ng variants never seen"] = [say(unseen[k % len(unseen)], line) for k, line in enumerate(sentences)]
    if available("festival"):
        sets["festival ked (speaker never seen)"] = [say(UNSEEN_SPEAKER, line) for line in sentences]
    if available("flite") and available("espeak"):
        voices = (*SEEN_VOICES, *DEFAULT_VOICES)
        held_out = [line for line in text.corpus_sentences(corpus_folder, held_out=True) if len(line) > 2]
        step = max(1, len(held_out) // corpus_sentences)
        chosen = [" ".join(line) for line in held_out[::step]]
        sets["corpus families held out"] = [say(voices[k % len(voices)], line) for k, line in enumerate(chosen)]
        rng = np.random.default_rng(4)
        clean = sets["flite voices (seen in training)"][::4] + sets["espeak-ng en-us, en-gb"][::2]
        sets["telephone band, G.711, noise 15 dB"] = [on_the_telephone(item, rng) for item in clean]
    return sets


def score(name: str, model: vosk.Model, items: Iterable[Item]) -> Score:
    """Decode every item of a test set and count."""
    sentences = words = errors = 0
    cpu_s = audio_s = 0.0
    right: list[float] = []
    wrong: list[float] = []
    boundaries: list[float] = []
    for item in items:
        began = time.process_time()
        heard = decode(model, item.samples)
        cpu_s += time.process_time() - began
        audio_s += len(item.samples) / RATE_HZ
        found = [w.word for w in heard]
        sentences, words = sentences + 1, words + len(item.words)
        errors += word_errors(item.words, found)
        matched = difflib.SequenceMatcher(a=item.words, b=found, autojunk=False).get_matching_blocks()
        good = {k for block in matched for k in range(block.b, block.b + block.size)}
        for k, w in enumerate(heard):
            (right if k in good else wrong).append(w.confidence)
        if found == item.words:
            boundaries += _boundary_errors(item, heard)
    return Score(
        name, sentences, words, errors, round(100 * errors / max(1, words), 1), round(cpu_s / audio_s, 3),
        round(float(np.mean(right or [0])), 3), round(float(np.mean(wrong or [0])), 3),
        round(1000 * float(np.median(boundaries))) if boundaries else None,
    )  # fmt: skip


def _boundary_errors(item: Item, heard: list[Heard]) -> list[float]:
    """Distance in s of each word's start and end from the engine's own, where it said the dictionary's phones."""
    if not item.phone_ends:
        return []
    spoken, at, errors = item.phone_ends, 0, list[float]()
    for w in heard:
        while at < len(spoken) and spoken[at][0] == "SIL":
            at += 1
        said = next((p for p in phones.pronunciations(w.word, 5) if [x for x, _ in spoken[at : at + len(p)]] == p), None)
        if said is None:
            return errors
        start_s = spoken[at - 1][1] if at else LEAD_IN_S
        at += len(said)
        errors += [abs(w.start_s - start_s), abs(w.end_s - spoken[at - 1][1])]
    return errors


def table(scores: list[Score]) -> str:
    """The scores as a Markdown table."""
    rows = ["| set | sentences | words | WER | CPU / audio | confidence right / wrong | boundary error |", "|---|---|---|---|---|---|---|"]
    for s in scores:
        boundary = f"{s.boundary_error_ms:.0f} ms" if s.boundary_error_ms is not None else "–"  # noqa: RUF001
        rows.append(
            f"| {s.name} | {s.sentences} | {s.words} | {s.word_error_rate:.1f} % | {s.real_time_factor:.3f} "
            f"| {s.confidence_right:.2f} / {s.confidence_wrong:.2f} | {boundary} |"
        )
    return "\n".join(rows)
