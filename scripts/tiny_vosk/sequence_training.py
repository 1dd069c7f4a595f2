"""Sequence training: the aligned path against all phone strings (lattice-free MMI with a hard numerator).

Enters: labelled examples, a frame-trained checkpoint, sentences. Leaves: a checkpoint whose logits are used as they are. After
D. Povey et al., "Purely sequence-trained neural networks for ASR based on lattice-free MMI" (2016).
"""

import random
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)

from tiny_vosk.features import Example
from tiny_vosk.network import Checkpoint
from tiny_vosk.phones import NETWORK_PDFS, PHONE_INDEX, PHONES, pronunciations
from tiny_vosk.training import PIECE_FRAMES, Batches, learning_rate

PRIOR_WEIGHT, START_SCALE = 0.7, 0.6
FRAME_LOSS_WEIGHT, LOGIT_DECAY = 0.2, 2e-4
P_SILENCE_BETWEEN_WORDS = 0.2
P_ENTER, P_STAY = 0.35, 0.65


def phone_trigrams(sentences: Iterable[list[str]], seed: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """(p(third | first, second) `(40, 40, 40)`, p(first, second) `(40, 40)`); 0 is silence. Witten-Bell smoothed."""
    rng = random.Random(seed)
    kinds = 1 + len(PHONES)
    triples = np.zeros((kinds, kinds, kinds))
    for words in sentences:
        line = [0, 0]
        for word in words:
            if said := pronunciations(word):
                line += [1 + PHONE_INDEX[phone] for phone in rng.choice(said)]
                if rng.random() < P_SILENCE_BETWEEN_WORDS:
                    line.append(0)
        line.append(0)
        for first, second, third in zip(line, line[1:], line[2:], strict=False):
            triples[first, second, third] += 1
    pairs = triples.sum(0)
    singles = (pairs.sum(0) + 1) / (pairs.sum(0) + 1).sum()

    def smoothed(counts: npt.NDArray[np.float64], lower: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        total = counts.sum(-1, keepdims=True)
        distinct = (counts > 0).sum(-1, keepdims=True)
        return np.where(total > 0, (counts + distinct * lower) / np.maximum(total + distinct, 1e-9), lower)

    conditional = smoothed(triples, smoothed(pairs, singles[None])[None])
    return torch.tensor(conditional, dtype=torch.float32), torch.tensor(pairs / pairs.sum(), dtype=torch.float32)


def log_all_paths(logits: torch.Tensor, trigrams: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    """Log of the summed scores of every phone string, `(batch,)`, for `(batch, frames, 80)`; each frame rescaled to one."""
    batch, frames, _ = logits.shape
    highest = logits.max(-1, keepdim=True).values
    scores = torch.exp(logits - highest)
    enter, stay = scores[..., 0::2], scores[..., 1::2]
    by_second = trigrams.permute(1, 0, 2).contiguous()
    entered = (pairs * P_ENTER)[None] * enter[:, 0, None, :]
    stayed = (pairs * P_STAY)[None] * stay[:, 0, None, :]
    total = torch.zeros(batch)
    for frame in range(frames):
        if frame:
            both = entered + stayed
            entered = torch.bmm(both.permute(2, 0, 1), by_second).permute(1, 0, 2) * enter[:, frame, None, :]
            stayed = both * stay[:, frame, None, :]
        mass = (entered + stayed).sum((1, 2))
        total = total + torch.log(mass)
        scale = (1 / mass)[:, None, None]
        entered, stayed = entered * scale, stayed * scale
    return total + highest.sum((1, 2))


def sequence_train(
    examples: list[Example], start: Checkpoint, sentences: Iterable[list[str]], steps: int = 500, peak: float = 5e-4
) -> Checkpoint:
    """`start` trained on whole pieces; its network is changed in place."""
    trigrams, pairs = phone_trigrams(sentences)
    batches = Batches(examples)
    rng = np.random.default_rng(1)
    network = start.network.train()
    log_prior = torch.tensor(np.log(start.prior)).float()
    if not start.sequence_trained:
        with torch.no_grad():
            network.output.bias.sub_(PRIOR_WEIGHT * log_prior).mul_(START_SCALE)
            network.output.weight.mul_(START_SCALE)
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-4)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps, peak, warm_up=30, floor=0.03)
        features, wanted = batches.draw(rng, 48)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(features)
        logits = logits.float()
        aligned = logits.gather(2, wanted[..., None]).sum((1, 2))
        sequence_loss = (log_all_paths(logits, trigrams, pairs) - aligned).mean() / PIECE_FRAMES
        posterior = logits / START_SCALE + PRIOR_WEIGHT * log_prior
        frame_loss = F.cross_entropy(posterior.reshape(-1, NETWORK_PDFS), wanted.reshape(-1))
        loss = sequence_loss + FRAME_LOSS_WEIGHT * frame_loss + LOGIT_DECAY * (logits**2).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
        optimiser.step()
        if step % 50 == 49:
            print(f"step {step + 1}: sequence loss {sequence_loss.item():.4f} a frame", flush=True)
    return Checkpoint(network.eval(), start.prior, sequence_trained=True)
