"""Any transformers checkpoint folder through torch (the extra `torch`).

In: token ids (n,). Out: (41,) float32 logits. About 14 ms at 24 tokens on one thread.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import EngineFailed, ModelLoadError
from assistant.signals.cues.kinds import CUES
from assistant.signals.hostility.decide import Logits
from assistant.signals.hostility.encode import Encoded
from assistant.signals.hostility.labels import LABELS, OUTPUTS, TARGETS

_ALIASES = {
    "insult": ("insult", "insults", "offensive"),
    "threat": ("threat", "threats", "violence"),
    "profanity": ("profanity", "obscene", "profane"),
    "identity_attack": ("identity_attack", "identity_hate", "hate", "hateful", "identity_based_attack"),
    "sexual": ("sexual", "sexual_explicit", "sexually_explicit"),
    "hostile": ("hostile", "toxic", "toxicity"),
    "distress": ("distress", "self_harm", "suicide"),
}
_UNKNOWN_LOGIT = -8.0
POOLING = "mean and pieces"
"""How `config.json` of a network of ours says that it is read."""


class TorchNetwork:
    """`config.json` + `model.safetensors` of a sequence classifier.

    A checkpoint of ours has all of `OUTPUTS` in `id2label`. Another's labels are taken by name (`toxic`, `obscene`,
    `identity_hate` and their like); a label it lacks counts as absent, and level and target follow from the labels it
    has. Errors: `ModelLoadError` when torch is not installed, the folder is broken, or no label is known.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        try:
            import torch
            from transformers import AutoModelForSequenceClassification
            from transformers.utils import logging
        except ImportError as error:
            raise ModelLoadError(f"{folder}: needs torch and transformers: pip install 'calmline[torch]'") from error
        torch.set_num_threads(threads)
        # It would report the weights of our single pieces as unexpected, which are read below.
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self._torch: Any = torch
        try:
            model: Any = AutoModelForSequenceClassification.from_pretrained(
                str(folder), local_files_only=True, dtype=torch.float32
            )
        except Exception as error:  # broken JSON, tensors of the wrong shape, missing keys: each its own class
            raise ModelLoadError(
                f"{folder}: transformers cannot load it ({error}); restore config.json and model.safetensors"
            ) from error
        self._model = model.eval()
        names = [
            str(model.config.id2label[i]).lower().replace("-", "_").replace(" ", "_")
            for i in range(model.config.num_labels)
        ]
        self._ours = [names.index(name) for name in OUTPUTS] if set(OUTPUTS) <= set(names) else None
        self._one_of = model.config.problem_type == "single_label_classification"
        self._columns = {name: [i for i, n in enumerate(names) if n in known] for name, known in _ALIASES.items()}
        self._pieces = self._piece_head(folder) if self._ours is not None else None
        self._segments = int(getattr(model.config, "type_vocab_size", 0) or 0) > 1
        if self._ours is None and not any(self._columns.values()):
            raise ModelLoadError(
                f"{folder}: none of its labels is known ({', '.join(names[:8])}); name them in id2label"
            )

    @property
    def is_ours(self) -> bool:
        """Whether the checkpoint has every output of ours."""
        return self._ours is not None

    def logits(self, encoded: Encoded) -> Logits:
        """(41,) float32. Errors: `EngineFailed`."""
        torch = self._torch
        feeds = {
            "input_ids": torch.tensor([encoded.ids]),
            "attention_mask": torch.ones(1, len(encoded.ids), dtype=torch.int64),
        }
        if self._segments:
            feeds["token_type_ids"] = torch.tensor([encoded.segments])
        try:
            with torch.inference_mode():
                raw = self._model(**feeds).logits[0] if self._pieces is None else self._pooled(feeds, *self._pieces)
                if self._ours is None and self._one_of:
                    p = torch.softmax(raw, dim=-1).clamp(1e-4, 1 - 1e-4)
                    raw = torch.log(p) - torch.log1p(-p)
                values = np.asarray(raw.float().numpy(), dtype=np.float32)
        except Exception as error:
            raise EngineFailed(f"the hostility network failed: {type(error).__name__}") from error
        return values[self._ours] if self._ours is not None else self._spread(values)

    def _piece_head(self, folder: Path) -> tuple[Any, Any]:
        """(41, 384) and (41,): what one piece says, which transformers does not know of."""
        from safetensors.torch import load_file

        if getattr(self._model.config, "pooling", None) != POOLING:
            raise ModelLoadError(f"{folder}: config.json does not say how its pieces are read; use weights of this version")
        tensors = load_file(folder / "model.safetensors")
        try:
            return tensors["pieces.weight"].float(), tensors["pieces.bias"].float()
        except KeyError as error:
            raise ModelLoadError(f"{folder}: model.safetensors lacks {error}; restore it") from error

    def _pooled(self, feeds: dict[str, Any], weight: Any, bias: Any) -> Any:
        """(41,): ours reads the mean of all pieces and what single pieces say; there is no padding to leave out."""
        torch = self._torch
        hidden = self._model.bert(**feeds).last_hidden_state[0]
        whole = self._model.classifier(torch.tanh(self._model.bert.pooler.dense(hidden.mean(dim=0))))
        part = torch.logsumexp(hidden @ weight.T + bias, dim=0) - math.log(len(hidden))
        return whole + part

    def _spread(self, values: Logits) -> Logits:
        """A foreign checkpoint's labels in our order; level 3 when any of its abuse labels holds, else 2 when it is
        hostile; no cues."""
        z = {name: float(values[cols].max()) if cols else _UNKNOWN_LOGIT for name, cols in self._columns.items()}
        worst = max(z[name] for name in ("insult", "threat", "identity_attack", "sexual"))
        if worst == _UNKNOWN_LOGIT:
            worst = z["hostile"]
        levels = [0.0, _UNKNOWN_LOGIT, z["hostile"], worst]
        targets = [
            max(worst, z["hostile"]) if name == "person" else (0.0 if name == "none" else _UNKNOWN_LOGIT)
            for name in TARGETS
        ]
        absent = [_UNKNOWN_LOGIT] * len(CUES)
        return np.array([*(z[name] for name in LABELS), *levels, *targets, *absent], dtype=np.float32)
