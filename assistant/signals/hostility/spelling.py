"""Undoes spelling that hides a word: letters apart, stars, digits for letters, drawn-out letters.

In: lower-case text with its punctuation. Out: the same with hidden words of `wordlist` written out. A run that hides
none of them stays as it was, so that a name spelt aloud is left to the model as letters. Pure; microseconds a text.
"""

import re
from functools import lru_cache

from assistant.signals.hostility.wordlist import GLUE_WORDS, HIDDEN_WORDS

_HIDDEN = frozenset(HIDDEN_WORDS)
_MEANT = _HIDDEN | {"you", "your"}
"""What digits may stand in for letters of: no other short word, or a postcode would become one ("a11")."""
_PIECES = sorted(_HIDDEN | set(GLUE_WORDS), key=len, reverse=True)
_LEET = str.maketrans(
    {
        "0": "o",
        "1": "i",
        "3": "e",
        "4": "a",
        "5": "s",
        "7": "t",
        "8": "b",
        "$": "s",
        "@": "a",
        "!": "i",
        "|": "i",
        "€": "e",
    }
)
_LEET_L = str.maketrans({"1": "l", "|": "l", "!": "l"})
_MASK = re.compile(r"[*#%_]")
_EDGE = ".,;:?\"'()[]{}<>"
_ALONE = re.compile(r"(?<![a-z'])[a-z](?:[\s.\-_*]+[a-z](?![a-z']))+(?![a-z'])")
_DRAWN = re.compile(r"([a-z])\1{2,}")
_LONGEST = max(len(word) for word in HIDDEN_WORDS)


def unhide(text: str) -> str:
    """Lower-case `text` with its hidden words written out."""
    text = _ALONE.sub(_joined, text)
    return " ".join(_unhidden(token) for token in text.split())


def _joined(match: re.Match[str]) -> str:
    letters = re.sub(r"[^a-z]", "", match.group())
    if len(letters) < 3 or len(set(letters)) == 1:
        return match.group()
    pieces = _cut(letters)
    return match.group() if pieces is None else " ".join(pieces)


def _cut(letters: str) -> list[str] | None:
    """`letters` as words around at least one hidden word of three letters or more; None when there is none.

    What lies between known words stays as single letters.
    """
    pieces: list[str] = []
    found = False
    at = 0
    while at < len(letters):
        word = next((w for w in _PIECES if len(w) > 1 and letters.startswith(w, at)), letters[at])
        found = found or (len(word) > 2 and word in _HIDDEN)
        pieces.append(word)
        at += len(word)
    return pieces if found else None


@lru_cache(maxsize=4096)
def _unhidden(token: str) -> str:
    if token.isalpha():
        return _undrawn(token)
    core = token.strip(_EDGE)
    if not core or core.isalpha() or core.isdigit() or len(core) > _LONGEST + 8:
        return token
    masked = _MASK.sub("", core) != core
    if masked and any(c.isalpha() for c in core):
        word = _unmasked(core)
        return token if word is None else word
    if any(c.isalpha() for c in core):
        # A closing "!" is punctuation before it is a letter.
        for form in (core.rstrip("!"), core):
            for table in (_LEET, _LEET_L | _LEET):
                word = form.translate(_merge(table))
                bare = re.sub(r"[^a-z]", "", word)
                if bare in _MEANT and bare != re.sub(r"[^a-z]", "", form):
                    return bare
        bare = re.sub(r"[.\-_]", "", core)
        if bare in _HIDDEN:
            return bare
        if core.count("-") == 1 and not core.startswith("-") and not core.endswith("-"):
            return _unmasked(core.replace("-", "*"), loosely=False) or token
    return token


def _merge(table: dict[int, str]) -> dict[int, str]:
    return {**_LEET, **table}


def _unmasked(core: str, *, loosely: bool = True) -> str | None:
    """The first listed word that fits `core`, in which a star stands for one hidden letter or, `loosely`, for
    several."""
    exact = re.compile("".join("[a-z]" if _MASK.match(c) else re.escape(c.translate(_LEET)) for c in core))
    loose = re.compile("".join("[a-z]+" if _MASK.match(c) else re.escape(c.translate(_LEET)) for c in core))
    for pattern in (exact, loose) if loosely else (exact,):
        for word in HIDDEN_WORDS:
            if pattern.fullmatch(word):
                return word
    return None


def _undrawn(token: str) -> str:
    """ "fuuuck" is "fuck", "sooo" is "soo": a letter three times or more shrinks to once in a listed word, else to
    twice."""
    if not _DRAWN.search(token):
        return token
    once = _DRAWN.sub(r"\1", token)
    return once if once in _HIDDEN else _DRAWN.sub(r"\1\1", token)
