"""What the model reads: lower case, words only, numbers spoken, hidden spelling undone.

In: any string, of any length and origin. Out: `[a-z' ]` words, one blank apart. Pure, below 0.1 ms an utterance; it
runs the same in training and in service, so that the two never differ.
"""

import re
import unicodedata

from assistant.signals.hostility.spelling import unhide

WINDOW_WORDS = 32
WINDOW_STEP = 20
CONTEXT_WORDS = 20

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|(?<!\S)[^\s@]{1,64}@[^\s@]+\.[^\s@]+|\[(?:user|url)\]|<[a-z ]{1,20}>")
_HANDLE = re.compile(r"(?<![\w])@\w+")
_TAG = re.compile(r"(?<!\w)#(?=[a-z])")
_NOISE_MARK = re.compile(r"\[(?:unk|noise|laughter|silence|inaudible)\]")
_NUMBER = re.compile(r"\d+")
_OTHER = re.compile(r"[^a-z']+")
_QUOTE = re.compile(r"(?<![a-z])'+|'+(?![a-z])")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'"))
_STROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe"})
_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SPOKEN_DIGITS = 24


def normalise(text: str) -> str:
    """`text` as a recogniser would print it; "" when it holds no Latin letter and no digit.

    Takes NUL, lone surrogates, emoji and any other script, and never raises. `normalise(normalise(x)) == normalise(x)`.
    """
    plain = text.lower() if text.isascii() and text.isprintable() else _latin(text)
    plain = _NOISE_MARK.sub(" ", plain.translate(_APOSTROPHES))
    plain = _ADDRESS.sub(" ", plain)
    plain = _TAG.sub("", _HANDLE.sub(" ", plain))
    plain = _words(unhide(plain))
    # Letters that punctuation kept apart may only now stand in a row.
    while (again := _words(unhide(plain))) != plain:
        plain = again
    return plain


def _latin(text: str) -> str:
    """Lower case, without accents and what cannot be printed."""
    plain = "".join(" " if _unprintable(c) else c for c in text.translate(_APOSTROPHES))
    plain = unicodedata.normalize("NFKD", plain.lower())
    return "".join(c for c in plain if not unicodedata.combining(c)).lower().translate(_STROKED)


def windows(text: str) -> list[str]:
    """Normalised `text` in overlapping windows of at most `WINDOW_WORDS` words; [] when it is empty."""
    words = text.split()
    if len(words) <= WINDOW_WORDS:
        return [text] if words else []
    starts = range(0, len(words) - WINDOW_WORDS + WINDOW_STEP, WINDOW_STEP)
    return [" ".join(words[start : start + WINDOW_WORDS]) for start in starts]


def _words(plain: str) -> str:
    plain = _NUMBER.sub(_spoken, plain)
    return " ".join(_QUOTE.sub(" ", _OTHER.sub(" ", plain)).split())


def _unprintable(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co")


def _spoken(match: re.Match[str]) -> str:
    digits = match.group()
    if not digits.isascii():
        return " "
    if len(digits) == 2 and digits[0] != "0":
        tens, ones = int(digits[0]), int(digits[1])
        words = [_TEENS[ones]] if tens == 1 else [_TENS[tens], *([_DIGITS[ones]] if ones else [])]
    else:
        # Longer numbers are read out digit by digit, as callers do; a wall of digits adds nothing after a while.
        words = [_DIGITS[int(d)] for d in digits[:_SPOKEN_DIGITS]]
    return f" {' '.join(words)} "
