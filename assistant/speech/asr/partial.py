"""Times for partial words, which engines give as bare text while speech goes on. Pure."""

from assistant.speech.asr.seam import Hearing, Word


def is_word(text: str) -> bool:
    """Whether an engine's token is a word, and not a mark for noise, silence or an unknown word (`[unk]`, `<s>`)."""
    return bool(text) and text[0] not in "[<+"


class PartialWords:
    """Remembers when each word of a segment first appeared and tells a partial hearing only where its words changed."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._appeared_s: list[float] = []

    def update(self, words: list[str], heard_s: float) -> Hearing | None:
        """The partial hearing if the words changed, else None; `heard_s` is how much of the segment has been heard."""
        if words == self._words:
            return None
        self._words = words
        del self._appeared_s[len(words) :]
        self._appeared_s += [heard_s] * (len(words) - len(self._appeared_s))
        starts_s = [0.0, *self._appeared_s]
        return Hearing(
            tuple(
                Word(text, start_s, end_s, 0.0)
                for text, start_s, end_s in zip(words, starts_s, self._appeared_s, strict=False)
            )
        )
