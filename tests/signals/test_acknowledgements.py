"""What the words of an overlap are: acknowledgements, bids, or something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.signals.acknowledgements import tokens, wording


@pytest.mark.parametrize(
    "text",
    ["mm-hm", "Mm hmm.", "uh-huh", "yeah", "yeah yeah okay right", "okay", "right", "I see", "got it", "no problem", "oh no", "um, yes"],
)
def test_acknowledgements(text: str) -> None:
    assert wording(text) == "acknowledgement"


@pytest.mark.parametrize("text", ["no", "No, no", "okay but", "nope"])
def test_contradictions_bid(text: str) -> None:
    assert wording(text) == "bid"


@pytest.mark.parametrize("text", ["stop", "wait", "Hang on!", "listen", "excuse me", "yeah okay wait", "hold on a second", "let me finish"])
def test_demands_ask_for_the_floor(text: str) -> None:
    assert wording(text) == "demand"


@pytest.mark.parametrize("text", ["", "um", "so well uh", "<unk>", "[noise]"])
def test_fillers_say_nothing(text: str) -> None:
    assert wording(text) == "none"


@pytest.mark.parametrize("text", ["my account number is four", "yeah i need my card", "tuesday"])
def test_anything_else_is_other(text: str) -> None:
    assert wording(text) == "other"


@given(st.text())
def test_any_text_has_a_wording(text: str) -> None:
    assert wording(text) == wording(" ".join(tokens(text)))
