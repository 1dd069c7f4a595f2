"""The network that tells what callers ask for: the MiniLM encoder under three heads, and what it learns from.

In: calls. Out: a trained `AskEncoder`, and its int8 form. About four minutes a pass over 1,450 calls on two cores.
"""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from assistant.signals.hostility.encode import Encoded, Encoder
from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.normalise import normalise
from scripts.asks.calls import AskCall
from scripts.hostility.export import BertGraph, write_int8
from scripts.hostility.network import mean_of, new_network
from scripts.hostility.training import bf16_works, padded

CALLS_A_STEP = 12
PAIRS_A_STEP = 128
"""So many pairs of asks of a call are read side by side: of those that ask the same half, of the others the nearest and some by chance."""
ROWS = 40
"""So many are read at once."""
LR, HEAD_LR = 6e-5, 5e-4
_TEMPERATURE = 0.07
_OTHER_CALL = 0.1
"""What a pair of asks of two calls weighs beside a pair of one call, of which there are a tenth as many."""
_NOTHING = -1


class AskEncoder(torch.nn.Module):
    """(n, t) ids -> the log odds of an ask, (n,); what it means, (n, h), of length 1; and, where two asks stand side by side, the log odds
    that they are the same, (n,)."""

    def __init__(self, rows: list[int]) -> None:
        super().__init__()
        judge = new_network(rows)
        self.bert: Any = judge.bert
        size = judge.config.hidden_size
        self.ask = torch.nn.Linear(size, 1)
        self.meaning = torch.nn.Linear(size, size)
        with torch.no_grad():
            self.meaning.weight.copy_(torch.eye(size))
            self.meaning.bias.zero_()
        self.beside = torch.nn.Linear(size, size)
        self.same = torch.nn.Linear(size, 1)
        self.scale = torch.nn.Parameter(torch.tensor([10.0, -5.0]))
        """Log odds that two asks are the same: the product of their meanings times the first, and the second."""

    def forward(self, ids: torch.Tensor, segments: torch.Tensor, attended: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training and bf16_works()):
            hidden = self.bert(input_ids=ids, token_type_ids=segments, attention_mask=attended).last_hidden_state
        whole = functional.dropout(mean_of(hidden.float(), attended), 0.1, self.training)
        same = self.same(functional.dropout(torch.tanh(self.beside(whole)), 0.1, self.training))
        return self.ask(whole).squeeze(1), functional.normalize(self.meaning(whole), dim=1), same.squeeze(1)


def train(network: AskEncoder, calls: Sequence[AskCall], encoder: Encoder, passes: int, seed: int) -> Iterator[float]:
    """Trains in place, to be run to its end; the loss of each step. The order follows from `seed` alone."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    order = list(calls)
    steps = passes * (len(order) // CALLS_A_STEP)
    heads = (network.ask, network.meaning, network.beside, network.same)
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in network.bert.parameters() if p.requires_grad], "lr": LR},
            {"params": [p for head in heads for p in head.parameters()], "lr": HEAD_LR},
            {"params": [network.scale], "lr": 10 * HEAD_LR},
        ],
        weight_decay=0.01,
        fused=True,
    )
    warm_up = max(1, steps // 10)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / warm_up) * max(0.0, 1.0 - step / steps))
    network.train()
    for _ in range(passes):
        rng.shuffle(order)
        for at in range(0, len(order) - CALLS_A_STEP + 1, CALLS_A_STEP):
            loss = _loss(network, order[at : at + CALLS_A_STEP], encoder, rng)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            rate.step()
            optimiser.zero_grad(set_to_none=True)
            yield loss.item()
    network.eval()


def _loss(network: AskEncoder, calls: Sequence[AskCall], encoder: Encoder, rng: random.Random) -> torch.Tensor:
    """Whether each line asks, whether each two lines ask the same, by themselves and side by side, and that the same lie nearest, of
    `calls` together."""
    lines = [(call, line) for call in calls for line in call.lines]
    words = [normalise(line.text) for _, line in lines]
    ask, meaning, _ = _outputs(network, [encoder.encode(text, Text(text)) for text in words])
    number = torch.tensor([_NOTHING if line.asks is None else line.asks for _, line in lines])
    call_of = torch.tensor([calls.index(call) for call, _ in lines])
    asks = number != _NOTHING
    both = asks[:, None] & asks[None]
    one_call = call_of[:, None] == call_of[None]
    same = one_call & both & (number[:, None] == number[None])
    product = meaning @ meaning.T

    told = functional.binary_cross_entropy_with_logits(ask, asks.float())
    pairs = functional.binary_cross_entropy_with_logits(network.scale[0] * product + network.scale[1], same.float(), reduction="none")
    weights = torch.triu(both, 1) * torch.where(one_call, 1.0, _OTHER_CALL)
    alike = (pairs * weights).sum() / weights.sum()

    others = ~torch.eye(len(lines), dtype=torch.bool)
    nearness = (product / _TEMPERATURE).masked_fill(~(both & others), -1e4)
    log_share = nearness - torch.logsumexp(nearness, dim=1, keepdim=True)
    twins = same & others
    paired = twins.any(dim=1)
    nearest = -((log_share * twins).sum(dim=1)[paired] / twins.sum(dim=1)[paired]).mean()

    pairs_of = _chosen(torch.triu(one_call & both, 1), same, product.detach(), rng)
    turned = [pair if rng.random() < 0.5 else pair[::-1] for pair in pairs_of]
    _, _, beside = _outputs(network, [encoder.encode_two(words[one], words[other]) for one, other in turned])
    held = torch.stack([same[pair] for pair in pairs_of]).float()
    read = functional.binary_cross_entropy_with_logits(beside, held)
    return told + 2.0 * alike + 0.5 * nearest + 2.0 * read


def _outputs(network: AskEncoder, encoded: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """As `AskEncoder.forward` of all, those of like length together, so that little is padding."""
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at].ids))
    parts = [network(*padded([encoded[at] for at in order[start : start + ROWS]])) for start in range(0, len(order), ROWS)]
    back = torch.tensor(order).argsort()
    ask, meaning, same = (torch.cat(outputs)[back] for outputs in zip(*parts, strict=True))
    return ask, meaning, same


def _chosen(pairs: torch.Tensor, same: torch.Tensor, product: torch.Tensor, rng: random.Random) -> list[tuple[int, int]]:
    """`PAIRS_A_STEP` of the pairs of asks at most."""
    alike = [(int(one), int(other)) for one, other in (pairs & same).nonzero()]
    apart = [(int(one), int(other)) for one, other in (pairs & ~same).nonzero()]
    alike = rng.sample(alike, min(len(alike), PAIRS_A_STEP // 2))
    apart.sort(key=lambda pair: float(product[pair]), reverse=True)
    left = PAIRS_A_STEP - len(alike)
    near, far = apart[: left // 2], apart[left // 2 :]
    return alike + near + rng.sample(far, min(len(far), left - len(near)))


def export(network: AskEncoder, folder: Path) -> None:
    """Writes `model_int8.onnx`: outputs `ask` (1, 1), `meaning` (1, h), of length 1, and `same` (1, 1)."""
    graph = BertGraph(network.state_dict(), network.bert.config)
    graph.add("ReduceMean", [graph.encoder()], ["mean"], axes=[1], keepdims=0)
    graph.dense_head("ask", "mean", "ask", "ask")
    graph.dense_head("meaning", "mean", "meaning", "long_meaning")
    graph.add("LpNormalization", ["long_meaning"], ["meaning"], axis=1, p=2, name="unit_meaning")
    graph.dense_head("beside", "mean", "beside", "long_beside")
    graph.add("Tanh", ["long_beside"], ["beside"])
    graph.dense_head("same", "beside", "same", "same")
    write_int8(graph.model("asks", {"ask": 1, "meaning": network.bert.config.hidden_size, "same": 1}), folder)
