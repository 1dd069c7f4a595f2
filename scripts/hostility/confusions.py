"""Words that a recogniser takes for one another: homophones, and words alike in consonants.

In: the words of the training text by frequency. Out: for a word, what it may be misheard as. A word of the hidden list
(a swear word, an insult, a group) is never lost or made by it, since its label would no longer be true.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from assistant.signals.hostility.wordlist import HIDDEN_WORDS

_HOMOPHONES = tuple(
    group.split()
    for group in (
        "your you're",
        "their there they're",
        "to too two",
        "for four",
        "no know",
        "here hear",
        "by buy bye",
        "right write",
        "its it's",
        "were where we're wear",
        "then than",
        "whole hole",
        "weather whether",
        "would wood",
        "one won",
        "our are hour",
        "ate eight",
        "new knew",
        "wait weight",
        "bill build",
        "sale sail",
        "week weak",
        "meet meat",
        "pay bay",
        "fee free",
        "want won't",
        "can can't",
        "did didn't",
        "could couldn't",
        "i'm i am",
        "is his",
        "him them",
        "and an in",
        "of have",
        "a the",
        "he she",
        "been being",
        "mail male",
        "plane plain",
        "fair fare",
        "made maid",
        "going gonna",
        "because cause",
        "of off",
        "so sow",
        "sun son",
        "some sum",
        "piece peace",
        "past passed",
        "send sent",
        "feel fill",
        "leave live",
        "this these",
        "ship chip",
        "sheep ship",
        "card car",
        "call cold",
    )
)
_CLASSES = str.maketrans({"d": "t", "b": "p", "g": "k", "v": "f", "z": "s", "q": "k", "m": "n", "c": "k", "j": "s"})
_COMMON = 5000


def sound_key(word: str) -> str:
    """A coarse key of how `word` sounds: consonant classes, vowels as one sign, silent letters gone."""
    plain = word.replace("'", "")
    for spelt, heard in (
        ("kn", "n"),
        ("wr", "r"),
        ("ph", "f"),
        ("gh", ""),
        ("ck", "k"),
        ("ce", "se"),
        ("ci", "si"),
        ("tion", "shn"),
        ("x", "ks"),
        ("wh", "w"),
        ("qu", "kw"),
    ):
        plain = plain.replace(spelt, heard)
    plain = plain.rstrip("e").translate(_CLASSES)
    key = ""
    for char in plain:
        sound = "a" if char in "aeiouy" else "" if char == "h" and key else char
        if sound and not key.endswith(sound):
            key += sound
    return key


def confusion_table(texts: Iterable[str]) -> dict[str, Sequence[str]]:
    """For each common word of `texts` up to six words it may be misheard as."""
    hidden = frozenset(HIDDEN_WORDS)
    counts = Counter(word for text in texts for word in text.split())
    common = [word for word, _ in counts.most_common(_COMMON) if word not in hidden]
    alike: dict[str, list[str]] = defaultdict(list)
    for word in common:
        alike[sound_key(word)].append(word)
    table: dict[str, list[str]] = {}
    for word in common:
        near = [other for other in alike[sound_key(word)] if other != word and abs(len(other) - len(word)) <= 2]
        if near and len(word) > 1:
            table[word] = near[:4]
    for group in _HOMOPHONES:
        for word in group:
            # Twice, because these are what recognisers confuse most.
            table[word] = table.get(word, [])[:2] + 2 * [other for other in group if other != word]
    return {word: tuple(others) for word, others in table.items()}
