"""Whether an utterance asks for something, and for the same as earlier ones, in whatever words: the network of asks.

In: an utterance and earlier ones. Out: `Asked`. About 2 ms an utterance (int8, one thread), and somewhat more for each of the two
earlier asks that it is read beside; what was read last is kept.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from assistant.errors import EngineFailed, ModelLoadError
from assistant.signals.cues.demands import STANDS, Asked
from assistant.signals.hostility.decide import sigmoid
from assistant.signals.hostility.encode import Encoded, Encoder
from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.language import is_english
from assistant.signals.hostility.normalise import normalise, windows
from assistant.signals.hostility.onnx_network import open_session
from assistant.weights import bundled_dir

KEPT = 512
"""So many utterances stay read, in memory alone: an ask is compared again and again while it is remembered."""
NEAREST = 2
"""So many of the earlier asks, those of the nearest meaning, are read side by side with a new one; the others are not the same."""
_FILES = ("model_int8.onnx", "tokenizer.json", "calibration.json")


class Asks(Protocol):
    """Compares asks; shared between calls and threads."""

    def compare(self, text: str, earlier: Sequence[str]) -> Asked:
        """What is asked in `text`, beside the `earlier` asks. Errors: `EngineFailed`."""
        ...


class AskScale(NamedTuple):
    """From the network's outputs to log odds that are 0 where an ask stands and where two asks are the same."""

    ask_offset: float
    product: float
    beside: float
    same_offset: float


class AskRead(NamedTuple):
    """What one utterance says by itself: the log odds of an ask before `AskScale`, what it means, (384,), of length 1, and the words of it
    that were read."""

    odds: float
    meaning: npt.NDArray[np.float32]
    words: str


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
        if [output.name for output in self._session.get_outputs()] != ["ask", "meaning", "same"]:
            raise ModelLoadError(f"{model}: it is not Calmline's network of asks")
        self._read = lru_cache(KEPT)(self._read_once)

    def compare(self, text: str, earlier: Sequence[str]) -> Asked:
        """As `Asks.compare`."""
        now = self._read(text)
        if now is None:
            return Asked(0.0, (0.0,) * len(earlier))
        p, same = _p(now.odds + self._scale.ask_offset), [0.0] * len(earlier)
        if p >= STANDS:
            read = [self._read(old) for old in earlier]
            for at, product, old in nearest(now, read):
                odds = self._scale.product * product + self._scale.beside * self.beside(now.words, old.words)
                same[at] = _p(odds + self._scale.same_offset)
        return Asked(p, tuple(same))

    def read(self, text: str) -> AskRead:
        """The part of `text` that asks the most. Errors: `EngineFailed`; `ValueError` if there are no words."""
        parts = [self._alone(part) for part in windows(normalise(text))]
        return max(parts, key=lambda part: part.odds)

    def beside(self, one: str, other: str) -> float:
        """The log odds, before `AskScale`, that two asks are the same, from their normalised words side by side. Errors: `EngineFailed`."""
        _, _, same = self._run(self._encoder.encode_two(one, other))
        return float(same[0, 0])

    def _read_once(self, text: str) -> AskRead | None:
        words = normalise(text)
        return self.read(text) if words and is_english(text, words) else None

    def _alone(self, words: str) -> AskRead:
        ask, meaning, _ = self._run(self._encoder.encode(words, Text(words)))
        return AskRead(float(ask[0, 0]), np.asarray(meaning[0], dtype=np.float32), words)

    def _run(self, encoded: Encoded) -> list[npt.NDArray[np.float32]]:
        feeds = {
            "input_ids": np.array([encoded.ids], dtype=np.int64),
            "token_type_ids": np.array([encoded.segments], dtype=np.int64),
        }
        try:
            return list(self._session.run(None, feeds))
        except Exception as error:
            raise EngineFailed(f"the network of asks failed: {type(error).__name__}") from error


def nearest(now: AskRead, earlier: Sequence[AskRead | None]) -> list[tuple[int, float, AskRead]]:
    """Which of `earlier` are to be read beside `now`: their places, the products of the meanings, the nearest first."""
    products = [(at, float(now.meaning @ old.meaning), old) for at, old in enumerate(earlier) if old is not None]
    return sorted(products, key=lambda found: -found[1])[:NEAREST]


def _p(logit: float) -> float:
    return float(sigmoid(np.asarray(logit)))
