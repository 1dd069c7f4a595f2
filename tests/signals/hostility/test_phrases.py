"""What the judge is worth on callers' phrases, messages to a bot and turns at a bank, by another hand that nothing was built on."""

from pathlib import Path

import pytest

from assistant.signals.hostility import load_classifier
from assistant.signals.hostility.corpus import read_corpus
from scripts.evaluate_phrases import SETS, all_figures, main, read_levels, read_turns

AUROC, RECALL, FALSE_ON_UPSET = 0.97, 0.85, 0.02
BOT_AUROC, BOT_F1 = 0.95, 0.78
"""The figures that were asked for."""


def test_there_are_enough_lines_of_each_kind() -> None:
    levels = [line.level for line in read_corpus(SETS / "phrases")]
    assert min(levels.count(3), levels.count(1), levels.count(0)) >= 240
    messages = read_levels(SETS / "bot_abuse" / "messages.txt")
    assert sum(level == 3 for level, _ in messages) >= 250
    turns = read_turns(SETS / "ordinary" / "banking.txt")
    assert len(set(turns)) == len(turns) == 1000


@pytest.mark.model
def test_abuse_is_told_from_anger_and_ordinary_talk() -> None:
    figures = all_figures(load_classifier())
    phrases, bot = figures["phrases"], figures["messages to a bot"]
    assert phrases["auroc"] >= AUROC
    assert phrases["recall"] >= RECALL
    assert phrases["false_on_upset"] <= FALSE_ON_UPSET
    assert bot["auroc"] >= BOT_AUROC
    assert bot["f1"] >= BOT_F1


def test_a_line_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("phrases", "bot_abuse", "ordinary"):
        (tmp_path / name).mkdir()
    (tmp_path / "phrases" / "phrases.txt").write_text("# a | bank | tag\n0 - none | hello there\n", encoding="utf-8")
    (tmp_path / "bot_abuse" / "messages.txt").write_text("0 | hello\n2 | hm\n", encoding="utf-8")
    assert main(["--sets", str(tmp_path)]) == 2
    assert "messages.txt:2" in capsys.readouterr().err
