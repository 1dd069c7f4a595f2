"""Words to token ids: markers for who speaks, the utterance, the one before as a second segment.

In: `Text` and one window of its normalised words. Out: `Encoded` ids of at most `MAX_TOKENS`. 0.1 ms an utterance.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from assistant.errors import ModelLoadError
from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.normalise import CONTEXT_WORDS, normalise

TEXT_TOKENS = 72
CONTEXT_TOKENS = 28
MAX_TOKENS = TEXT_TOKENS + CONTEXT_TOKENS + 5
KNOWN_WORDS = 8192
"""So many words keep their pieces at hand."""
AGENT_MARK = "[AGENT]"
CALLER_MARK = "[CALLER]"
_REQUIRED = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", AGENT_MARK, CALLER_MARK)


class Encoded(NamedTuple):
    """Token ids and their segments (0 utterance, 1 the one beside it), both (n,) with n at most `MAX_TOKENS`."""

    ids: list[int]
    segments: list[int]


class Encoder:
    """The tokenizer of one model folder; safe to share between threads.

    Errors: `ModelLoadError` when `tokenizer.json` is missing, broken or lacks a marker.
    """

    def __init__(self, tokenizer_file: Path) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as error:  # the library raises bare Exception
            raise ModelLoadError(
                f"{tokenizer_file}: no readable tokenizer ({error}); restore the model folder"
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        marks = {mark: self._tokenizer.token_to_id(mark) for mark in _REQUIRED}
        if missing := [mark for mark, number in marks.items() if number is None]:
            raise ModelLoadError(f"{tokenizer_file}: lacks {', '.join(missing)}; it is not a Calmline tokenizer")
        # Words are cut apart from each other, and few are said often.
        self._pieces_of = lru_cache(KNOWN_WORDS)(self._cut)
        self._marks: dict[str, int] = {mark: number for mark, number in marks.items() if number is not None}

    def encode(self, words: str, text: Text) -> Encoded:
        """`words`, a normalised window of `text.text`, with the speaker's mark and the utterance before."""
        utterance = self._pieces(words)[:TEXT_TOKENS]
        mark = [self._marks[AGENT_MARK]] if text.speaker == "agent" else []
        ids = [self._marks["[CLS]"], *mark, *utterance, self._marks["[SEP]"]]
        segments = [0] * len(ids)
        if before := context_words(text.before):
            speaker = text.before_speaker or ("caller" if text.speaker == "agent" else "agent")
            lead = self._marks[AGENT_MARK if speaker == "agent" else CALLER_MARK]
            second = [lead, *self._pieces(before)[-CONTEXT_TOKENS:], self._marks["[SEP]"]]
            ids += second
            segments += [1] * len(second)
        return Encoded(ids, segments)

    def encode_two(self, one: str, other: str) -> Encoded:
        """Two normalised utterances side by side, `one` as segment 0 and `other` as segment 1, without marks; of each the first pieces."""
        most = (MAX_TOKENS - 3) // 2
        first = [self._marks["[CLS]"], *self._pieces(one)[:most], self._marks["[SEP]"]]
        second = [*self._pieces(other)[:most], self._marks["[SEP]"]]
        return Encoded(first + second, [0] * len(first) + [1] * len(second))

    def _pieces(self, words: str) -> list[int]:
        return [piece for word in words.split() for piece in self._pieces_of(word)]

    def _cut(self, word: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(word, add_special_tokens=False).ids)


def context_words(before: str | None) -> str:
    """The last `CONTEXT_WORDS` normalised words of the utterance before: what was said last is what is answered."""
    return " ".join(normalise(before).split()[-CONTEXT_WORDS:]) if before else ""
