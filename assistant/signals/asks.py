"""Whether an utterance asks for something, and for the same as earlier ones, in whatever words: the network of asks.

In: an utterance and earlier ones. Out: `Asked`. About 3 ms an utterance (int8, one thread), once: what was read last is kept.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineFailed, ModelLoadError
from assistant.signals.cues.demands import Asked
from assistant.signals.hostility.decide import sigmoid
from assistant.signals.hostility.encode import Encoder
from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.language import is_english
from assistant.signals.hostility.normalise import normalise, windows
from assistant.signals.hostility.onnx_network import open_session
from assistant.weights import bundled_dir

KEPT = 512
"""So many utterances stay read, in memory alone: an ask is compared again and again while it is remembered."""
_FILES = ("model_int8.onnx", "tokenizer.json", "calibration.json")


class Asks(Protocol):
    """Compares asks; shared between calls and threads."""

    def compare(self, text: str, earlier: Sequence[str]) -> Asked:
        """What is asked in `text`, beside the `earlier` asks. Errors: `EngineFailed`."""
        ...


class AskScale(NamedTuple):
    """From the network's outputs to log odds that are 0 where an ask stands and where two asks are the same."""

    ask_offset: float
    same_scale: float
    same_offset: float


class _Read(NamedTuple):
    p: float
    meaning: npt.NDArray[np.float32]
    """(384,), of length 1."""


class AskNetwork:
    """`model_int8.onnx`, `tokenizer.json` and `calibration.json` of a folder, the bundled one if none is named.

    Words of another language than English ask for nothing. Errors: `ModelLoadError` naming the file.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or bundled_dir() / "asks"
        model, tokenizer, calibration = (folder / name for name in _FILES)
        self._encoder = Encoder(tokenizer)
        try:
            self._scale = AskScale(**json.loads(calibration.read_text(encoding="utf-8"))["scale"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelLoadError(f"{calibration}: not readable ({error}); restore the model folder") from error
        self._session = open_session(model, threads=1)
        if [output.name for output in self._session.get_outputs()] != ["ask", "meaning"]:
            raise ModelLoadError(f"{model}: it is not Calmline's network of asks")
        self._read = lru_cache(KEPT)(self._run)

    def compare(self, text: str, earlier: Sequence[str]) -> Asked:
        """As `Asks.compare`."""
        now = self._read(text)
        return Asked(now.p, tuple(self._same(now, self._read(old)) for old in earlier))

    def read(self, text: str) -> tuple[float, npt.NDArray[np.float32]]:
        """The log odds of an ask and what it means, (384,), before `AskScale`: for calibration. Errors: `EngineFailed`."""
        parts = [self._outputs(part) for part in windows(normalise(text))]
        return max(parts, key=lambda part: part[0])

    def _run(self, text: str) -> _Read:
        words = normalise(text)
        if not words or not is_english(text, words):
            return _Read(0.0, np.zeros(1, np.float32))
        logit, meaning = self.read(text)
        return _Read(_p(logit + self._scale.ask_offset), meaning)

    def _same(self, one: _Read, other: _Read) -> float:
        if not one.p or not other.p:
            return 0.0
        return _p(self._scale.same_scale * float(one.meaning @ other.meaning) + self._scale.same_offset)

    def _outputs(self, words: str) -> tuple[float, npt.NDArray[np.float32]]:
        encoded = self._encoder.encode(words, Text(words))
        feeds = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "token_type_ids": np.array([encoded.segments], dtype=np.int64),
        }
        try:
            ask, meaning = self._session.run(None, feeds)
        except Exception as error:
            raise EngineFailed(f"the network of asks failed: {type(error).__name__}") from error
        return float(ask[0, 0]), np.asarray(meaning[0], dtype=np.float32)


def _p(logit: float) -> float:
    return float(sigmoid(np.asarray(logit)))
