"""What a side has asked for, and whether it asks for it again.

In: each utterance with its requests. Out: `Again`, where an earlier ask of the same side is made once more, in these or in other
words. Pure.
"""

import re
from collections import deque
from dataclasses import dataclass
from typing import Literal

from assistant.signals.cues.wording import content_words

WITHIN_S = 300.0
"""An ask is remembered so long."""
APART_S = 4.0
"""What comes sooner after an ask is the rest of it."""
_OVERLAP = 0.6
"""The shared content words over those of the shorter of both asks."""
_TOO_COMMON = frozenset(
    {"call", "help", "hear", "speak", "check", "number", "name", "minute", "second", "question", "wait", "hold", "day", "problem"}
)
"""Stems that alone do not tell what is asked."""
_ASKS = re.compile(
    r"(?<![\w'])(?:i want|i need|i'd like|i would like|i'm asking|when|where's my|where is my|can you|could you|can i"
    r"|could i|can we|will you|would you|give me"
    r"|send me|get me|what about|how long|i'm waiting|still waiting|i'm after|let me have|why (?:can't|won't|haven't|hasn't"
    r"|isn't))(?![\w'])"
)
_NO_ASK = re.compile(
    r"(?<![\w'])(?:can you hear|could you hear|when i |when we |when he |when she |when they "
    "|when you |can i ask|can you hold|can i just)"
)


@dataclass(frozen=True)
class Again:
    """An ask made again: `what` is asked, found `by` its request cue or by its words; `overlap` of the words in [0, 1]."""

    what: str
    by: Literal["cue", "words"]
    overlap: float


@dataclass
class _Ask:
    end_s: float
    cues: frozenset[str]
    stems: frozenset[str]


class Demands:
    """The asks of one call, side by side. Asks of an agent are none of these; on `mixed` only requests count, not their words."""

    def __init__(self) -> None:
        self._asks: dict[str, deque[_Ask]] = {}

    def made(self, side: str, start_s: float, end_s: float, text: str, requests: tuple[str, ...], *, answers_repair: bool) -> Again | None:
        """One utterance, `text` as `Wording.text`. Who was asked to repeat does not demand again by repeating."""
        if side == "agent":
            return None
        asks = self._asks.setdefault(side, deque())
        while asks and start_s - asks[0].end_s > WITHIN_S:
            asks.popleft()
        by_words = side != "mixed" and bool(_ASKS.search(text)) and not _NO_ASK.search(text)
        if not requests and not by_words:
            return None
        words = content_words(text) if by_words else {}
        ask = _Ask(end_s, frozenset(requests), frozenset(words))
        again = None if answers_repair else _again(ask, requests, words, list(asks), start_s)
        asks.append(ask)
        return again


def _again(ask: _Ask, requests: tuple[str, ...], words: dict[str, str], asks: list[_Ask], start_s: float) -> Again | None:
    for cue in requests:
        same = [old for old in asks if cue in old.cues]
        if same and start_s - same[-1].end_s >= APART_S:
            return Again(cue.removeprefix("request_"), "cue", 1.0)
    best: tuple[float, frozenset[str]] = (0.0, frozenset())
    for old in asks:
        shared = old.stems & ask.stems
        overlap = _overlap(shared, old.stems, ask.stems)
        if overlap < _OVERLAP:
            continue
        if start_s - old.end_s < APART_S:
            return None
        best = max(best, (overlap, shared), key=lambda found: found[0])
    overlap, shared = best
    return Again(" ".join(word for stem, word in words.items() if stem in shared), "words", overlap) if shared else None


def _overlap(shared: frozenset[str], one: frozenset[str], other: frozenset[str]) -> float:
    """In [0, 1]; 0 where all that is shared does not tell what is asked."""
    if not shared - _TOO_COMMON:
        return 0.0
    return len(shared) / min(len(one), len(other))
