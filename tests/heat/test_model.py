"""Heat rises with causes, fades with time, and says why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import Reason
from assistant.heat.levels import FALLS_BELOW, LEVELS, RISES_AT, next_level
from assistant.heat.model import HeatModel

WHY = Reason(rule="test", what="because")


def test_a_call_without_causes_is_calm() -> None:
    heat = HeatModel().read(100.0)
    assert (heat.heat, heat.level, heat.trend, heat.reasons) == (0.0, "calm", 0.0, ())


def test_heat_halves_in_about_a_half_life() -> None:
    model = HeatModel()
    model.cause("u1", 0.0, 20.0, WHY)
    assert model.read(45.0).heat == pytest.approx(model.read(0.0).heat / 2, rel=0.1)


def test_a_revised_cause_replaces_itself() -> None:
    model = HeatModel()
    model.cause("u1", 0.0, 40.0, WHY)
    high = model.read(0.0).heat
    model.cause("u1", 0.0, 10.0, WHY)
    assert model.read(0.0).heat < high / 2
    model.cause("u1", 0.0, 0.0, WHY)
    assert model.read(0.0).heat == 0.0


def test_reasons_carry_all_of_the_heat_between_them() -> None:
    model = HeatModel()
    for number, points in enumerate((5.0, 30.0, 12.0)):
        model.cause(f"u{number}", 0.0, points, WHY)
    heat = model.read(0.0)
    carried = [reason.points or 0.0 for reason in heat.reasons]
    assert carried == sorted(carried, reverse=True)
    assert sum(carried) == pytest.approx(heat.heat, abs=0.2)


def test_nothing_is_told_while_nothing_moves() -> None:
    model = HeatModel()
    model.cause("u1", 0.0, 30.0, WHY)
    assert model.told(0.0) is not None
    assert model.told(0.5) is None
    assert model.told(5.0) is not None
    later = model.told(13.0)
    assert later is not None
    assert later.trend < 0


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 60)), max_size=30))
def test_heat_stays_in_its_range_and_more_causes_never_cool(causes: list[tuple[float, float]]) -> None:
    model = HeatModel()
    before = 0.0
    for number, (_, points) in enumerate(causes):
        model.cause(str(number), 0.0, points, WHY)
        heat = model.read(0.0).heat
        assert before <= heat <= 100.0
        before = heat


@given(st.sampled_from(LEVELS), st.floats(0, 100))
def test_levels_have_hysteresis(level: str, heat: float) -> None:
    after = next_level(level, heat)  # type: ignore[arg-type]
    if after != "boiling":
        assert heat < RISES_AT[LEVELS[LEVELS.index(after) + 1]]
    if after != "calm":
        assert heat >= FALLS_BELOW[after]
    assert next_level(after, heat) == after


def test_what_calms_takes_heat_away_and_says_so() -> None:
    model = HeatModel()
    model.cause("u1", 0.0, 40.0, WHY)
    hot = model.value(0.0)
    model.cause("k1", 0.0, -12.0, Reason(rule="cue.apology", what="said sorry"))
    reading = model.read(0.0)
    assert reading.heat < hot - 5.0
    assert [(reason.what, (reason.points or 0.0) < 0.0) for reason in reading.reasons] == [("because", False), ("said sorry", True)]


def test_calm_words_alone_never_bring_heat_below_nothing() -> None:
    model = HeatModel()
    model.cause("k1", 0.0, -12.0, WHY)
    assert model.read(0.0).heat == 0.0


def test_one_quiet_minute_after_a_threat_is_not_a_calm_call() -> None:
    model = HeatModel()
    model.cause("u1", 0.0, 38.0, WHY, grave=True)
    assert model.read(60.0).level != "calm"


def test_heat_tells_again_once_it_is_gone() -> None:
    model = HeatModel()
    model.cause("u1", 0.0, 3.0, WHY)
    assert model.told(0.0) is not None
    told = [model.told(float(t_s)) for t_s in range(1, 400)]
    assert [heat.heat for heat in told if heat is not None][-1] == 0.0
    assert model.idle
