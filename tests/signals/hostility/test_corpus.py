"""The corpus parser, the split, and the corpus itself."""

from collections import Counter

import pytest

from assistant.signals.hostility import bundled_folder
from assistant.signals.hostility.corpus import CorpusError, parse_corpus, read_corpus
from assistant.signals.hostility.splits import split_of

FILE = """
# pair-1 | bank | insult, pair
3 insult, profanity person | you are a bloody idiot
A 0 - none | let me see
2 hostile person | for what << agent: can you hold
# pair-2 | energy | distress
1 distress self | i can't go on
"""


def test_lines_carry_their_family_and_what_is_true_of_them() -> None:
    lines = list(parse_corpus(FILE, "x.txt"))
    assert [line.family for line in lines] == ["pair-1", "pair-1", "pair-1", "pair-2"]
    first, agent, answer, last = lines
    assert (first.level, first.labels, first.target) == (3, frozenset({"insult", "profanity"}), "person")
    assert first.tags == ("insult", "pair")
    assert agent.text.speaker == "agent"
    assert agent.labels == frozenset()
    assert (answer.text.text, answer.text.before, answer.text.before_speaker) == ("for what", "can you hold", "agent")
    assert last.topic == "energy"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("3 insult person | hey", "x.txt:1: a line before"),
        ("# a | b\n", "a heading is"),
        ("# a | b | c\n4 - none | hey", "level '4'"),
        ("# a | b | c\n3 rude person | hey", "unknown label rude"),
        ("# a | b | c\n3 insult them | hey", "target 'them'"),
        ("# a | b | c\n3 insult person |  ", "no words"),
        ("# a | b | c\n3 insult person hey", "a line is"),
        ("# a | b | c\n0 - none | hey << bob: yes", "after <<"),
    ],
)
def test_a_line_out_of_format_is_named(content: str, complaint: str) -> None:
    with pytest.raises(CorpusError, match=complaint):
        list(parse_corpus(content, "x.txt"))


def test_the_corpus_reads_and_every_split_holds_every_level() -> None:
    lines = read_corpus(bundled_folder() / "corpus")
    assert len(lines) >= 6000
    held = Counter((split_of(line.family), line.level) for line in lines)
    assert all(held[split, level] > 30 for split in ("train", "dev", "test") for level in range(4))


def test_a_family_is_always_on_the_same_side() -> None:
    assert {split_of("pair-1") for _ in range(3)} == {split_of("pair-1")}
    shares = Counter(split_of(f"family-{n}") for n in range(5000))
    assert 0.77 < shares["train"] / 5000 < 0.83
    assert 0.08 < shares["dev"] / 5000 < 0.12
