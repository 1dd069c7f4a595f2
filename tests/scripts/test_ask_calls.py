"""Reading calls of asks: what is asked again, and what is wrong with a file."""

import pytest

from scripts.asks.calls import made_again, parse_ask_calls

TEXT = """
# a_1 | parcels
1 | where is it
- | it is a blue one
2 | who signed for it
1 | you haven't told me where it's got to

# a_2 | banks | abusive
1 | close the account
"""


def test_an_ask_is_made_again_within_its_call_alone() -> None:
    first, second = parse_ask_calls(TEXT, "x.txt")
    assert [line.asks for line in first.lines] == [1, None, 2, 1]
    assert made_again(first) == [False, False, False, True]
    assert made_again(second) == [False]
    assert (first.tags, second.tags) == ((), ("abusive",))


@pytest.mark.parametrize("wrong", ["x | where is it", "1 where is it", "1 | ", "0 | where is it"])
def test_a_line_that_cannot_be_read_names_its_place(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"x\.txt:2: neither"):
        parse_ask_calls(f"# a_1 | parcels\n{wrong}", "x.txt")
    with pytest.raises(ValueError, match=r"x\.txt:1: neither"):
        parse_ask_calls("1 | no heading above", "x.txt")
