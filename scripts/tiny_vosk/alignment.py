"""Phone times for the voices that do not tell theirs: the best path through a sentence's phones, silence allowed between words."""

import dataclasses

import numpy as np
import numpy.typing as npt
import torch

from tiny_vosk.features import Example, Labels
from tiny_vosk.network import LEFT, RIGHT, SUBSAMPLING, Checkpoint
from tiny_vosk.phones import PHONE_INDEX, pronunciations

IMPOSSIBLE = -1e30
PRIOR_FREE_SCALE = 0.7
DROPPED_PERCENT = 4.0
"""The worst-scoring sentences carry no labels: the voice said something else than the dictionary."""


@dataclasses.dataclass(slots=True)
class SentenceGraph:
    """States of a sentence: two for each phone (entering, staying). `before` `(states, most) int`, -1 where none."""

    densities: npt.NDArray[np.int64]
    before: npt.NDArray[np.int64]
    phones: npt.NDArray[np.int64]
    instances: npt.NDArray[np.int64]
    first: list[int]
    last: list[int]


def sentence_graph(words: list[str]) -> SentenceGraph | None:
    """The graph of a sentence, or None where a word has no pronunciation."""
    densities: list[int] = []
    before: list[list[int]] = []
    numbers: list[int] = []
    first: list[int] = []

    def add(phone: int, entries: list[int], may_start: bool) -> list[int]:
        state = len(densities)
        densities.extend((2 * phone, 2 * phone + 1))
        before.extend((list(entries), [state, state + 1]))
        numbers.extend((phone, phone))
        if may_start:
            first.append(state)
        return [state, state + 1]

    exits = add(0, [], True)
    may_start = True
    for word in words:
        said = pronunciations(word)
        if not said:
            return None
        ends: list[int] = []
        for phones in said:
            entries, starting = exits, may_start
            for phone in phones:
                entries, starting = add(1 + PHONE_INDEX[phone], entries, starting), False
            ends += entries
        may_start = False
        exits = ends + add(0, ends, False)
    table = np.full((len(before), max(len(row) for row in before)), -1)
    for state, row in enumerate(before):
        table[state, : len(row)] = row
    instances = 1 + np.arange(len(densities)) // 2
    return SentenceGraph(np.array(densities), table, np.array(numbers), instances, first, exits)


def best_path(scores: npt.NDArray[np.floating], graph: SentenceGraph) -> tuple[npt.NDArray[np.int64], float] | None:
    """(state of each frame, mean score a frame) for `(frames, densities)` log scores; None where no path fits."""
    emitted = scores[:, graph.densities]
    states = len(graph.densities)
    value = np.full(states + 1, IMPOSSIBLE)  # the last one stands for "none before" (index -1)
    value[graph.first] = emitted[0, graph.first]
    back = np.zeros((len(scores), states), np.int64)
    rows = np.arange(states)
    for frame in range(1, len(scores)):
        reached = value[graph.before]
        choice = reached.argmax(axis=1)
        back[frame] = graph.before[rows, choice]
        value[:states] = reached[rows, choice] + emitted[frame]
    state = graph.last[int(np.argmax(value[graph.last]))]
    mean = float(value[state]) / len(scores)
    if value[state] < IMPOSSIBLE / 1e10:
        return None
    path = np.zeros(len(scores), np.int64)
    path[-1] = state
    for frame in range(len(scores) - 1, 0, -1):
        state = int(back[frame, state])
        path[frame - 1] = state
    return path, mean


def align(checkpoint: Checkpoint, examples: list[Example]) -> int:
    """Label, in place, the examples that have no labels; returns how many got them."""
    network = checkpoint.network.eval()
    log_prior = np.log(checkpoint.prior)
    aligned: list[tuple[float, Example]] = []
    for item in examples:
        graph = sentence_graph(item.words) if item.labels is None else None
        if graph is None:
            continue
        total = len(item.features)
        frames = (total - 1) // SUBSAMPLING + 1
        index = np.clip(np.arange(-LEFT, frames * SUBSAMPLING - 2 + RIGHT), 0, total - 1)
        with torch.inference_mode():
            logits = network(torch.from_numpy(item.features.astype(np.float32)[index])[None])[0]
            scores = torch.log_softmax(logits, -1).numpy() - log_prior
        found = best_path(PRIOR_FREE_SCALE * scores, graph)
        if found is None:
            continue
        path, mean = found
        at = path[np.minimum((np.arange(total) + 1) // SUBSAMPLING, frames - 1)]
        item.labels = Labels(graph.phones[at].astype(np.int16), graph.instances[at].astype(np.int16))
        aligned.append((mean, item))
    if aligned:
        threshold = np.percentile([mean for mean, _ in aligned], DROPPED_PERCENT)
        for mean, item in aligned:
            if mean < threshold:
                item.labels = None
    return sum(item.labels is not None for _, item in aligned)
