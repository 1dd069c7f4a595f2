"""The network that tells what callers ask for: the MiniLM encoder under two heads, and what it learns from.

In: calls. Out: a trained `AskEncoder`, and its int8 form. About a minute a pass over 600 calls on two cores.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from assistant.signals.hostility.encode import Encoder
from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.normalise import normalise
from scripts.asks.calls import AskCall
from scripts.hostility.export import BertGraph, write_int8
from scripts.hostility.network import mean_of, new_network
from scripts.hostility.training import padded

CALLS_A_STEP = 12
LR, HEAD_LR = 6e-5, 5e-4
_TEMPERATURE = 0.07
_OTHER_CALL = 0.1
"""What a pair of asks of two calls weighs beside a pair of one call, of which there are a tenth as many."""
_NOTHING = -1


class AskEncoder(torch.nn.Module):
    """(n, t) ids -> the log odds of an ask, (n,), and what it means, (n, h), of length 1."""

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
        self.scale = torch.nn.Parameter(torch.tensor([10.0, -5.0]))
        """Log odds that two asks are the same: the product of their meanings times the first, and the second."""

    def forward(self, ids: torch.Tensor, segments: torch.Tensor, attended: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.bert(input_ids=ids, token_type_ids=segments, attention_mask=attended).last_hidden_state
        whole = functional.dropout(mean_of(hidden, attended), 0.1, self.training)
        return self.ask(whole).squeeze(1), functional.normalize(self.meaning(whole), dim=1)


def train(network: AskEncoder, calls: Sequence[AskCall], encoder: Encoder, passes: int, seed: int, tick: Callable[[float], None]) -> None:
    """Trains in place; `tick` is told the loss of each step. The order follows from `seed` alone."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    order = list(calls)
    steps = passes * (len(order) // CALLS_A_STEP)
    optimiser = torch.optim.AdamW(
        [
            {"params": [p for p in network.bert.parameters() if p.requires_grad], "lr": LR},
            {"params": [*network.ask.parameters(), *network.meaning.parameters()], "lr": HEAD_LR},
            {"params": [network.scale], "lr": 10 * HEAD_LR},
        ],
        weight_decay=0.01,
    )
    warm_up = max(1, steps // 10)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / warm_up) * max(0.0, 1.0 - step / steps))
    network.train()
    for _ in range(passes):
        rng.shuffle(order)
        for at in range(0, len(order) - CALLS_A_STEP + 1, CALLS_A_STEP):
            loss = _loss(network, order[at : at + CALLS_A_STEP], encoder)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            rate.step()
            optimiser.zero_grad(set_to_none=True)
            tick(loss.item())
    network.eval()


def _loss(network: AskEncoder, calls: Sequence[AskCall], encoder: Encoder) -> torch.Tensor:
    """Whether each line asks, whether each two lines ask the same, and that the same lie nearest, of `calls` together."""
    lines = [(call, line) for call in calls for line in call.lines]
    encoded = [encoder.encode(words, Text(words)) for words in (normalise(line.text) for _, line in lines)]
    ask, meaning = network(*padded(encoded))
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
    return told + 2.0 * alike + 0.5 * nearest


def export(network: AskEncoder, folder: Path) -> None:
    """Writes `model_int8.onnx`: outputs `ask` (1, 1) and `meaning` (1, h), of length 1."""
    graph = BertGraph(network.state_dict(), network.bert.config)
    graph.add("ReduceMean", [graph.encoder()], ["mean"], axes=[1], keepdims=0)
    graph.dense_head("ask", "mean", "ask", "ask")
    graph.dense_head("meaning", "mean", "meaning", "long_meaning")
    graph.add("LpNormalization", ["long_meaning"], ["meaning"], axis=1, p=2, name="unit_meaning")
    write_int8(graph.model("asks", {"ask": 1, "meaning": network.bert.config.hidden_size}), folder)
