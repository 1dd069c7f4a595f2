"""Words to token ids: each word by itself, as the tokenizer cuts the whole."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from assistant.signals.hostility import Text, bundled_folder
from assistant.signals.hostility.encode import TEXT_TOKENS, Encoder
from assistant.signals.hostility.load import TOKENIZER_FILE

FILE = bundled_folder() / TOKENIZER_FILE
ENCODER, WHOLE = Encoder(FILE), Tokenizer.from_file(str(FILE))


@settings(deadline=None)
@given(st.lists(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=12), min_size=1, max_size=20))
def test_words_are_cut_as_in_the_whole(words: list[str]) -> None:
    text = " ".join(words)
    cut = WHOLE.encode(text, add_special_tokens=False).ids[:TEXT_TOKENS]
    assert ENCODER.encode(text, Text(text)).ids[1:-1] == cut
