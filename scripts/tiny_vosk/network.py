"""The acoustic network: a small time-delay network from 40 cepstra at 100 Hz to 80 densities at 33 Hz.

Enters: `(batch, LEFT + 3 * frames - 2 + RIGHT, 40)`. Leaves: `(batch, frames, 80)` logits. libvosk fixes the subsampling at 3.
"""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from torch import nn

from tiny_vosk.phones import NETWORK_PDFS

FEATURES = 40
SUBSAMPLING = 3
LAYER_OFFSETS = ([-2, -1, 0, 1, 2], [-1, 0, 1], [-3, 0, 3], [-3, 0, 3], [-3, 0, 3], [-3, 0, 3], [-6, 0, 6], [0])
"""What each layer sees of the one below it, in 10 ms frames; from the second layer on only every third is computed."""
LEFT = RIGHT = -sum(offsets[0] for offsets in LAYER_OFFSETS)

Matrix = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True, slots=True)
class AffineLayer:
    """`weights` (out, in * len(offsets)), offset-major as Kaldi's Append orders them; `bias` (out,)."""

    weights: Matrix
    bias: Matrix
    offsets: tuple[int, ...] = (0,)
    rectified: bool = False


class AcousticNetwork(nn.Module):
    """Affine, rectifier, batch-norm, eight times; then an affine output."""

    feature_mean: torch.Tensor
    feature_std: torch.Tensor

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.width = width
        sizes = [FEATURES, *[width] * (len(LAYER_OFFSETS) - 1)]
        self.affines = nn.ModuleList(
            nn.Linear(size * len(offsets), width) for size, offsets in zip(sizes, LAYER_OFFSETS, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for _ in LAYER_OFFSETS)
        self.output = nn.Linear(width, NETWORK_PDFS)
        self.register_buffer("feature_mean", torch.zeros(FEATURES))
        self.register_buffer("feature_std", torch.ones(FEATURES))

    def _layer(self, k: int, spliced: torch.Tensor) -> torch.Tensor:
        active = F.relu(self.affines[k](spliced))
        batch, frames, width = active.shape
        normed: torch.Tensor = self.norms[k](active.reshape(batch * frames, width).float())
        return normed.reshape(batch, frames, width)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits, `(batch, frames, 80)`."""
        hidden = (features - self.feature_mean) / self.feature_std
        frames = hidden.shape[1] - 4
        hidden = self._layer(0, torch.cat([hidden[:, k : k + frames] for k in range(5)], 2))
        frames = (hidden.shape[1] - SUBSAMPLING) // SUBSAMPLING + 1
        hidden = self._layer(1, hidden[:, : SUBSAMPLING * frames].reshape(hidden.shape[0], frames, -1))
        for k, offsets in enumerate(LAYER_OFFSETS[2:], start=2):
            step = offsets[-1] // SUBSAMPLING
            frames = hidden.shape[1] - 2 * step
            parts = [hidden[:, n * step : n * step + frames] for n in range(len(offsets))]
            hidden = self._layer(k, torch.cat(parts, 2))
        logits: torch.Tensor = self.output(hidden)
        return logits

    def folded(self) -> list[AffineLayer]:
        """The layers with feature normalisation and batch-norm folded into the affines that follow them."""
        layers: list[AffineLayer] = []
        gain = (1 / self.feature_std).double()
        shift = -self.feature_mean.double() * gain
        rows = [(affine, offsets, True) for affine, offsets in zip(self.affines, LAYER_OFFSETS, strict=True)]
        for k, (affine, offsets, rectified) in enumerate([*rows, (self.output, [0], False)]):
            assert isinstance(affine, nn.Linear)
            weights, bias = affine.weight.detach().double(), affine.bias.detach().double()
            bias = bias + weights @ shift.repeat(len(offsets))
            weights = weights * gain.repeat(len(offsets))
            layers.append(AffineLayer(weights.float().numpy(), bias.float().numpy(), tuple(offsets), rectified))
            if rectified:
                norm = self.norms[k]
                assert isinstance(norm, nn.BatchNorm1d)
                assert norm.running_var is not None
                assert norm.running_mean is not None
                gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double()
                shift = norm.bias.detach().double() - norm.running_mean.double() * gain
        return layers


@dataclasses.dataclass(slots=True)
class Checkpoint:
    """A trained network, the prior of its densities `(80,)`, and whether it was trained on whole sequences."""

    network: AcousticNetwork
    prior: npt.NDArray[np.float64]
    sequence_trained: bool = False

    def save(self, path: Path) -> None:
        """Write it for `load`."""
        state: dict[str, Any] = {
            "weights": self.network.state_dict(),
            "width": self.network.width,
            "prior": torch.from_numpy(self.prior),
            "sequence_trained": self.sequence_trained,
        }
        torch.save(state, path)


def load(path: Path) -> Checkpoint:
    """Read a checkpoint; the network is in evaluation mode."""
    state = torch.load(path, weights_only=True)
    network = AcousticNetwork(state["width"])
    network.load_state_dict(state["weights"])
    return Checkpoint(network.eval(), state["prior"].numpy(), state["sequence_trained"])
