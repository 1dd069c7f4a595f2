"""Scripted calls: what is said, what Calmline must show of it, and what it must never show.

In: a script of `tests/data/scenarios` (format: README there). Out: the call as a timed transcript, or as audio of synthetic voices.
"""

import functools
import hashlib
import importlib
import json
import os
import sys
import tomllib
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pytest

from assistant.timebase import Track

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
SCENARIOS = ROOT / "tests" / "data" / "scenarios"
STORIES = tuple(sorted(SCENARIOS.glob("*.toml")))
SHORTS = tuple(sorted((SCENARIOS / "short").glob("*.toml")))
CACHE = ROOT / "build" / "scenarios"
MAKER_SOURCES = (SCRIPTS / "make_demo_call.py", SCRIPTS / "tiny_vosk" / "voices.py", SCRIPTS / "tiny_vosk" / "phones.py")

WORDS_PER_S = 2.7
CONFIDENCE = 0.95

Nature = Literal["calm", "hot", "abusive"]
Rung = Literal["none", "note", "warning", "final_warning", "end_call"]
RUNGS: tuple[Rung, ...] = get_args(Rung)
Span = tuple[float, float]


@dataclass(frozen=True)
class Expect:
    """What a call must show. A field that is None is not asked."""

    cards: frozenset[str] = frozenset()
    """All of these must come."""
    any_of: frozenset[str] = frozenset()
    """At least one of these must come, where any is named."""
    never: frozenset[str] = frozenset()
    ladder_at_least: Rung = "none"
    ladder_at_most: Rung = "end_call"
    steps: tuple[str, ...] | None = None
    """The ladder's steps, in their order and no others."""
    kinds: frozenset[str] = frozenset()
    """Kinds of abuse that must be found."""
    cards_at_most: int | None = None
    interruptions_of_agent_at_least: int = 0
    locked: bool | None = None


@dataclass(frozen=True)
class Turn:
    """One turn. `offset_s` counts from the end of the turn before; below zero it cuts in."""

    track: Track
    words: str
    offset_s: float
    abuse: bool
    """Whether it may move the ladder: no other turn may."""
    confidence: float


@dataclass(frozen=True)
class Scenario:
    name: str
    nature: Nature
    tracks: tuple[Track, ...]
    turns: tuple[Turn, ...]
    expect: Expect
    heard: Expect
    """What is expected of the audio: the same, but for what `[expect.audio]` says otherwise."""
    script: Mapping[str, Any]
    """As parsed, for the maker of the audio."""


def load(path: Path) -> Scenario:
    """The scenario of a script. Raises ValueError or KeyError where it breaks the format."""
    script = tomllib.loads(path.read_text(encoding="utf-8"))
    maker = _maker()
    rows = zip(maker.read_turns(script), script["turns"], strict=True)
    turns = tuple(
        Turn(turn.track, turn.words, turn.offset_s, row.get("abuse", False), row.get("confidence", CONFIDENCE)) for turn, row in rows
    )
    told = dict(script["expect"])
    audio = told.pop("audio", {})
    if audio and not audio.get("why"):
        raise ValueError(f"{path.name}: [expect.audio] must say why")
    heard = {**told, **{key: value for key, value in audio.items() if key != "why"}}
    if script["nature"] not in get_args(Nature):
        raise ValueError(f"{path.name}: nature {script['nature']!r} is none of {get_args(Nature)}")
    return Scenario(
        path.stem, script["nature"], maker.tracks_of(script), turns, _expect(path.name, told), _expect(path.name, heard), script
    )


def transcript(scenario: Scenario) -> dict[str, Any]:
    """The call as a timed transcript: times from the number of words."""
    spans = transcript_spans(scenario)
    utterances = [
        {"track": turn.track, "start_s": start_s, "end_s": end_s, "text": turn.words, "confidence": turn.confidence}
        for turn, (start_s, end_s) in zip(scenario.turns, spans, strict=True)
    ]
    return {"tracks": list(scenario.tracks), "utterances": utterances}


def transcript_spans(scenario: Scenario) -> list[Span]:
    """Start and end of each turn of the transcript, in seconds."""
    spans: list[Span] = []
    end_s = float(scenario.script["lead_in_s"])
    for turn in scenario.turns:
        start_s = end_s + turn.offset_s
        end_s = start_s + len(turn.words.split()) / WORDS_PER_S
        spans.append((round(start_s, 3), round(end_s, 3)))
    return spans


def audio(scenario: Scenario) -> tuple[int, npt.NDArray[np.int16], tuple[Track, ...]]:
    """(rate in Hz, samples `(n, tracks) int16`, tracks), made once and kept under build/. Skips the test without the voices' engines."""
    samples, _ = _rendered(scenario)
    return _maker().RATE_HZ, samples, scenario.tracks


def audio_spans(scenario: Scenario) -> list[Span]:
    """Start and end of each turn of the audio, in seconds."""
    _, truth = _rendered(scenario)
    return [(turn["start_s"], turn["end_s"]) for turn in truth]


def _rendered(scenario: Scenario) -> tuple[npt.NDArray[np.int16], list[dict[str, Any]]]:
    sound = {key: value for key, value in scenario.script.items() if key not in ("title", "nature", "expect")}
    digest = hashlib.sha256(json.dumps(sound, sort_keys=True).encode())
    for source in MAKER_SOURCES:
        digest.update(source.read_bytes())
    file = CACHE / f"{scenario.name}-{digest.hexdigest()[:16]}.npz"
    if not file.is_file():
        _need_voices(sound)
        samples, truth = _maker().render(sound)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as opened:
            np.savez_compressed(opened, samples=samples, truth=np.array(json.dumps(truth)))
        part.replace(file)
    with np.load(file) as kept:
        return kept["samples"], json.loads(str(kept["truth"]))


def _need_voices(script: Mapping[str, Any]) -> None:
    voices = [voice["voice"] for voice in script["voices"].values()] + [turn["voice"] for turn in script["turns"] if "voice" in turn]
    engines = sorted({voice.partition(":")[0] for voice in voices})
    absent = [engine for engine in engines if not _from_scripts("tiny_vosk.voices").available(engine)]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")


def _expect(name: str, told: Mapping[str, Any]) -> Expect:
    known = {field.name for field in fields(Expect)}
    if set(told) - known:
        raise ValueError(f"{name}: [expect] holds {sorted(set(told) - known)}")
    sets = ("cards", "any_of", "never", "kinds")
    given: dict[str, Any] = {
        key: frozenset(value) if key in sets else tuple(value) if key == "steps" else value for key, value in told.items()
    }
    for rung in (given.get("ladder_at_least", "none"), given.get("ladder_at_most", "none")):
        if rung not in RUNGS:
            raise ValueError(f"{name}: {rung!r} is no rung of the ladder")
    return Expect(**given)


def _maker() -> ModuleType:
    return _from_scripts("make_demo_call")


@functools.cache
def _from_scripts(module: str) -> ModuleType:
    with _scripts_on_path():
        return importlib.import_module(module)


@contextmanager
def _scripts_on_path() -> Any:
    sys.path.insert(0, str(SCRIPTS))
    try:
        yield
    finally:
        sys.path.remove(str(SCRIPTS))
