"""Stored calls: the documents that `calmline score` and the API wrote, as far as guidance asks of them.

In: files and folders. Out: a call's facts and its beliefs, checked. Reads files; nothing else.
"""

import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from assistant.errors import AssistantError
from assistant.events import AnyEvent
from assistant.guidance.replay import is_signal
from assistant.offline.inputs import printable
from assistant.timebase import Track

LONGEST_S = 7 * 24 * 3600.0
"""A media time beyond this is a broken document and not a call."""


class DocumentError(AssistantError):
    """A file that holds no call which could be advised anew; the text says why."""


class StoredCall(msgspec.Struct, frozen=True):
    """The facts of a call."""

    tracks: tuple[Track, ...]
    duration_s: float
    policy: str
    """The version that advised in the call."""
    name: str = ""


class StoredCard(msgspec.Struct, frozen=True):
    """A card as it was shown."""

    class Cause(msgspec.Struct, frozen=True):
        rule: str
        end_s: float | None = None

    t_s: float
    card: str
    reasons: tuple[Cause, ...] = ()


class StoredHeat(msgspec.Struct, frozen=True):
    t_s: float
    heat: float
    level: str


class Stored(msgspec.Struct, frozen=True):
    """A call document."""

    call: StoredCall
    signals: tuple[AnyEvent, ...] | None = None
    guidance: tuple[StoredCard, ...] = ()
    heat: tuple[StoredHeat, ...] = ()

    @property
    def beliefs(self) -> tuple[AnyEvent, ...]:
        """The signals; `read_document` saw to it that there are some."""
        return self.signals or ()


_decoder = msgspec.json.Decoder(Stored)


def read_document(file: Path) -> Stored:
    """The call in `file`. Raises `DocumentError` where it is none, is broken, or has no signals."""
    try:
        stored = _decoder.decode(file.read_bytes())
    except OSError as broken:
        raise DocumentError(f"cannot be read: {broken.strerror}") from broken
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise DocumentError(f"is no call document: {broken}") from broken
    if stored.signals is None:
        raise DocumentError("holds no signals: it was written by an earlier version; score the recording again")
    _check(stored)
    return stored


def find_documents(paths: Sequence[Path]) -> tuple[list[Path], list[tuple[str, str]]]:
    """The files that may be call documents, each once, and what was named and is not there. Hidden files are passed over."""
    files: dict[Path, Path] = {}
    failed: list[tuple[str, str]] = []
    for path in paths:
        if os.path.isdir(path):
            found = [one for one in sorted(path.rglob("*.json")) if not _hidden(one, path) and os.path.isfile(one)]
            if not found:
                failed.append((printable(str(path)), "is a folder without call documents (.json)"))
        elif os.path.isfile(path):
            found = [path]
        else:
            failed.append((printable(str(path)), "is not there"))
            continue
        for one in found:
            files.setdefault(one.resolve(), one)
    return list(files.values()), failed


def _hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _check(stored: Stored) -> None:
    if not stored.call.tracks:
        raise DocumentError("is broken: the call has no track")
    if not _is_time(stored.call.duration_s):
        raise DocumentError("is broken: its duration is no time of a call")
    beliefs = stored.beliefs
    if not all(is_signal(signal) for signal in beliefs):
        raise DocumentError("is broken: among the signals are events that are none")
    if not all(_is_time(signal.t_s) for signal in beliefs):
        raise DocumentError("is broken: a signal's time is no time of a call")
    if not _grows(signal.seq for signal in beliefs):
        raise DocumentError("is broken: its signals are out of order")


def _is_time(t_s: float) -> bool:
    return math.isfinite(t_s) and 0.0 <= t_s <= LONGEST_S


def _grows(numbers: Iterable[int]) -> bool:
    last = -1
    for number in numbers:
        if number <= last:
            return False
        last = number
    return True
