"""Words to token ids: each word by itself, as the tokenizer cuts the whole."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from assistant.signals.hostility import Text, bundled_folder
from assistant.signals.hostility.encode import MAX_TOKENS, TEXT_TOKENS, Encoder
from assistant.signals.hostility.load import TOKENIZER_FILE

FILE = bundled_folder() / TOKENIZER_FILE
ENCODER, WHOLE = Encoder(FILE), Tokenizer.from_file(str(FILE))


@settings(deadline=None)
@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=12), min_size=1, max_size=20))
def test_words_are_cut_as_in_the_whole(words: list[str]) -> None:
    text = " ".join(words)
    cut = WHOLE.encode(text, add_special_tokens=False).ids[:TEXT_TOKENS]
    assert ENCODER.encode(text, Text(text)).ids[1:-1] == cut


@settings(deadline=None)
@given(*[st.lists(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=12), max_size=60).map(" ".join)] * 2)
def test_two_stand_side_by_side_each_with_its_first_pieces(one: str, other: str) -> None:
    ids, segments = ENCODER.encode_two(one, other)
    assert len(ids) == len(segments) <= MAX_TOKENS
    assert segments == sorted(segments)
    parts = [[piece for piece, at in zip(ids, segments, strict=True) if at == side] for side in (0, 1)]
    for words, part in ((one, parts[0][1:-1]), (other, parts[1][:-1])):
        assert part == WHOLE.encode(words, add_special_tokens=False).ids[: len(part)]
        assert len(part) >= min(len(words.split()), 32)
