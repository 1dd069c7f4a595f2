"""A pruned Witten-Bell trigram model, written as a backoff acceptor.

Enters: sentences (lists of words) and the vocabulary. Leaves: `Network`, arcs over word ids with costs -ln p.
Words outside the vocabulary end a sentence piece there: the n-grams across them are not learnt.
"""

import collections
import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping

START, END = "<s>", "</s>"
Gram = tuple[str, ...]
Counts = list[dict[Gram, float]]
"""Counts[n] maps each n-gram of n words to how often it was seen; Counts[0] is empty."""
Model = list[dict[Gram, float]]
"""Model[n] maps each n-gram kept to p(last word | the words before); Model[0] is empty."""


@dataclasses.dataclass(slots=True)
class Network:
    """A weighted transducer: arcs are (source, target, input label, output label, cost); finals are (state, cost)."""

    start: int
    arcs: list[tuple[int, int, int, int, float]]
    finals: list[tuple[int, float]]

    def states(self) -> int:
        """How many states it has."""
        numbers = [self.start, *(arc[0] for arc in self.arcs), *(arc[1] for arc in self.arcs), *(s for s, _ in self.finals)]
        return 1 + max(numbers)


def _pieces(sentence: list[str], vocabulary: set[str]) -> Iterator[list[str]]:
    piece = [START]
    for word in sentence:
        if word in vocabulary:
            piece.append(word)
        else:
            if len(piece) > 1:
                yield piece
            piece = []
    if piece != [START]:
        yield [*piece, END]


def count(sentences: Iterable[list[str]], vocabulary: set[str], order: int) -> Counts:
    """Counts of the n-grams of each length up to `order`; a word never seen counts one half."""
    seen: list[collections.Counter[Gram]] = [collections.Counter() for _ in range(order + 1)]
    for sentence in sentences:
        for piece in _pieces(sentence, vocabulary):
            for n in range(1, order + 1):
                seen[n].update(zip(*(piece[k:] for k in range(n)), strict=False))
    del seen[1][(START,)]
    counts: Counts = [dict(level) for level in seen]
    counts[1].update({(word,): 0.5 for word in vocabulary if (word,) not in counts[1]})
    return counts


def estimate(counts: Counts) -> Model:
    """Interpolated Witten-Bell probabilities of every n-gram counted."""
    total = sum(counts[1].values())
    model: Model = [{}, {gram: value / total for gram, value in counts[1].items()}]
    for n in range(2, len(counts)):
        followers: dict[Gram, float] = collections.defaultdict(float)
        kinds: dict[Gram, int] = collections.defaultdict(int)
        for gram, value in counts[n].items():
            followers[gram[:-1]] += value
            kinds[gram[:-1]] += 1
        level: dict[Gram, float] = {}
        for gram, value in counts[n].items():
            history = gram[:-1]
            level[gram] = (value + kinds[history] * model[n - 1][gram[1:]]) / (followers[history] + kinds[history])
        model.append(level)
    return model


def prune(model: Model, counts: Counts, threshold: float) -> Model:
    """`model` without the n-grams whose loss costs less than `threshold` nats over the training text.

    After K. Seymore and R. Rosenfeld, "Scalable backoff language models" (1996): weighted difference. An n-gram that is
    the history of one kept stays.
    """
    pruned: Model = [{}, dict(model[1])]
    needed: set[Gram] = set()
    for n in range(len(model) - 1, 1, -1):
        level = {
            gram: p
            for gram, p in model[n].items()
            if gram in needed or counts[n][gram] * math.log(p / model[n - 1][gram[1:]]) >= threshold
        }
        needed = {gram[:-1] for gram in level if gram[:-1] != (START,)}
        pruned.insert(2, level)
    return pruned


def _backoff_weights(model: Model, children: Mapping[Gram, list[tuple[str, float]]]) -> dict[Gram, float]:
    """What each history multiplies its shorter history by, so that its state sums to one."""
    weights: dict[Gram, float] = {}

    def probability(history: Gram, word: str) -> float:
        known = model[len(history) + 1].get((*history, word))
        return known if known is not None else weights.get(history, 1.0) * probability(history[1:], word)

    for history in sorted(children, key=len):
        if history:
            kept = sum(p for _, p in children[history])
            lower = sum(probability(history[1:], word) for word, _ in children[history])
            weights[history] = max(1e-6, 1 - kept) / max(1e-6, 1 - lower)
    return weights


def acceptor(model: Model, ids: Mapping[str, int], p_join: float = 0.3) -> Network:
    """The model over word ids; `ids["#0"]` labels the backoff arcs.

    p_join: probability that a next sentence follows the end of one without a break (a turn often holds several); an arc
    from each state that was seen to end a sentence leads to the start again.
    """
    order = len(model) - 1
    children: dict[Gram, list[tuple[str, float]]] = {(): []}
    for n in range(1, order + 1):
        for gram, p in model[n].items():
            children.setdefault(gram[:-1], []).append((gram[-1], p))
    weights = _backoff_weights(model, children)
    states = {history: number for number, history in enumerate(children)}

    def state_of(history: Gram) -> int:
        while history not in states:
            history = history[1:]
        return states[history]

    network = Network(states[(START,)], [], [])
    for history, state in states.items():
        for word, p in children[history]:
            cost = -math.log(p)
            if word == END:
                network.finals.append((state, cost))
                if history:
                    network.arcs.append((state, network.start, ids["#0"], 0, cost - math.log(p_join)))
            else:
                target = state_of((*history, word)[-(order - 1) :])
                network.arcs.append((state, target, ids[word], ids[word], cost))
        if history:
            network.arcs.append((state, state_of(history[1:]), ids["#0"], 0, -math.log(weights[history])))
    return network
