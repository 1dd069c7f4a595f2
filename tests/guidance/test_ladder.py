"""The ladder: what leads where, and what never does."""

from itertools import product
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from assistant.guidance.ladder import STATES, TRANSITIONS, Ladder, State, Trigger, diagram

NO_SKIPS = st.lists(st.sampled_from(("abuse", "warning_given", "apology")), max_size=40)
TRIGGERS = st.lists(st.sampled_from(get_args(Trigger)), max_size=30)


def test_every_state_answers_every_trigger() -> None:
    assert set(TRANSITIONS) == set(product(get_args(State), get_args(Trigger)))


def test_the_way_to_the_end_of_a_call() -> None:
    ladder = Ladder()
    steps = [ladder.pull(t) for t in ("abuse", "abuse", "warning_given", "abuse", "warning_given", "abuse")]  # type: ignore[arg-type]
    assert steps == ["note", "warning", None, "final_warning", None, "end_call"]


@given(NO_SKIPS)
def test_no_end_without_two_warnings_and_abuse_after_each(triggers: list[Trigger]) -> None:
    ladder = Ladder()
    for number, trigger in enumerate(triggers):
        if ladder.pull(trigger) == "end_call":
            before = triggers[: number + 1]
            assert before.count("warning_given") >= 2
            last_warning = max(i for i, one in enumerate(before) if one == "warning_given")
            assert "abuse" in before[last_warning:]


@given(TRIGGERS)
def test_an_apology_never_leads_higher(triggers: list[Trigger]) -> None:
    ladder = Ladder()
    for trigger in triggers:
        ladder.pull(trigger)
    before = STATES.index(ladder.state)
    assert ladder.pull("apology") is None
    assert STATES.index(ladder.state) <= before


@given(TRIGGERS, st.sampled_from(("warning", "final_warning", "end_call")))
def test_a_skip_leads_at_least_to_its_step(triggers: list[Trigger], step: str) -> None:
    due = {"warning": "warning_due", "final_warning": "final_warning_due", "end_call": "may_end"}[step]
    ladder = Ladder()
    for trigger in triggers:
        ladder.pull(trigger)
    ladder.pull(f"skip_to_{step}")  # type: ignore[arg-type]
    assert STATES.index(ladder.state) >= STATES.index(due)  # type: ignore[arg-type]


@given(TRIGGERS)
def test_a_locked_ladder_advises_nothing(triggers: list[Trigger]) -> None:
    ladder = Ladder(locked=True)
    assert [ladder.pull(trigger) for trigger in triggers] == [None] * len(triggers)


def test_the_diagram_in_the_docs_is_the_table() -> None:
    from pathlib import Path

    page = Path(__file__).parents[2] / "docs" / "architecture.md"
    assert diagram() in page.read_text("utf-8")
