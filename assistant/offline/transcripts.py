"""Timed transcripts: a call that comes as text with times, as another recogniser or a person wrote it.

In: JSON, `{"tracks": [...], "utterances": [{"track", "start_s", "end_s", "text", "confidence"?}]}`; keys besides these are passed over.
Out: lines in the order of the call, whatever their order in the file.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from assistant.call import SaidLine
from assistant.errors import AssistantError
from assistant.timebase import TRACKS, Track

LONGEST_S: Final = 86400.0
"""No call lasts a day; a time beyond this is mostly one in milliseconds."""

LARGEST_BYTES: Final = 64 * 2**20

_FORM: Final = 'a timed transcript is {"tracks": ["agent", "caller"], "utterances": [{"track", "start_s", "end_s", "text"}, ...]}'


class TranscriptError(AssistantError):
    """A timed transcript that cannot be read as one; the text names the file and the field, and quotes no words."""


@dataclass(frozen=True)
class Transcript:
    """A timed transcript that was found to be in order."""

    tracks: tuple[Track, ...]
    lines: tuple[SaidLine, ...]
    """By start, then track; seconds of the call."""

    @property
    def duration_s(self) -> float:
        """The end of the last line, in seconds."""
        return max((line.end_s for line in self.lines), default=0.0)


class _Said(msgspec.Struct):
    track: str
    start_s: float
    end_s: float
    text: str
    confidence: float | None = None


class _File(msgspec.Struct):
    tracks: list[str]
    utterances: list[_Said]


def read_transcript(path: Path) -> Transcript:
    """The transcript in a file. Raises `TranscriptError` that names the file and the field."""
    try:
        return parse_transcript(_bytes_of(path))
    except TranscriptError as wrong:
        raise TranscriptError(f"{path}: {wrong}") from wrong


def parse_transcript(data: bytes) -> Transcript:
    """The transcript in JSON (UTF-8, or UTF-16 or -32 with a mark). Raises `TranscriptError` that names the field."""
    try:
        file = msgspec.convert(_json(data), _File)
    except msgspec.ValidationError as wrong:
        raise TranscriptError(f"{str(wrong).replace('$.', '').replace(' - at `$`', '')}; {_FORM}") from None
    tracks = _tracks(file.tracks)
    lines = [_line(f"utterances[{number}]", said, tracks) for number, said in enumerate(file.utterances)]
    lines.sort(key=lambda line: (line.start_s, tracks.index(line.track), line.end_s, line.text, line.confidence))
    return Transcript(tracks, tuple(lines))


def claims_to_be_transcript(path: Path) -> bool:
    """Whether a `.json` file that nobody named is meant as a timed transcript, be it broken or not. Raises `TranscriptError`
    where the file cannot be read."""
    data = _bytes_of(path)
    try:
        content = _json(data)
    except TranscriptError:
        # Cut short or mistyped, but meant: to pass it over with a note would lose a call.
        return b'"tracks"' in data and b'"utterances"' in data
    return isinstance(content, dict) and "tracks" in content and "utterances" in content


def _bytes_of(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise TranscriptError(f"has {size} bytes, and a transcript has at most {LARGEST_BYTES}")
        return path.read_bytes()
    except OSError as broken:
        raise TranscriptError(f"cannot be read ({broken.strerror or type(broken).__name__})") from broken


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except RecursionError:
        raise TranscriptError("is not JSON that can be read: nested too deeply") from None
    except ValueError as wrong:
        # A UnicodeDecodeError carries the whole text along; its reason alone is enough.
        why = wrong.reason if isinstance(wrong, UnicodeDecodeError) else wrong
        raise TranscriptError(f"is not JSON: {why}" if data.strip() else "is empty") from None


def _tracks(given: list[str]) -> tuple[Track, ...]:
    known: list[Track] = [track for name in given for track in TRACKS if track == name]
    if len(known) != len(given):
        strange = next(name for name in given if name not in TRACKS)
        raise TranscriptError(f"tracks: {_short(strange)} is none of {', '.join(TRACKS)}")
    if not known or len(set(known)) != len(known) or ("mixed" in known and len(known) > 1):
        raise TranscriptError("tracks: names agent, caller, third_party, each at most once, or mixed alone")
    return tuple(known)


def _line(where: str, said: _Said, tracks: tuple[Track, ...]) -> SaidLine:
    track = next((track for track in tracks if track == said.track), None)
    if track is None:
        raise TranscriptError(f"{where}.track: {_short(said.track)} is none of this call's tracks ({', '.join(tracks)})")
    for name, value in (("start_s", said.start_s), ("end_s", said.end_s)):
        if not math.isfinite(value) or value < 0.0:
            raise TranscriptError(f"{where}.{name}: {value} is not a time in seconds from the start of the call")
        if value > LONGEST_S:
            raise TranscriptError(f"{where}.{name}: {value} is more than a day; times are in seconds")
    if said.end_s < said.start_s:
        raise TranscriptError(f"{where}.end_s: {said.end_s} lies before start_s, {said.start_s}")
    confidence = 1.0 if said.confidence is None else said.confidence
    if not 0.0 <= confidence <= 1.0:
        raise TranscriptError(f"{where}.confidence: {confidence} is not in [0, 1]")
    # JSON may hold halves of surrogate pairs, which no output can carry.
    text = said.text.encode("utf-8", "replace").decode("utf-8")
    return SaidLine(track, said.start_s, said.end_s, text, confidence)


def _short(name: str) -> str:
    return ascii(name if len(name) <= 30 else f"{name[:30]}...")
