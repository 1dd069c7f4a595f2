"""What the cues are worth on lines by other hands, which nothing was built on: floors below the figures of docs/evaluation.md."""

from pathlib import Path

import pytest

from assistant.guidance.policy_file import load_policy
from assistant.signals.cues.corpus import CueLine, read_cue_lines
from assistant.signals.cues.kinds import CUES
from assistant.signals.hostility import load_classifier
from scripts.evaluate_cues import LINES, heard_in, measure

SETS = (LINES, LINES.with_name("cues_2"), LINES.with_name("cues_3"))
MEAN_PRECISION, MEAN_RECALL = 0.94, 0.91
PRECISION, RECALL, DISTRESS_RECALL = 0.9, 0.85, 0.95
"""What each cue must reach on all lines together: a set holds too few of one cue to tell such figures from chance."""


@pytest.fixture(scope="module")
def heard() -> dict[Path, tuple[list[CueLine], list[dict[str, str]]]]:
    classifier, words = load_classifier(), load_policy().warning_words
    sets = {folder: read_cue_lines(folder) for folder in SETS}
    return {folder: (lines, [heard_in(line, classifier, words) for line in lines]) for folder, lines in sets.items()}


def test_there_are_enough_lines_and_near_misses() -> None:
    sets = [read_cue_lines(folder) for folder in SETS]
    for lines in sets:
        assert len(lines) >= 600
        assert all(sum(cue in line.cues for line in lines) >= 30 for cue in CUES)
    assert 3 * sum(not line.cues for lines in sets for line in lines) >= sum(map(len, sets))


@pytest.mark.model
@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_cues_are_found_and_near_misses_are_not(heard: dict[Path, tuple[list[CueLine], list[dict[str, str]]]], folder: Path) -> None:
    rows = [row for row in measure(*heard[folder]) if row.cue in CUES]
    assert sum(row.precision for row in rows) / len(rows) >= MEAN_PRECISION
    assert sum(row.recall for row in rows) / len(rows) >= MEAN_RECALL


@pytest.mark.model
def test_each_cue_is_found_and_distress_is_missed_seldom(heard: dict[Path, tuple[list[CueLine], list[dict[str, str]]]]) -> None:
    lines = [line for some, _ in heard.values() for line in some]
    found = {row.cue: row for row in measure(lines, [cues for _, some in heard.values() for cues in some])}
    missed = {cue: row for cue, row in found.items() if row.precision < PRECISION or row.recall < RECALL}
    assert not missed
    assert found["distress"].recall >= DISTRESS_RECALL
