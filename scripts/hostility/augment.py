"""Training texts as a recogniser, a line and other callers would have made them.

In: an `Example` and a random generator. Out: another `Example` of which the same is true. Nothing here changes a label.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from assistant.signals.hostility.wordlist import HIDDEN_WORDS
from scripts.hostility.examples import ALL_TARGETS, CUE_SOURCE, Example

_HIDDEN = frozenset(HIDDEN_WORDS)
_FILLERS = (
    "uh",
    "um",
    "er",
    "like",
    "you know",
    "i mean",
    "yeah",
    "well",
    "so",
    "okay",
    "right",
    "look",
    "hello",
    "the",
    "mhm",
)
_LEADS = (
    "listen",
    "look",
    "yeah",
    "okay",
    "no",
    "well",
    "so",
    "i said",
    "right",
    "hello",
    "excuse me",
    "and",
    "but",
    "oh",
    "sorry",
    "hang on",
    "as i said",
    "like i said",
    "um",
    "uh",
    "hey",
    "please",
    "honestly",
    "sir",
    "ma'am",
    "hi",
)
_TAILS = (
    "okay",
    "thank you",
    "you know",
    "do you hear me",
    "please",
    "right",
    "all right",
    "thanks",
    "hello",
    "yeah",
    "i mean",
    "understand",
    "is that clear",
    "now",
    "today",
    "sir",
    "ma'am",
    "are you there",
    "again",
    "anyway",
    "bye",
)
_PLAIN_FILLERS = ("uh", "um", "er", "like", "you know", "i mean", "well", "so", "look", "the", "mhm")
_PLAIN_LEADS = ("listen", "look", "well", "so", "right", "and", "but", "oh", "um", "uh", "honestly", "sir", "ma'am")
_PLAIN_TAILS = ("you know", "right", "i mean", "sir", "ma'am", "anyway", "uh", "so yeah")
"""Words that are no cue: "sorry", "hello" and "thank you" are."""
_GROUPS = tuple(
    tuple(name.split("/"))
    for name in (
        "women/woman",
        "muslims/muslim",
        "immigrants/immigrant",
        "black people/black person",
        "gay people/gay person",
        "trans people/trans person",
        "disabled people/disabled person",
        "jews/jew",
        "indians/indian",
        "mexicans/mexican",
        "foreigners/foreigner",
        "refugees/refugee",
        "lesbians/lesbian",
        "africans/african",
        "asians/asian",
        "arabs/arab",
        "chinese people/chinese person",
        "polish people/polish person",
        "christians/christian",
        "romanians/romanian",
        "pakistanis/pakistani",
        "old people/old person",
        "gypsies/gypsy",
        "deaf people/deaf person",
    )
)
_PLURALS = {plural: at for at, (plural, _) in enumerate(_GROUPS)}
_KINDS = (
    (
        "black",
        "asian",
        "indian",
        "chinese",
        "mexican",
        "polish",
        "african",
        "muslim",
        "jewish",
        "gay",
        "foreign",
        "pakistani",
        "arab",
        "irish",
        "romanian",
        "latino",
        "trans",
        "disabled",
        "nigerian",
        "turkish",
        "lesbian",
        "brown",
        "white",
    ),
)


class Augmenter:
    """Seeded variations of examples. `confusions`: for a word, what it may be misheard as."""

    def __init__(self, confusions: Mapping[str, Sequence[str]], seed: int) -> None:
        self._confusions = confusions
        self._rng = random.Random(seed)

    def vary(self, example: Example, others: Sequence[Example]) -> Example:
        """One variation; `others` are lines that may stand beside it or before it."""
        rng = self._rng
        if rng.random() < 0.35:
            example = self.swap_group(example)
        roll = rng.random()
        if roll < 0.15 and example.text.before is None:
            example = self.join(example, rng.choice(others))
        elif roll < 0.40:
            example = self.frame(example)
        if example.text.before is None and rng.random() < 0.2:
            example = self.precede(example, rng.choice(others))
        if rng.random() < 0.55:
            example = self.noise(example, rng.choice((0.3, 1.0, 2.0)))
        if rng.random() < 0.08:
            example = self.misspell(example)
        return example

    def noise(self, example: Example, strength: float = 1.0) -> Example:
        """Recogniser noise: misheard, lost and doubled words, fillers, false starts; about `strength` times 10 % of
        words."""
        words: list[str] = []
        rng = self._rng
        fillers = _PLAIN_FILLERS if example.source == CUE_SOURCE else _FILLERS
        for word in example.text.text.split():
            kept = word in _HIDDEN or word in ("not", "never", "no", "don't")
            roll = rng.random() / strength
            if roll < 0.035 and word in self._confusions and not kept:
                words += rng.choice(self._confusions[word]).split()
            elif roll < 0.055 and not kept:
                continue
            elif roll < 0.070:
                words += [word, word]
            elif roll < 0.090:
                words += [*rng.choice(fillers).split(), word]
            elif roll < 0.097 and len(word) > 3 and not kept:
                words += [word[: rng.randint(1, 2)], word]
            else:
                words.append(word)
        return _said(example, " ".join(words) or example.text.text)

    def frame(self, example: Example) -> Example:
        """An opening or a closing phrase that says nothing."""
        text = example.text.text
        cues = example.source == CUE_SOURCE
        if self._rng.random() < 0.6:
            text = f"{self._rng.choice(_PLAIN_LEADS if cues else _LEADS)} {text}"
        if self._rng.random() < 0.5:
            text = f"{text} {self._rng.choice(_PLAIN_TAILS if cues else _TAILS)}"
        return _said(example, text)

    def join(self, example: Example, other: Example) -> Example:
        """Two utterances in one breath: the worse level and its target count, a label holds when either has it."""
        if other.text.before is not None or len(example.levels) > 1 or len(other.levels) > 1:
            return example
        if other.text.speaker != example.text.speaker:
            return example
        first, second = (example, other) if self._rng.random() < 0.5 else (other, example)
        worse = max(example, other, key=lambda e: max(e.levels))
        same = example.levels == other.levels
        labels = {
            name: max(example.labels[name], other.labels[name]) for name in example.labels.keys() & other.labels.keys()
        }
        labels |= {name: 1.0 for e in (example, other) for name, value in e.labels.items() if value == 1.0}
        return replace(
            _said(example, f"{first.text.text} {second.text.text}"),
            labels=labels,
            levels=worse.levels,
            targets=ALL_TARGETS if same and example.targets != other.targets else worse.targets,
        )

    def precede(self, example: Example, other: Example) -> Example:
        """An utterance before that changes nothing, so that context as such is no sign of anything."""
        if max(other.levels) > 1:
            return example
        text = replace(example.text, before=other.text.text, before_speaker=other.text.speaker)
        return replace(example, text=text)

    def swap_group(self, example: Example) -> Example:
        """Another group in the place of the one named: what is abuse of one is abuse of each, and so is what is not."""
        text = f" {example.text.text} "
        for plural, at in _PLURALS.items():
            if f" {plural} " in text:
                new = self._rng.choice(_GROUPS)
                return _said(
                    example,
                    text.replace(f" {plural} ", f" {new[0]} ").replace(f" {_GROUPS[at][1]} ", f" {new[1]} ").strip(),
                )
        for kinds in _KINDS:
            for kind in kinds:
                if f" {kind} people " in text or f" {kind} person " in text or f" {kind} man " in text:
                    new_kind = self._rng.choice(kinds)
                    return _said(example, text.replace(f" {kind} ", f" {new_kind} ").strip())
        return example

    def misspell(self, example: Example) -> Example:
        """One word with two letters swapped, one lost or one doubled, cut in two, or grown together with the next."""
        words = example.text.text.split()
        long = [at for at, word in enumerate(words) if len(word) > 3]
        if not long:
            return example
        at = self._rng.choice(long)
        word = words[at]
        cut = self._rng.randrange(1, len(word) - 1)
        following = words[at + 1 : at + 2]
        words[at : at + 2] = self._rng.choice(
            (
                [word[:cut] + word[cut + 1] + word[cut] + word[cut + 2 :], *following],
                [word[:cut] + word[cut + 1 :], *following],
                [word[:cut] + word[cut] + word[cut:], *following],
                [word[:cut], word[cut:], *following],
                ["".join([word, *following])],
            )
        )
        return _said(example, " ".join(words))


def _said(example: Example, words: str) -> Example:
    return replace(example, text=replace(example.text, text=words))
