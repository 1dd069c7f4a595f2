"""Spoken numbers as digits: `twenty third` -> `23rd`, `three to five` -> `3 to 5`. Pure; English; whole numbers below a hundred."""

import re

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FIRST_TO_NINTH = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")

_VALUES = (
    {word: value for value, word in enumerate(_ONES, 1)}
    | {word: value for value, word in enumerate(_TEENS, 10)}
    | {word: 10 * value for value, word in enumerate(_TENS, 2)}
)
_ORDINALS = (
    {word: value for value, word in enumerate(_FIRST_TO_NINTH, 1)}
    | {f"{word}th": value for value, word in enumerate(_TEENS, 10)}
    | {"twelfth": 12, "twentieth": 20, "thirtieth": 30}
)

NUMBER = rf"(?:(?:{'|'.join(_TENS)})(?: (?:{'|'.join(_ONES)}))?|{'|'.join(_TEENS)}|{'|'.join(_ONES)}|\d{{1,2}})"
"""Matches one number of two digits at most, as it is spoken or written."""

_ORDINAL = re.compile(rf"\b(?:({'|'.join(_TENS)}) )?({'|'.join(_ORDINALS)})\b")
_SPOKEN = re.compile(rf"\b(?:({'|'.join(_TENS)})(?: ({'|'.join(_ONES)}))?|({'|'.join([*_TEENS, *_ONES])}))\b")


def in_digits(text: str) -> str:
    """`text` (lower case) with its spoken numbers in digits; `ten thirty` stays two numbers, `10 30`."""
    text = _ORDINAL.sub(lambda found: _ordinal(_VALUES.get(found[1] or "", 0) + _ORDINALS[found[2]]), text)
    return _SPOKEN.sub(lambda found: str(_VALUES[found[3]] if found[3] else _VALUES[found[1]] + _VALUES.get(found[2] or "", 0)), text)


def _ordinal(value: int) -> str:
    ending = "th" if 10 < value < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"
