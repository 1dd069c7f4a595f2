"""Two policies on the same call: what only one advises, what comes at another time, and the counts."""

import msgspec

from assistant.guidance.compare import Advised, Difference, compare, differences, is_calm, totals
from assistant.guidance.policy_file import load_policy
from scripts.benchmark.signals import made_signals

POLICY = load_policy()
BARE = msgspec.structs.replace(POLICY, version="bare", rules=())


def card(t_s: float, name: str = "boundary") -> Advised:
    return Advised(t_s, "card", name, f"{name}.rule")


def test_the_same_advice_is_no_difference() -> None:
    assert differences([card(1.0), card(50.0)], [card(1.2), card(50.0)]) == ()


def test_advice_that_only_one_gives() -> None:
    gone, more = Difference("card", "boundary", 1.0, None, "boundary.rule"), Difference("card", "remit", None, 2.0, "remit.rule")
    assert differences([card(1.0)], [card(2.0, "remit")]) == (gone, more)


def test_advice_at_another_time_is_matched_with_the_nearest() -> None:
    assert differences([card(10.0)], [card(4.0), card(12.0)]) == (
        Difference("card", "boundary", None, 4.0, "boundary.rule"),
        Difference("card", "boundary", 10.0, 12.0, "boundary.rule"),
    )


def test_a_policy_against_itself_differs_nowhere() -> None:
    compared = [compare(f"c{seed}", made_signals(seed, 96.0), 96.0, "v", POLICY, POLICY) for seed in range(12)]
    facts = totals(compared)
    assert facts["calls_that_differ"] == 0
    assert facts["old"] == facts["new"]
    assert sum(facts["old"]["cards"].values()) > 0


def test_a_policy_without_rules_gives_fewer_cards_and_the_same_steps() -> None:
    facts = totals(compare(f"c{seed}", made_signals(seed), 300.0, "v", POLICY, BARE) for seed in range(12))
    assert facts["old"]["steps"] == facts["new"]["steps"]
    assert facts["old"]["steps"]
    assert facts["new"]["cards_an_hour"] < facts["old"]["cards_an_hour"]
    assert set(facts["new"]["cards"]) <= {"crisis", "ladder.note", "ladder.warning", "ladder.final_warning", "ladder.end_call"}
    assert facts["old"]["warnings"] == facts["old"]["steps"].get("warning", 0) + facts["old"]["steps"].get("final_warning", 0)


def test_no_call_gives_no_figures() -> None:
    facts = totals([])
    assert (facts["calls"], facts["old"]["cards_an_hour"], facts["old"]["first_card_delay_median_s"]) == (0, 0.0, None)


def test_a_heated_call_is_not_calm() -> None:
    assert is_calm([], 49.9)
    assert not is_calm([], 50.0)
