"""Recognised text as words that patterns and comparisons can work on: no case, no punctuation, no fillers.

In: an utterance's text. Out: `Wording`, whose words know their place in the text. Pure.
"""

import re
from dataclasses import dataclass

_FILLERS = frozenset({"um", "uh", "er", "erm", "uhm", "hmm", "ehm"})
_EDGES = re.compile(r"[^\w'&]+")

_STOP_WORDS = """
a about actually after again ah all already alright also always am an and any anyone anything are aren't as at be because been
being but by can can't cannot cause come could couldn't did didn't do does doesn't doing don't done either else even ever for from
gave get gets getting give gives go goes going gonna got gotta had has hasn't have haven't having he he'd he'll he's her here him
his how i i'd i'll i'm i've if in into is isn't it it'll it's its just kindly know last let let's like literally look love madam
made make mate maybe me mean might mine more most much must my need needs never no nobody not nothing now of off oh okay on once
one only or other our ours out over please put really right said same say says see shall she she's should shouldn't sir so some
somebody someone something still such sure surely take tell than thank thanks that that's the their them then there there's these
they they'd they'll they're they've thing things think this those time to told too try two under up us very want wanted wants was
wasn't way we we'd we'll we're we've well were what what's when where which while who who's why will with won't would wouldn't
yeah yes yet you you'd you'll you're you've your yours
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that say nothing of what an utterance is about."""

_SAME_THING = {
    word: group.split()[0]
    for group in (
        "call ring phone telephone rung",
        "cancel terminate stop close",
    )
    for word in group.split()
}
_ENDINGS = ("'s", "ing", "ed", "es", "s", "e")
_SHORTEST_STEM = 3


@dataclass(frozen=True)
class Wording:
    """The words of an utterance, normalised and joined by single spaces; fillers are left out."""

    text: str
    places: tuple[int, ...]
    """For each word of `text`, which word of the utterance it was."""
    starts: tuple[int, ...]
    """For each word of `text`, where it begins in it."""

    def words_within(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last word of the utterance that `text[start:end]` touches."""
        touched = [place for place, at in zip(self.places, self.starts, strict=True) if at < end and at >= start]
        if not touched:
            raise ValueError(f"no word begins in {start}:{end}")
        return touched[0], touched[-1]


def worded(text: str) -> Wording:
    """`text` as words. A word said twice in a row (`i i want`) counts once."""
    words: list[str] = []
    places: list[int] = []
    for place, raw in enumerate(text.replace("\u2019", "'").lower().split()):
        word = _EDGES.sub(" ", raw).strip(" '")
        if not word or word in _FILLERS or (words and words[-1] == word):
            continue
        words.append(word.replace(" ", "-"))
        places.append(place)
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + 1
    return Wording(" ".join(words), tuple(places), tuple(starts))


def content_stems(said: str) -> frozenset[str]:
    """The stems of the words of `said` (as `Wording.text`) that tell what it is about."""
    return frozenset(stem(word) for word in said.split() if word not in STOP_WORDS and len(word) > 1)


def stem(word: str) -> str:
    """The word without its ending, or the name of its group where several words mean the same thing on the telephone."""
    if word in _SAME_THING:
        return _SAME_THING[word]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            if word in _SAME_THING:
                return _SAME_THING[word]
            if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and ending in ("ing", "ed"):
                word = word[:-1]
            break
    return _SAME_THING.get(word, word)
