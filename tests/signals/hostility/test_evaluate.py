"""The evaluation: its figures on a judge whose faults are known."""

import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.signals.hostility import LABELS, Judgement, Text
from assistant.signals.hostility.corpus import Line
from assistant.signals.hostility.evaluate import ORDINARY_SETS, evaluate
from assistant.signals.hostility.report import as_picture, as_text
from assistant.signals.hostility.splits import split_of


class OneWord:
    """Calls abuse whatever holds "idiot", surely."""

    name = "one-word"

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        return [self._one("idiot" in text.text) for text in texts]

    def _one(self, bad: bool) -> Judgement:
        return Judgement(
            dict.fromkeys(LABELS, float(bad)), 3 if bad else 0, "person" if bad else "none", float(bad), bad, None
        )


LINES = """3 insult person | you are an idiot
3 insult person | you cretin
1 - situation | what an idiot of a machine
1 - situation | three weeks and no answer
0 - none | hello
0 - none | the muslim lady is here
2 insult report | your driver is an idiot
3 hostile person | for what << agent: can you hold
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    family = next(name for name in map(str, range(1000)) if split_of(name) == "test")
    (tmp_path / "x.txt").write_text(f"# {family} | bank | dialect, pair\n{LINES}")
    return tmp_path


def test_hits_and_false_alarms_are_counted(corpus: Path) -> None:
    report = evaluate(OneWord(), corpus=corpus)
    assert report["lines"] == 8
    found = report["abuse"]
    assert found["recall"] == pytest.approx(1 / 3)
    assert found["precision"] == pytest.approx(1 / 2)
    assert found["false_on_upset"] == pytest.approx(1 / 2)
    assert found["false_on_ordinary"] == 0.0
    assert found["called_abuse_of_hostile"] == 1.0
    assert report["context"]["with"]["n"] == 1
    assert report["fairness"]["identity words"]["n"] == 1
    assert report["fairness"]["dialect"]["n"] == 4
    assert report["tags"]["pair"]["n"] == 8
    assert report["levels"]["right"] == pytest.approx(3 / 8)
    assert report["labels"]["insult"]["n"] == 3


def test_lines_as_heard_are_measured_beside_the_same_lines_as_said(corpus: Path) -> None:
    def half(line: Line) -> Text | None:
        return replace(line.text, text="an idiom") if "idiot" in line.text.text else None

    found = evaluate(OneWord(), corpus=corpus, garbles={"half": half})["garbled"]["half"]
    assert found["said"]["recall"] == 1.0
    assert found["heard"]["recall"] == 0.0


def test_ordinary_turns_are_counted_once_each(corpus: Path) -> None:
    turns = [f"turn {n} idiot" for n in range(50)] * 2
    for name in ORDINARY_SETS:
        with gzip.open(corpus / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps({"text": turn}) + "\n" for turn in turns)
    found = evaluate(OneWord(), corpus=corpus, data=corpus)["ordinary"]["banking77"]
    assert 0 < found["turns"] < 20
    assert found["called_abuse"] == found["turns"]
    assert found["per_1000_turns"] == 1000.0
    assert found["per_hour"] > 1000


def test_the_report_can_be_shown(corpus: Path) -> None:
    report = evaluate(OneWord(), corpus=corpus)
    assert "one-word on test: 8 lines" in as_text(report)
    assert as_picture(report).startswith("<svg")
    assert json.loads(json.dumps(report))["abuse"]["n"] == 7


def test_an_empty_split_gives_no_figures_and_no_error(tmp_path: Path) -> None:
    report = evaluate(OneWord(), corpus=tmp_path)
    assert report["lines"] == 0
    assert math.isnan(report["abuse"]["auroc"])
