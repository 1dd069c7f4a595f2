"""The bundled demo call: its script, its truth, and that the tiny model hears it and sentences it never saw."""

import importlib
import json
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[2]
DATA = ROOT / "assistant" / "data"
MODEL = ROOT / "models" / "vosk-tiny-synthetic-en"
PRE_ROLL_S, TAIL_S = 0.3, 0.4
ABUSE = ("stupid useless idiot", "stupid cow", "pathetic liars", "worthless piece of shit", "go to hell")
UNSEEN = (
    "your engineer left a hole in my kitchen wall and drove away",
    "give me the name of the person in charge of this mess",
    "madam i must ask you to stop swearing or i will close this call",
    "could you look again because i am certain i paid in cash",
)


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return tomllib.loads((DATA / "demo_call.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "demo_call.truth.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(sys, "path", [str(ROOT / "scripts"), *sys.path])
    pytest.importorskip("soxr")
    return importlib.import_module("make_demo_call")


@pytest.fixture(scope="module")
def model() -> Any:
    vosk = pytest.importorskip("vosk")
    vosk.SetLogLevel(-1)
    return vosk.Model(str(MODEL))


def heard(model: Any, samples: np.ndarray[Any, np.dtype[np.int16]]) -> list[str]:
    """The words of `(n,) int16 at 8 kHz`, decoded as one segment."""
    recogniser = vosk_recogniser(model)
    stream, words = samples.astype("<i2").tobytes(), list[str]()
    for offset in range(0, len(stream), 1600):
        if recogniser.AcceptWaveform(stream[offset : offset + 1600]):
            words += json.loads(recogniser.Result())["text"].split()
    return words + list(json.loads(recogniser.FinalResult())["text"].split())


def vosk_recogniser(model: Any) -> Any:
    return importlib.import_module("vosk").KaldiRecognizer(model, 8000)


def word_errors(said: list[str], found: list[str]) -> int:
    row = list(range(len(found) + 1))
    for i, word in enumerate(said, start=1):
        above, row = row, [i]
        for j, other in enumerate(found, start=1):
            row.append(min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (word != other)))
    return row[-1]


def test_script_and_truth_tell_the_same_turns(maker: ModuleType, script: dict[str, Any], truth: dict[str, Any]) -> None:
    turns = maker.read_turns(script)
    assert [(turn.track, turn.words) for turn in turns] == [(turn["track"], turn["text"]) for turn in truth["turns"]]


def test_truth_has_the_length_of_the_recording(truth: dict[str, Any]) -> None:
    facts = soundfile.info(DATA / "demo_call.flac")
    assert (facts.samplerate, facts.channels, facts.subtype) == (8000, 2, "PCM_16")
    assert facts.frames / facts.samplerate == truth["duration_s"]
    assert 80 <= truth["duration_s"] <= 100
    assert all(0 < turn["start_s"] < turn["end_s"] < truth["duration_s"] for turn in truth["turns"])


def test_channels_are_quiet_outside_their_own_turns(truth: dict[str, Any]) -> None:
    audio, rate_hz = soundfile.read(DATA / "demo_call.flac", dtype="float32")
    for channel, track in enumerate(truth["tracks"]):
        speaking = np.zeros(len(audio), bool)
        for turn in truth["turns"]:
            if turn["track"] == track:
                # the telephone filter rings for some milliseconds around a turn
                speaking[round((turn["start_s"] - 0.05) * rate_hz) : round((turn["end_s"] + 0.05) * rate_hz)] = True
        assert np.sqrt((audio[speaking, channel] ** 2).mean()) > 0.02
        assert np.sqrt((audio[~speaking, channel] ** 2).mean()) < 0.001


def test_caller_cuts_the_agent_off_at_least_three_times(truth: dict[str, Any]) -> None:
    cut_offs = [
        (before, turn)
        for before, turn in zip(truth["turns"], truth["turns"][1:], strict=False)
        if before["track"] == "agent" and turn["track"] == "caller" and 0.6 <= before["end_s"] - turn["start_s"] <= 1.0
    ]
    assert len(cut_offs) >= 3


def test_abuse_goes_on_after_the_spoken_warning(truth: dict[str, Any]) -> None:
    said = [(turn["track"], turn["text"]) for turn in truth["turns"]]
    warning = next(k for k, (track, text) in enumerate(said) if track == "agent" and "i will have to end this call" in text)
    assert any(phrase in text for track, text in said[:warning] if track == "caller" for phrase in ABUSE)
    assert any(phrase in text for track, text in said[warning:] if track == "caller" for phrase in ABUSE)


def test_every_word_of_the_demo_is_in_the_vocabulary(truth: dict[str, Any]) -> None:
    table = (MODEL / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    known = {line.split()[0] for line in table}
    assert {word for turn in truth["turns"] for word in turn["text"].split()} <= known


def test_two_start_rules_for_one_turn_are_refused(maker: ModuleType, script: dict[str, Any]) -> None:
    broken = {**script, "turns": [{**script["turns"][0], "after": 0.1, "cut_in": 0.1}]}
    with pytest.raises(ValueError, match="exclude"):
        maker.read_turns(broken)


def test_the_script_gives_the_bundled_samples(maker: ModuleType, script: dict[str, Any], truth: dict[str, Any]) -> None:
    voices = importlib.import_module("tiny_vosk.voices")
    if not voices.available("flite"):
        pytest.skip("flite is not installed")
    audio, turns = maker.render(script)
    bundled, _ = soundfile.read(DATA / "demo_call.flac", dtype="int16")
    if len(audio) != len(bundled):
        pytest.skip("another version of flite speaks at another pace")
    assert turns == truth["turns"]
    assert np.abs(audio.astype(int) - bundled).max() <= 2  # resamplers differ in the last bits between processors


@pytest.mark.model
def test_tiny_model_hears_the_demo(model: Any, truth: dict[str, Any]) -> None:
    audio, rate_hz = soundfile.read(DATA / "demo_call.flac", dtype="int16")
    errors = words = 0
    callers_words: list[str] = []
    for turn in truth["turns"]:
        channel = truth["tracks"].index(turn["track"])
        piece = audio[round((turn["start_s"] - PRE_ROLL_S) * rate_hz) : round((turn["end_s"] + TAIL_S) * rate_hz), channel]
        found, said = heard(model, piece), turn["text"].split()
        errors, words = errors + word_errors(said, found), words + len(said)
        callers_words += found if turn["track"] == "caller" else []
    assert errors / words <= 0.05
    assert [phrase for phrase in ABUSE if phrase not in " ".join(callers_words)] == []


@pytest.mark.model
def test_tiny_model_hears_sentences_it_never_saw(model: Any, maker: ModuleType) -> None:
    voices = importlib.import_module("tiny_vosk.voices")
    if not voices.available("espeak"):
        pytest.skip("espeak-ng is not installed")
    held_out = (ROOT / "scripts" / "tiny_vosk" / "text" / "heldout.txt").read_text(encoding="utf-8").splitlines()
    errors = words = 0
    for sentence in UNSEEN:
        assert sentence in held_out
        samples = np.pad(voices.speak("espeak:en-us", sentence).samples, (1600, 3200))
        found, said = heard(model, np.round(samples * 32767).astype(np.int16)), sentence.split()
        errors, words = errors + word_errors(said, found), words + len(said)
    assert errors / words <= 0.15
