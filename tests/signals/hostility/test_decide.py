"""From logits to a judgement."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelLoadError
from assistant.signals.hostility.decide import Calibration, claim, decide
from assistant.signals.hostility.labels import LABELS, OUTPUTS


def logits(**given_: float) -> np.ndarray:
    row = np.full(len(OUTPUTS), -4.0, dtype=np.float32)
    for name, value in given_.items():
        row[OUTPUTS.index(name)] = value
    return row


ABUSE = logits(insult=5, level_3=5, target_person=5)
UPSET = logits(level_1=5, target_situation=5, distress=3)
SURE = Calibration(threshold=0.6)


def test_the_worst_window_counts() -> None:
    judged = decide(np.stack([UPSET, ABUSE, UPSET]), SURE)
    assert judged.abuse
    assert judged.level == 3
    assert judged.target == "person"
    assert judged.p["insult"] > 0.9


def test_no_level_3_below_the_threshold() -> None:
    hot = logits(level_3=0.3, level_2=0.0, target_person=1)
    judged = decide(hot[None], SURE)
    assert not judged.abuse
    assert judged.level == 2


def test_an_agent_is_never_judged_for_feeling() -> None:
    caller, agent = decide(UPSET[None], SURE), decide(UPSET[None], SURE, agent=True)
    assert (caller.level, agent.level) == (1, 0)
    assert caller.p["distress"] > 0.9
    assert agent.p["distress"] == 0.0


def test_unsure_words_claim_less() -> None:
    sure, unsure = decide(ABUSE[None], SURE), decide(ABUSE[None], SURE, confidence=0.4)
    assert sure.abuse
    assert not unsure.abuse
    assert unsure.level == 2 or unsure.level != 3
    assert unsure.p_abuse == pytest.approx(sure.p_abuse / 2)


@given(st.floats(), st.floats())
def test_claim_grows_with_confidence(one: float, other: float) -> None:
    low, high = sorted((one, other)) if one == one and other == other else (0.0, 1.0)
    assert 0.0 <= claim(low) <= claim(high) <= 1.0


def test_calibration_survives_its_file(tmp_path: Path) -> None:
    kept = Calibration(dict.fromkeys(LABELS, (1.5, -0.25)), (1.0, 0.5, -1.0), 0.7)
    kept.save(tmp_path / "c.json", {"chosen_on": "a test"})
    assert Calibration.load(tmp_path / "c.json") == kept


@pytest.mark.parametrize(
    "content", ["", "[]", '{"threshold": 0.5}', '{"threshold": 2, "abuse": [1,0,0], "labels": {}}']
)
def test_a_broken_calibration_names_its_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(ModelLoadError, match=r"c\.json"):
        Calibration.load(tmp_path / "c.json")
