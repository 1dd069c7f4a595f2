"""The training loop: batches of like length, bf16 where the processor has it, checkpoints that a cut-off run goes on
from.

In: encoded examples and a network. Out: the trained network. The order of the batches follows from the seed alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from assistant.signals.hostility.encode import Encoded, Encoder
from scripts.hostility.examples import Example, label_arrays
from scripts.hostility.network import masked_loss

_POOL = 40
_HEADS = ("classifier", "pieces", "bert.pooler")


@dataclass(frozen=True)
class Plan:
    """How to train. `lr` of the encoder; the heads learn `head_times` as fast. Steps between checkpoints:
    `save_every`."""

    batch: int = 32
    lr: float = 8e-5
    head_times: float = 8.0
    warm_up: float = 0.06
    weight_decay: float = 0.01
    seed: int = 20261122
    save_every: int = 400
    threads: int = 2


def batches(lengths: Sequence[int], size: int, seed: int) -> list[list[int]]:
    """Shuffled batches of `size` indices, alike in length inside each, so that little is padding."""
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    found: list[list[int]] = []
    for start in range(0, len(order), size * _POOL):
        pool = sorted(order[start : start + size * _POOL], key=lengths.__getitem__)
        found += [pool[at : at + size] for at in range(0, len(pool), size)]
    rng.shuffle(found)
    return found


def train(network: Any, examples: Sequence[Example], encoder: Encoder, plan: Plan, checkpoint: Path) -> Any:
    """Trains `network` in place over `examples` once. Goes on from `checkpoint` when it is of the same run."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    encoded = [encoder.encode(e.text.text, e.text) for e in examples]
    labels, levels, targets = (torch.from_numpy(a) for a in label_arrays(examples))
    weights = torch.tensor([e.weight for e in examples])
    order = batches([len(e.ids) for e in encoded], plan.batch, plan.seed)
    optimiser = _optimiser(network, plan)
    rate = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step / len(order), plan.warm_up))
    first = _resume(checkpoint, network, optimiser, rate, len(order))
    network.train()
    bf16 = bf16_works()
    with loss_progress() as progress:
        task = progress.add_task("training", total=len(order), completed=first, loss=float("nan"))
        mean = float("nan")
        for step in range(first, len(order)):
            at = torch.tensor(order[step])
            ids, segments, attended = padded([encoded[i] for i in order[step]])
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = network(input_ids=ids, token_type_ids=segments, attention_mask=attended)
            loss = masked_loss(logits.float(), labels[at], levels[at], targets[at], weights[at])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            rate.step()
            optimiser.zero_grad(set_to_none=True)
            mean = loss.item() if mean != mean else 0.98 * mean + 0.02 * loss.item()
            progress.update(task, advance=1, loss=mean)
            if not progress.console.is_terminal and (step + 1) % 100 == 0:
                print(f"step {step + 1} of {len(order)}, loss {mean:.4f}", flush=True)
            if (step + 1) % plan.save_every == 0:
                _save(checkpoint, network, optimiser, rate, step + 1, len(order))
    return network.eval()


def padded(items: Sequence[Encoded]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(n, t) ids, segments and attention, int64."""
    longest = max(len(item.ids) for item in items)
    ids, segments, attended = (np.zeros((len(items), longest), dtype=np.int64) for _ in range(3))
    for row, item in enumerate(items):
        ids[row, : len(item.ids)] = item.ids
        segments[row, : len(item.ids)] = item.segments
        attended[row, : len(item.ids)] = 1
    return torch.from_numpy(ids), torch.from_numpy(segments), torch.from_numpy(attended)


def bf16_works() -> bool:
    """Whether the processor multiplies bf16 itself; emulated, it is slower than fp32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _optimiser(network: Any, plan: Plan) -> torch.optim.Optimizer:
    encoder = [p for name, p in network.named_parameters() if p.requires_grad and not name.startswith(_HEADS)]
    heads = [p for name, p in network.named_parameters() if name.startswith(_HEADS)]
    groups = [{"params": encoder, "lr": plan.lr}, {"params": heads, "lr": plan.lr * plan.head_times}]
    return torch.optim.AdamW(groups, weight_decay=plan.weight_decay, fused=True)


def _rate(done: float, warm_up: float) -> float:
    return done / warm_up if done < warm_up else max(0.0, (1.0 - done) / (1.0 - warm_up))


def _save(file: Path, network: Any, optimiser: Any, rate: Any, step: int, steps: int) -> None:
    state = {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "rate": rate.state_dict(),
        "step": step,
        "steps": steps,
        "random": torch.get_rng_state(),
    }
    part = file.with_suffix(".part")
    torch.save(state, part)
    part.replace(file)


def _resume(file: Path, network: Any, optimiser: Any, rate: Any, steps: int) -> int:
    if not file.is_file():
        return 0
    state = torch.load(file, weights_only=True)
    if state["steps"] != steps:
        return 0
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    rate.load_state_dict(state["rate"])
    torch.set_rng_state(state["random"])
    return int(state["step"])


def loss_progress() -> Progress:
    """A bar whose tasks have a field `loss`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}"),
        TimeRemainingColumn(),
        refresh_per_second=0.5,
    )
