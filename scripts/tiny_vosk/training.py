"""Frame-by-frame training of the acoustic network, and the batches that sequence training shares.

Enters: labelled examples. Leaves: a `Checkpoint`. About 2,400 steps of 64 pieces of 1.5 s; bf16 where the processor has it.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)

from tiny_vosk.features import Example
from tiny_vosk.network import LEFT, RIGHT, SUBSAMPLING, AcousticNetwork, Checkpoint
from tiny_vosk.phones import NETWORK_PDFS

PIECE_FRAMES = 50
"""Output frames of a piece (33 Hz)."""


class Batches:
    """All labelled examples end to end, and random pieces of them."""

    def __init__(self, examples: list[Example]) -> None:
        """Raises ValueError where no example has labels."""
        labelled = [(item, item.labels) for item in examples if item.labels is not None]
        if not labelled:
            raise ValueError("no example has labels")
        self.features = np.concatenate([item.features for item, _ in labelled])
        lengths = np.array([len(item.features) for item, _ in labelled])
        self.starts = np.concatenate([[0], np.cumsum(lengths)])
        self.lengths = lengths
        phones = np.concatenate([labels.phones for _, labels in labelled])
        instances = np.concatenate([labels.instances for _, labels in labelled])
        # a frame stays in its phone where the frame before it, 30 ms earlier at the network's rate, lay in the same one
        staying = np.roll(instances, SUBSAMPLING) == instances
        for start in self.starts[:-1]:
            staying[start : start + SUBSAMPLING] = False
        self.densities = (2 * phones + staying).astype(np.int64)

    def draw(self, rng: np.random.Generator, size: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(features `(size, LEFT + 148 + RIGHT, 40)`, densities `(size, 50)`) of `size` random pieces."""
        which = rng.choice(len(self.lengths), size, p=self.lengths / self.lengths.sum())
        room = np.maximum(1, self.lengths[which] - PIECE_FRAMES * SUBSAMPLING)
        first = self.starts[which]
        last = self.starts[which + 1] - 1
        begin = first + (rng.random(size) * room).astype(int)
        span = np.arange(-LEFT, PIECE_FRAMES * SUBSAMPLING - 2 + RIGHT)
        index = np.clip(begin[:, None] + span, first[:, None], last[:, None])
        wanted = np.minimum(begin[:, None] + SUBSAMPLING * np.arange(PIECE_FRAMES), last[:, None])
        return torch.from_numpy(self.features[index].astype(np.float32)), torch.from_numpy(self.densities[wanted])

    def prior(self) -> npt.NDArray[np.float64]:
        """Share of the frames of each density, `(80,)`, sums to one."""
        counts = np.bincount(self.densities, minlength=NETWORK_PDFS) + 10.0
        return np.asarray(counts / counts.sum())


def learning_rate(step: int, steps: int, peak: float, warm_up: int, floor: float) -> float:
    """Linear warm-up, then half a cosine down to `floor` times the peak."""
    return peak * min(1.0, (step + 1) / warm_up) * (0.5 * (1 + math.cos(math.pi * step / steps)) * (1 - floor) + floor)


def train(examples: list[Example], steps: int, start: Checkpoint | None = None, width: int = 256, peak: float = 2e-3) -> Checkpoint:
    """Cross-entropy training from `start`, or from nothing with `width` units a layer."""
    batches = Batches(examples)
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    if start is not None:
        network = start.network
    else:
        network = AcousticNetwork(width)
        sample = batches.features[rng.integers(len(batches.features), size=200_000)].astype(np.float32)
        network.feature_mean.copy_(torch.from_numpy(sample.mean(axis=0)))
        network.feature_std.copy_(torch.from_numpy(sample.std(axis=0)))
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-4)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps, peak, warm_up=100, floor=0.02)
        features, wanted = batches.draw(rng, 64)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(features)
        loss = F.cross_entropy(logits.float().reshape(-1, NETWORK_PDFS), wanted.reshape(-1))
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        if step % 200 == 199:
            print(f"step {step + 1}: cross-entropy {loss.item():.3f}", flush=True)
    return Checkpoint(network.eval(), batches.prior())
