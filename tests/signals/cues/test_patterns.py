"""Patterns are surer than a score, or they go."""

import re
import time
from collections import Counter
from pathlib import Path

import pytest

from assistant.signals.cues.corpus import read_cue_lines
from assistant.signals.cues.patterns import allowed, fired, fires, patterns, vetoed, vetoes
from assistant.signals.cues.wording import worded

CORPUS = Path(__file__).parents[3] / "models" / "hostility" / "cues"
LINES = read_cue_lines(CORPUS)


def _named(text: str, speaker: str = "caller", before: str | None = None) -> set[str]:
    return {match.pattern.name for match in fired(worded(text), speaker, before)}


def test_each_pattern_is_right_on_nine_in_ten_lines_on_which_it_fires() -> None:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for line in LINES:
        wording = worded(line.text.text)
        for pattern in patterns():
            if allowed(line.text.speaker, pattern.cue) and fires(pattern, wording, line.text.before) is not None:
                (right if pattern.cue in line.cues else wrong)[pattern.name] += 1
    unsure = {name: (right[name], count) for name, count in wrong.items() if right[name] < 0.9 * (right[name] + count)}
    assert unsure == {}
    assert {pattern.name for pattern in patterns()} == set(right)


def test_a_pattern_is_tried_wherever_it_fires() -> None:
    missed = []
    for line in LINES:
        wording = worded(line.text.text)
        said = set(wording.text.split())
        missed += [
            (pattern.name, wording.text) for pattern in patterns() if pattern.said.search(wording.text) and pattern.on.isdisjoint(said)
        ]
        missed += [(veto.name, wording.text) for veto in vetoes() if veto.said.search(wording.text) and veto.on.isdisjoint(said)]
    assert missed == []


def test_no_veto_holds_back_a_cue_that_is_there() -> None:
    assert [(line.where, cue) for line in LINES for cue in vetoed(worded(line.text.text)) if cue in line.cues] == []


def test_names_are_of_their_cue_and_used_once() -> None:
    names = [pattern.name for pattern in patterns()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(rf"pattern:{pattern.cue}\.[a-z_]+", pattern.name) for pattern in patterns())


@pytest.mark.parametrize(
    ("text", "before", "name"),
    [
        ("sorry", "it's the fourteenth of the ninth", "pattern:repair.sorry_number"),
        ("could you repeat that please", None, "pattern:repair.say_again"),
        ("Sorry, I can't hear you.", None, "pattern:repair.cannot_hear"),
        ("give me my money back", None, "pattern:request_refund.money_back"),
        ("right i'll see you in court", None, "pattern:legal_threat.court"),
        ("i'm going to kill myself", None, "pattern:self_harm.kill_myself"),
        ("um he he can't breathe", None, "pattern:medical.breathing"),
    ],
)
def test_words_that_tell(text: str, before: str | None, name: str) -> None:
    assert name in _named(text, before=before)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("sorry", "could you spell the surname"),
        ("sorry", None),
        ("there is no rush", None),
        ("this wait is killing me", None),
        ("i'd like an apology in person", None),
        ("can i put my repeat in for the tablets", None),
        ("i don't care which colour it is", None),
        ("the battery may die and the call will end", None),
        ("", None),
    ],
)
def test_words_that_only_look_so(text: str, before: str | None) -> None:
    assert _named(text, before=before) == set()


def test_near_misses_are_vetoed() -> None:
    assert "request_rush" in vetoed(worded("there's no rush at all"))
    assert vetoed(worded("this wait is killing me"))["self_harm"] < 1
    assert "self_harm" not in vetoed(worded("i am going to do it tonight"))


def test_who_speaks_decides() -> None:
    assert _named("i'll call you back tomorrow before ten", "caller") == set()
    assert "pattern:promise.back_to_you" in _named("i'll call you back tomorrow before ten", "agent")
    assert "pattern:promise.back_to_you" in _named("i'll call you back tomorrow before ten", "mixed")


def test_patterns_are_quick() -> None:
    wordings = [worded(line.text.text) for line in LINES[:1000]]
    patterns(), vetoes()
    spent = []
    for _ in range(3):
        began = time.process_time()
        for wording in wordings:
            fired(wording, "mixed", "it's one four nine")
            vetoed(wording)
        spent.append((time.process_time() - began) / len(wordings))
    assert min(spent) < 0.2e-3
