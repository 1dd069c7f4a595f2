"""What the cues are worth on lines by other hands, which nothing was built on: floors below the figures of docs/evaluation.md."""

from pathlib import Path

import pytest

from assistant.guidance.policy_file import load_policy
from assistant.signals.cues.corpus import read_cue_lines
from assistant.signals.cues.kinds import CUES
from assistant.signals.hostility import load_classifier
from scripts.evaluate_cues import LINES, Found, heard_in, measure

SETS = (LINES, LINES.with_name("cues_2"))
MEAN_PRECISION, MEAN_RECALL = 0.94, 0.91
DISTRESS_RECALL = 0.95


@pytest.fixture(scope="module", params=SETS, ids=lambda folder: folder.name)
def found(request: pytest.FixtureRequest) -> dict[str, Found]:
    lines = read_cue_lines(request.param)
    classifier, words = load_classifier(), load_policy().warning_words
    return {row.cue: row for row in measure(lines, [heard_in(line, classifier, words) for line in lines])}


@pytest.mark.parametrize("folder", SETS, ids=lambda folder: folder.name)
def test_there_are_enough_lines_and_near_misses(folder: Path) -> None:
    lines = read_cue_lines(folder)
    assert len(lines) >= 600
    assert 3 * sum(not line.cues for line in lines) >= len(lines)
    assert all(sum(cue in line.cues for line in lines) >= 30 for cue in CUES)


@pytest.mark.model
def test_cues_are_found_and_near_misses_are_not(found: dict[str, Found]) -> None:
    rows = [found[cue] for cue in CUES]
    assert sum(row.precision for row in rows) / len(rows) >= MEAN_PRECISION
    assert sum(row.recall for row in rows) / len(rows) >= MEAN_RECALL


@pytest.mark.model
def test_distress_is_missed_seldom(found: dict[str, Found]) -> None:
    assert found["distress"].recall >= DISTRESS_RECALL
