"""What the judge is worth on functions of hateful and harmless speech, by lines of another hand that nothing was built on."""

from pathlib import Path

import pytest

from assistant.signals.hostility import load_classifier
from scripts.evaluate_functional import CASES, main, read_cases, share_right

HATEFUL, HARMLESS, AT_INDIVIDUALS = 0.8, 0.6, 0.85
"""The figures that were asked for."""


def test_there_are_enough_cases_of_each_function() -> None:
    cases = read_cases(CASES)
    assert len(cases) >= 600
    names = [case.functionality for case in cases]
    assert min(names.count(name) for name in set(names)) >= 10
    assert len({case.words for case in cases}) == len(cases)


@pytest.mark.model
def test_hate_is_found_and_harmless_words_are_not() -> None:
    shares = share_right(load_classifier(), read_cases(CASES))
    assert shares["all hateful"][1] >= HATEFUL
    assert shares["all harmless"][1] >= HARMLESS
    assert shares["hateful, at individuals"][1] >= AT_INDIVIDUALS


def test_a_case_that_is_none_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cases.txt").write_text("a | hateful | group | words\na | hurtful | group | words\n", encoding="utf-8")
    assert main(["--cases", str(tmp_path / "cases.txt")]) == 2
    assert "cases.txt:2" in capsys.readouterr().err
