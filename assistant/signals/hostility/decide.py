"""From logits to a `Judgement`: calibration, the threshold, the recogniser's doubt.

In: (windows, 41) float logits in the order of `OUTPUTS`. Out: one `Judgement`. Pure numpy.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelLoadError
from assistant.signals.cues.kinds import CUES
from assistant.signals.hostility.labels import CUES_AT, LABELS, TARGETS, Judgement

ABUSE_LABELS = ("insult", "threat", "identity_attack", "sexual")
SURE_CONFIDENCE = 0.8
"""At this mean word confidence and above, `p_abuse` stands as it is; below, it shrinks in proportion (0.4 halves
it)."""

_N_LABELS = len(LABELS)
_LEVEL_AT = slice(_N_LABELS, _N_LABELS + 4)
_TARGET_AT = slice(_N_LABELS + 4, _N_LABELS + 4 + len(TARGETS))
_ABUSE_AT = [LABELS.index(name) for name in ABUSE_LABELS]
_INDEPENDENT = [*range(_N_LABELS), *range(CUES_AT, CUES_AT + len(CUES))]

Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Calibration:
    """Fitted on the dev splits; kept beside the weights as `calibration.json`.

    `labels`: for each label (scale, shift) of its logit. `abuse`: weights of (log-odds of level 3, largest logit among
    `ABUSE_LABELS`, 1), whose sigmoid is `p_abuse`. `threshold`: `abuse` is claimed from here on, (0, 1]. `cues`: for each
    cue (scale, shift) of its logit, shifted so that 0.5 is the score from which the cue stands.
    """

    labels: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict.fromkeys(LABELS, (1.0, 0.0)))
    abuse: tuple[float, float, float] = (1.0, 0.0, 0.0)
    threshold: float = 0.5
    cues: Mapping[str, tuple[float, float]] = field(default_factory=lambda: dict.fromkeys(CUES, (1.0, 0.0)))

    @cached_property
    def independent(self) -> NDArray[np.float64]:
        """(32, 2): scale and shift of each label and cue, in the order of `_INDEPENDENT`."""
        return np.array([*(self.labels[name] for name in LABELS), *(self.cues[cue] for cue in CUES)])

    @classmethod
    def load(cls, file: Path) -> "Calibration":
        """Errors: `ModelLoadError` when the file is missing or not what `save` writes."""
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            labels = {name: (float(data["labels"][name][0]), float(data["labels"][name][1])) for name in LABELS}
            first, second, bias = (float(x) for x in data["abuse"])
            threshold = float(data["threshold"])
            cues: dict[str, tuple[float, float]] = {
                name: (float(data["cues"][name][0]), float(data["cues"][name][1])) for name in CUES
            }
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise ModelLoadError(f"{file}: no readable calibration ({error!r}); restore the model folder") from error
        if not 0.0 < threshold <= 1.0:
            raise ModelLoadError(f"{file}: threshold {threshold} is outside (0, 1]")
        return cls(labels, (first, second, bias), threshold, cues)

    def save(self, file: Path, notes: Mapping[str, Any]) -> None:
        """Writes JSON; `notes` says what it was chosen on and is not read back."""
        data = {
            "threshold": self.threshold,
            "abuse": list(self.abuse),
            "labels": {name: list(pair) for name, pair in self.labels.items()},
            "cues": {name: list(pair) for name, pair in self.cues.items()},
            "notes": dict(notes),
        }
        file.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def abuse_features(logits: Logits) -> NDArray[np.float64]:
    """(n, 41) logits -> (n, 2): log-odds of level 3, largest logit among `ABUSE_LABELS`."""
    z = logits.astype(np.float64)
    levels = z[:, _LEVEL_AT]
    rest = np.logaddexp.reduce(levels[:, :3], axis=1)
    return np.stack([levels[:, 3] - rest, z[:, _ABUSE_AT].max(axis=1)], axis=1)


def raw_p_abuse(logits: Logits, calibration: Calibration) -> NDArray[np.float64]:
    """(n, 41) logits -> (n,) calibrated probabilities of level 3, before the recogniser's doubt."""
    first, second, bias = calibration.abuse
    features = abuse_features(logits)
    return sigmoid(first * features[:, 0] + second * features[:, 1] + bias)


def decide(logits: Logits, calibration: Calibration, *, agent: bool = False, confidence: float = 1.0) -> Judgement:
    """One judgement from the (windows, 41) logits of an utterance: the worst window counts.

    An agent is judged for abuse and inflaming phrases alone: `distress` is 0 and level 1 (upset) reads as 0.
    """
    p_window = raw_p_abuse(logits, calibration)
    worst = int(np.argmax(p_window))
    scales, shifts = calibration.independent.T
    each = sigmoid(scales * logits[:, _INDEPENDENT].astype(np.float64) + shifts).max(axis=0).tolist()
    p = dict(zip(LABELS, each, strict=False))
    cues: dict[str, float] = dict(zip(CUES, each[_N_LABELS:], strict=True))
    if agent:
        p["distress"] = 0.0
    p_abuse = float(p_window[worst]) * claim(confidence)
    abuse = p_abuse >= calibration.threshold
    level = 3 if abuse else int(np.argmax(logits[worst, _LEVEL_AT][:3]))
    if agent and level == 1:
        level = 0
    target = TARGETS[int(np.argmax(logits[worst, _TARGET_AT]))]
    return Judgement(p, level, target, p_abuse, abuse, None, cues)


def claim(confidence: float) -> float:
    """The share of `p_abuse` that words heard with this confidence may claim, [0, 1]; NaN counts as unheard."""
    if not confidence > 0.0:
        return 0.0
    return min(1.0, confidence / SURE_CONFIDENCE)


def sigmoid(z: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Log-odds of any shape -> probabilities."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -60.0, 60.0))), dtype=np.float64)
