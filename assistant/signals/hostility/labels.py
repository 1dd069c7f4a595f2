"""The words of the judge: what it is asked, what it answers.

In: `Text`, an utterance as a recogniser prints it. Out: `Judgement`. No model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from assistant.signals.cues.kinds import CUES

LABELS = ("insult", "threat", "profanity", "identity_attack", "sexual", "hostile", "distress")
TARGETS = ("person", "situation", "third_person_report", "self", "none")
LEVELS = (0, 1, 2, 3)
OUTPUTS = (*LABELS, *(f"level_{n}" for n in LEVELS), *(f"target_{name}" for name in TARGETS), *CUES)
"""The model's outputs in order, as `id2label` of the checkpoint names them: (41,) logits."""

CUES_AT = OUTPUTS.index(CUES[0])
"""From here on the outputs are cues; before it, they are of hostility."""


@dataclass(frozen=True)
class Text:
    """One utterance to judge.

    `speaker` is a track name; "agent" is read as staff, anything else as a caller. `before` is the utterance before
    this one, on either side; `before_speaker` None means the other side. `confidence` is the recogniser's, [0, 1].
    """

    text: str
    speaker: str = "caller"
    before: str | None = None
    before_speaker: str | None = None
    confidence: float = 1.0


@dataclass(frozen=True)
class Judgement:
    """What is believed of one utterance.

    `p`: a probability in [0, 1] for each of `LABELS`, independent of each other. `level`: 0 ordinary, 1 upset, 2
    hostile, 3 abuse; 3 exactly when `abuse`. `target`: one of `TARGETS`. `p_abuse`: calibrated probability of level 3,
    lowered when the recogniser was unsure. `abuse`: `p_abuse` reaches the threshold chosen for a false-alarm budget.
    When the judge abstains, `level` and `target` are None, every probability is 0, `abuse` is False and `reason` is
    "empty" or "other_language".
    """

    p: dict[str, float]
    level: int | None
    target: str | None
    p_abuse: float
    abuse: bool
    reason: str | None
    cues: dict[str, float] = field(default_factory=dict)
    """How sure each cue of `CUES` is, in [0, 1], of which 0.5 and above stands: calibrated so for each cue. Empty where the
    judge abstains or its network knows no cues."""


class Classifier(Protocol):
    """Judges utterances; safe to call from several threads at once."""

    name: str

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        """One judgement a text, in order. A text's judgement never depends on its neighbours in `texts`."""
        ...


def abstention(reason: str) -> Judgement:
    """The answer where nothing may be claimed."""
    return Judgement(dict.fromkeys(LABELS, 0.0), None, None, 0.0, False, reason)
