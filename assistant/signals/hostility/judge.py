"""The judge around a network of any runtime: normalise, abstain, encode, decide.

In: `Text`. Out: `Judgement`. About 2.5 ms an utterance of 24 tokens with the int8 network on one thread.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from assistant.signals.hostility.decide import Calibration, Logits, decide
from assistant.signals.hostility.encode import Encoded, Encoder
from assistant.signals.hostility.labels import CUES_AT, Judgement, Text, abstention
from assistant.signals.hostility.language import is_english
from assistant.signals.hostility.normalise import normalise, windows

SHORT_WORDS = 2
"""So short an answer is judged for hostility by itself: what the other side said before would outweigh it. Its cues may hang on that."""


class Network(Protocol):
    """Weights in some runtime; shared and read-only."""

    def logits(self, encoded: Encoded) -> Logits:
        """(41,) float32 in the order of `OUTPUTS`. Errors: `EngineFailed`."""
        ...


class HostilityJudge:
    """A `Classifier` over one network.

    Texts are run one at a time, never padded together: the int8 network scales each input by its own range, so in a
    padded batch a judgement would depend on its neighbours, and a live call would differ from its recording. A batch
    gains nothing on one thread (see docs/evaluation.md).
    """

    def __init__(self, name: str, encoder: Encoder, network: Network, calibration: Calibration) -> None:
        self.name = name
        self.calibration = calibration
        self._encoder = encoder
        self._network = network

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        """One judgement a text, in order. Errors: `EngineFailed`."""
        return [self._judge(text) for text in texts]

    def logits(self, text: Text) -> Logits | None:
        """(windows, 41) float32, None when `text` holds no words: for calibration and evaluation."""
        parts = windows(normalise(text.text))
        return self._run(parts, text) if parts else None

    def _judge(self, text: Text) -> Judgement:
        words = normalise(text.text)
        if not is_english(text.text, words):
            return abstention("other_language")
        if not words:
            return abstention("empty")
        logits = self._run(windows(words), text)
        if text.before and len(words.split()) <= SHORT_WORDS:
            alone = self._run(windows(words), replace(text, before=None))
            logits = np.concatenate((alone[:, :CUES_AT], logits[:, CUES_AT:]), axis=1)
        return decide(logits, self.calibration, agent=text.speaker == "agent", confidence=text.confidence)

    def _run(self, parts: list[str], text: Text) -> Logits:
        return np.stack([self._network.logits(self._encoder.encode(part, text)) for part in parts])
