"""One recorded call through the same engine as a live one: a recording or transcript in, its document on disk out.

Memory: some blocks of audio and the document, however long the call is.
"""

import os
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from assistant.audio.recordings import OpenedAudio, Recording, open_recording
from assistant.config import Config
from assistant.document import encode_document, fold
from assistant.engine import LiveEngine, Models, WordModels, load_models, load_words, recite
from assistant.errors import AssistantError, ConfigError, ModelLoadError
from assistant.events import AnyEvent
from assistant.offline.inputs import CallInput, printable
from assistant.offline.outcomes import CallFailed, CallScored, Outcome
from assistant.offline.transcripts import read_transcript

END: Final = "end of recording"


class Scorer:
    """Scores calls one after another; loads each model when the first call needs it. For one process, and one thread."""

    def __init__(self, config: Config, out: Path) -> None:
        """Raises `ConfigError` where the policy is wrong. `out` is a folder that exists."""
        self._config = config
        self._settings = config.call_settings()
        self._out = out
        self._models: Models | None = None
        self._words_only: WordModels | None = None

    def score(self, call: CallInput) -> Outcome:
        """Writes the document of a call, whole or not at all.

        Whatever is wrong with the call is its outcome. Raises `ModelLoadError` or `ConfigError` where no call could be scored.
        """
        try:
            return self._write(call.name, self.events(call), from_audio=isinstance(call.source, Recording))
        except (ModelLoadError, ConfigError):
            raise
        except AssistantError as wrong:
            return CallFailed(call.name, printable(str(wrong)))
        except OSError as wrong:
            return CallFailed(call.name, f"cannot be read or written: {wrong.strerror or type(wrong).__name__}")
        except Exception as unforeseen:  # a call is a task: the others go on
            # The place and the kind alone: an error's text may quote what a caller said.
            place = traceback.extract_tb(unforeseen.__traceback__)[-1]
            return CallFailed(
                call.name, f"Calmline itself failed: {type(unforeseen).__name__} at {Path(place.filename).name}:{place.lineno}"
            )

    def recording_events(self, name: str, audio: OpenedAudio) -> Iterator[AnyEvent]:
        """All events of a recording, as it is worked on. Raises `AudioFormatError` where the audio turns out to be broken."""
        engine = LiveEngine(self._audio_models(), self._settings, name, audio.tracks, audio.rate_hz, notices=audio.notices)
        yield from engine.start()
        for block in audio.blocks():
            yield from engine.feed(block)
        yield from engine.finish(END)

    def events(self, call: CallInput) -> Iterable[AnyEvent]:
        """All events of a call. Raises `AudioFormatError` or `TranscriptError` where it cannot be read."""
        if isinstance(call.source, Recording):
            return self.recording_events(call.name, open_recording(call.source))
        transcript = read_transcript(call.source)
        return recite(self._words(), self._settings, call.name, transcript.tracks, transcript.lines)

    def _write(self, name: str, events: Iterable[AnyEvent], *, from_audio: bool) -> CallScored:
        document = fold(name, events)
        file = self._out / f"{name}.json"
        _replace(file, encode_document(document))
        summary = document["summary"]
        failures = (f"{failure['stage']} failed at {failure['t_s']} s: {failure['why']}" for failure in summary["degraded"])
        return CallScored(
            name,
            str(file),
            document["call"]["duration_s"],
            from_audio,
            summary["peak_heat"],
            summary["ladder_step"],
            (*document["call"]["notices"], *failures),
        )

    def _audio_models(self) -> Models:
        if self._models is None:
            self._models = load_models(self._config.models)
            self._words_only = self._models.words
        return self._models

    def _words(self) -> WordModels:
        if self._words_only is None:
            self._words_only = load_words(self._config.models)
        return self._words_only


def part_file(out: Path, pid: int) -> Path:
    """Where the process `pid` writes a document before it takes its place."""
    return out / f".calmline-{pid}.part"


def _replace(file: Path, data: bytes) -> None:
    """Whoever reads `file` meanwhile sees the old document or the new one, never a part."""
    part = part_file(file.parent, os.getpid())
    try:
        part.write_bytes(data)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
