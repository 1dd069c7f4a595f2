"""`calmline classify`: lines in, JSON lines out, in order, one bad line harming no other."""

import io
import json
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.signals.hostility import LABELS, Judgement, Text, classify_stream
from assistant.signals.hostility.labels import abstention


class WordCounter:
    """A judge by rule: abuse from three words on. Keeps the largest batch it was given."""

    name = "word-counter"

    def __init__(self) -> None:
        self.largest = 0

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        self.largest = max(self.largest, len(texts))
        return [self._one(text) for text in texts]

    def _one(self, text: Text) -> Judgement:
        words = len(text.text.split())
        if not words:
            return abstention("empty")
        return Judgement(dict.fromkeys(LABELS, 0.5), min(words, 3), "none", min(words / 3, 1.0), words >= 3, None)


def run(lines: Sequence[str | bytes], batch: int = 4) -> tuple[list[dict[str, object]], int]:
    out = io.StringIO()
    bad = classify_stream(lines, out, WordCounter(), batch)
    return [json.loads(line) for line in out.getvalue().splitlines()], bad


def test_texts_and_objects_are_answered_in_order() -> None:
    rows, bad = run(["one\n", '{"text": "one two three", "speaker": "agent"}\n', b"one two\r\n"])
    assert [row["text"] for row in rows] == ["one", "one two three", "one two"]
    assert [row["level"] for row in rows] == [1, 3, 2]
    assert list(rows[0]) == ["text", "level", "p", "target", "p_abuse", "abuse"]
    assert list(rows[0]["p"]) == list(LABELS)  # type: ignore[call-overload]
    assert rows[1]["speaker"] == "agent"
    assert bad == 0


@pytest.mark.parametrize(
    "line",
    [
        '{"text": ',
        '{"speaker": "agent"}',
        '{"text": 3}',
        '{"text": "a", "speaker": 1}',
        '{"text": "a", "confidence": "high"}',
        '{"text": "a", "confidence": NaN}',
        '{"text": "a", "confidence": true}',
        "{" * 100_000,
    ],
)
def test_a_bad_line_is_answered_with_an_error_and_the_rest_go_on(line: str) -> None:
    rows, bad = run(["before", line, "after it"])
    assert bad == 1
    assert [row.get("level") for row in rows] == [1, None, 2]
    assert "error" in rows[1]


def test_an_empty_line_keeps_the_numbering() -> None:
    rows, _ = run(["", "one", "   "])
    assert [row["level"] for row in rows] == [None, 1, None]
    assert rows[0]["reason"] == "empty"


def test_bytes_that_are_not_utf8_and_nul_are_answered() -> None:
    rows, bad = run([b"\xff\xfe one", b"a\x00b", "lone \ud800 surrogate"])
    assert len(rows) == 3
    assert bad == 0


def test_answers_come_while_lines_are_still_coming() -> None:
    out = io.StringIO()
    seen: list[int] = []

    def lines() -> Iterator[str]:
        for number in range(10):
            seen.append(out.getvalue().count("\n"))
            yield f"line {number}"

    classify_stream(lines(), out, WordCounter(), batch=2)
    assert seen == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]


@settings(deadline=None)
@given(count=st.integers(0, 40), batch=st.integers(1, 12), threads=st.integers(1, 5))
def test_answers_come_in_order_however_many_threads_judge(count: int, batch: int, threads: int) -> None:
    lines = [" ".join(["word"] * (at % 7)) for at in range(count)]
    out = io.StringIO()
    classify_stream(lines, out, WordCounter(), batch, threads)
    assert [json.loads(row)["text"] for row in out.getvalue().splitlines()] == lines
    alone = io.StringIO()
    classify_stream(lines, alone, WordCounter(), 1)
    assert out.getvalue() == alone.getvalue()


def test_no_batch_is_larger_than_asked() -> None:
    judge = WordCounter()
    classify_stream((f"line {n}" for n in range(100)), io.StringIO(), judge, batch=7)
    assert judge.largest == 7


@pytest.mark.parametrize(("batch", "threads"), [(0, 1), (1, 0)])
def test_a_batch_or_threads_below_one_are_refused(batch: int, threads: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        classify_stream([], io.StringIO(), WordCounter(), batch, threads)
