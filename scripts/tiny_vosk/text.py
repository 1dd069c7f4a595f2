"""The language model's text and vocabulary.

Enters: `text/*.txt` (our own sentences, with slots), and the classifier's corpus folder. Leaves: lists of words per sentence.
All of it is drawn with a seed, so the same files give the same text.
"""

import collections
import itertools
import random
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from tiny_vosk.phones import TEXT_FOLDER, pronunciations

TEMPLATE_FILES = ("templates.txt", "agents.txt", "callers.txt", "conflict.txt")
HELD_OUT_FAMILIES = 40
SLOT = re.compile(r"\[(\w+)\]")

SPELLINGS = {"apologise": "apologize", "ok": "okay", "til": "till", "wi-fi": "wifi"}
"""One spelling a sound, so that the recogniser does not choose between two at random."""

CONTRACTIONS = (
    ("i am", "i'm"), ("i have", "i've"), ("i will", "i'll"), ("i would", "i'd"), ("you are", "you're"), ("we are", "we're"),
    ("you have", "you've"), ("we have", "we've"), ("we will", "we'll"), ("you will", "you'll"), ("it is", "it's"),
    ("that is", "that's"), ("there is", "there's"), ("what is", "what's"), ("do not", "don't"), ("does not", "doesn't"),
    ("did not", "didn't"), ("is not", "isn't"), ("cannot", "can't"), ("could not", "couldn't"), ("will not", "won't"),
    ("would not", "wouldn't"), ("have not", "haven't"), ("has not", "hasn't"), ("should not", "shouldn't"), ("let us", "let's"),
)  # fmt: skip


def lines_of(path: Path) -> list[str]:
    """The lines of a text file that are neither empty nor comments."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]


def normalise(text: str) -> list[str]:
    """Words as the recogniser prints them: lower case, no punctuation but the apostrophe, one spelling a sound."""
    words = re.findall(r"[a-z]+(?:['-][a-z]+)*", text.lower().replace("\u2019", "'"))
    joined = " ".join(SPELLINGS.get(word, word) for word in words).replace("-", " ")
    return re.sub(r"\bcan not\b", "cannot", joined).split()


class Templates:
    """Sentences with slots, and how they are filled."""

    def __init__(self, folder: Path = TEXT_FOLDER) -> None:
        rows = (line.split(":", 1) for line in lines_of(folder / "slots.txt"))
        self.slots = {name: [filler.strip() for filler in fillers.split("|")] for name, fillers in rows}
        self.templates = [line for name in TEMPLATE_FILES for line in lines_of(folder / name)]

    def fill(self, template: str, rng: random.Random) -> str:
        """`template` with each slot drawn anew. Raises KeyError for an unknown slot."""
        while match := SLOT.search(template):
            template = template[: match.start()] + rng.choice(self.slots[match.group(1)]) + template[match.end() :]
        return template

    def sentences(self, rng: random.Random, least: int = 6, most: int = 160) -> Iterator[list[str]]:
        """Each template several times, more often the more fillings it has; half of them with contractions."""
        for template in self.templates:
            fillings = 1
            for name in SLOT.findall(template):
                fillings *= len(self.slots[name])
            for _ in range(max(least, min(most, 2 * fillings))):
                words = " ".join(normalise(self.fill(template, rng)))
                yield (contracted(words) if rng.random() < 0.5 else words).split()

    def words(self) -> set[str]:
        """Every word that a filled template can hold."""
        pieces = itertools.chain(self.templates, *self.slots.values())
        return {word for piece in pieces for word in normalise(contracted(SLOT.sub(" ", piece)))} | {
            word for piece in pieces for word in normalise(SLOT.sub(" ", piece))
        }


def contracted(text: str) -> str:
    """`text` with every contraction that speech makes."""
    for long, short in CONTRACTIONS:
        text = re.sub(rf"\b{long}\b", short, text)
    return text


def corpus_sentences(folder: Path, held_out: bool = False) -> list[list[str]]:
    """The utterances of the classifier's corpus (with the utterances quoted before them); empty where there is none.

    One family in 40, chosen by its name, is held out for testing: whole families, because their lines resemble each other.
    """
    found: list[list[str]] = []
    for path in sorted(folder.glob("*.txt")):
        chosen = not held_out
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("#"):
                family = line[1:].partition("|")[0].strip()
                chosen = (zlib.crc32(family.encode()) % HELD_OUT_FAMILIES == 0) == held_out
            elif chosen:
                utterance, _, before = line.partition("|")[2].partition("<<")
                pieces = (normalise(piece) for piece in (utterance, before.partition(":")[2]))
                found += [piece for piece in pieces if piece]
    return found


def vocabulary(sentences: Iterable[list[str]], size: int) -> list[str]:
    """Sorted words that have a pronunciation: the base list, all template words, then the commonest of `sentences`."""
    base = {word for line in lines_of(TEXT_FOLDER / "words.txt") for word in normalise(line)}
    chosen = {word for word in base | Templates().words() if pronunciations(word)}
    counts = collections.Counter(word for sentence in sentences for word in sentence)
    for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(chosen) >= size:
            break
        if pronunciations(word):
            chosen.add(word)
    return sorted(chosen)


def training_text(corpus_folder: Path, seed: int = 99, corpus_weight: int = 3) -> list[list[str]]:
    """Every sentence of the language model; the held-out sentences are taken out wherever they came from."""
    held_out = {tuple(normalise(line)) for line in lines_of(TEXT_FOLDER / "heldout.txt")}
    own = list(Templates().sentences(random.Random(seed)))
    corpus = corpus_sentences(corpus_folder) * corpus_weight
    return [sentence for sentence in own + corpus if tuple(sentence) not in held_out]
