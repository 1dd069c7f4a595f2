"""What the model reads."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.signals.hostility.normalise import WINDOW_STEP, WINDOW_WORDS, normalise, windows


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("You're an IDIOT!!!", "you're an idiot"),
        ("you are an i d i o t", "you are an idiot"),
        ("I-D-I-O-T", "idiot"),
        ("f u c k y o u", "fuck you"),
        ("F.U.C.K off", "fuck off"),
        ("what a b*tch", "what a bitch"),
        ("f*** this", "fuck this"),
        ("sh!t happens", "shit happens"),
        ("a$$hole", "asshole"),
        ("1d1ot", "idiot"),
        ("fuuuuck", "fuck"),
        ("\uff26\uff35\uff23\uff2b you", "fuck you"),
        ("my name is s m i t h", "my name is s m i t h"),
        ("i i i need it", "i i i need it"),
        ("a b c d", "a b c d"),
        ("fuck!", "fuck"),
        ("caffè è", "caffe e"),
        ("card 4826, 10 o'clock", "card four eight two six ten o'clock"),
        ("@bob #late see https://example.org now", "late see now"),
        ("don\u2019t 'quote' me", "don't quote me"),
        ("well-known [noise] case", "well known case"),
        ("\x00\ud800 hello\ufffd there 😡", "hello there"),
        ("", ""),
        ("😡😡", ""),
        ("Идиот", ""),
    ],
)
def test_text_is_read_as_a_recogniser_prints_it(said: str, read: str) -> None:
    assert normalise(said) == read


@given(st.text(max_size=200))
def test_only_words_come_out_of_any_string(text: str) -> None:
    assert re.fullmatch(r"(?:[a-z']+(?: [a-z']+)*)?", normalise(text))


@given(st.text(alphabet="abcdefuckidiot *.!1$@' -", max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.binary(max_size=200))
def test_broken_utf8_does_not_raise(data: bytes) -> None:
    normalise(data.decode("utf-8", "replace"))
    normalise(data.decode("utf-8", "surrogateescape"))


@given(st.lists(st.sampled_from(["one", "two", "three"]), max_size=400))
def test_windows_hold_every_word_in_order(words: list[str]) -> None:
    marked = [f"{word}x{'y' * (at % 7)}" for at, word in enumerate(words)]
    parts = [part.split() for part in windows(" ".join(marked))]
    assert all(len(part) <= WINDOW_WORDS for part in parts)
    joined = parts[0] if parts else []
    for part in parts[1:]:
        joined += part[WINDOW_WORDS - WINDOW_STEP :]
    assert joined == marked
