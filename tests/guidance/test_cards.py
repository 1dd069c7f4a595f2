"""One card at a time, each long enough, none while the agent speaks but the urgent."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.guidance.cards import Candidate, Cards, Cleared, Shown
from assistant.guidance.policy import CARDS, Budget
from assistant.guidance.policy_file import load_policy

POLICY = load_policy()
BUDGET = Budget(dwell_s=4.0, cool_down_s=45.0, hold_s=12.0, gap_s=0.0, done_times=1.0)


def candidate(card: str, t_s: float = 0.0) -> Candidate:
    return Candidate(card, POLICY.cards[card], t_s, ())


def shown(changes: list[Shown | Cleared]) -> list[str]:
    return [change.candidate.card for change in changes if isinstance(change, Shown)]


def test_a_card_waits_for_the_agent_to_pause() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("acknowledge"))
    assert cards.settle(0.0, agent_speaks=True) == []
    assert shown(cards.settle(3.0, agent_speaks=False)) == ["acknowledge"]


def test_a_card_that_waited_too_long_does_not_come() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("acknowledge"))
    assert cards.settle(13.0, agent_speaks=False) == []


def test_urgent_cards_come_while_the_agent_speaks() -> None:
    for card in ("crisis", "ladder.warning"):
        cards = Cards(BUDGET)
        cards.offer(candidate(card))
        assert shown(cards.settle(0.0, agent_speaks=True)) == [card]


def test_crisis_replaces_a_ladder_card_at_once() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("ladder.end_call"))
    cards.settle(0.0, agent_speaks=False)
    cards.offer(candidate("crisis", 0.5))
    assert cards.settle(0.5, agent_speaks=False)[0] == Cleared("c1", "replaced")
    assert cards.now is not None
    assert cards.now.candidate.card == "crisis"


def test_a_plain_card_never_replaces_an_urgent_one() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("ladder.warning"))
    cards.settle(0.0, agent_speaks=False)
    cards.offer(candidate("reclaim_floor", 5.0))
    assert cards.settle(6.0, agent_speaks=False) == []


def test_a_card_cools_down() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("acknowledge"))
    cards.settle(0.0, agent_speaks=False)
    assert cards.press("c1", "done") == [Cleared("c1", "done")]
    cards.offer(candidate("acknowledge", 30.0))
    assert cards.settle(30.0, agent_speaks=False) == []
    cards.offer(candidate("acknowledge", 46.0))
    assert shown(cards.settle(46.0, agent_speaks=False)) == ["acknowledge"]


def test_a_card_that_did_not_help_stays_away_longer_than_one_that_was_done() -> None:
    for press, back_s in (("done", 90.0), ("not_helpful", 270.0)):
        cards = Cards(Budget(cool_down_s=45.0, gap_s=0.0, done_times=2.0, not_helpful_times=6.0))
        cards.offer(candidate("acknowledge"))
        cards.settle(0.0, agent_speaks=False)
        cards.press("c1", press)  # type: ignore[arg-type]
        cards.offer(candidate("acknowledge", back_s - 1.0))
        assert shown(cards.settle(back_s - 1.0, agent_speaks=False)) == []
        cards.offer(candidate("acknowledge", back_s))
        assert shown(cards.settle(back_s, agent_speaks=False)) == ["acknowledge"]


def test_cards_grow_rarer_as_the_call_goes_on() -> None:
    cards = Cards(Budget(dwell_s=0.0, cool_down_s=0.0, gap_s=10.0, gap_growth=2.0, longest_gap_s=60.0))
    came: list[int] = []
    for t_s in range(400):
        cards.offer(candidate("acknowledge", float(t_s)))
        came += [t_s for _ in shown(cards.settle(float(t_s), agent_speaks=False))]
    assert came == [0, 10, 30, 70, 130, 190, 250, 310, 370]


def test_a_muted_screen_shows_the_urgent_alone() -> None:
    cards = Cards(BUDGET)
    cards.muted = True
    cards.offer(candidate("manager_request"))
    assert cards.settle(0.0, agent_speaks=False) == []
    cards.offer(candidate("crisis", 1.0))
    assert shown(cards.settle(1.0, agent_speaks=False)) == ["crisis"]


def test_what_is_not_advised_any_longer_goes_at_once() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("ladder.warning"))
    cards.settle(0.0, agent_speaks=False)
    assert cards.withdraw("ladder.") == [Cleared("c1", "withdrawn")]
    assert cards.now is None


def test_a_card_expires() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("acknowledge"))
    cards.settle(0.0, agent_speaks=False)
    assert cards.settle(19.9, agent_speaks=False) == []
    assert cards.settle(20.0, agent_speaks=False) == [Cleared("c1", "expired")]


def test_a_late_press_does_nothing() -> None:
    cards = Cards(BUDGET)
    cards.offer(candidate("acknowledge"))
    cards.settle(0.0, agent_speaks=False)
    assert cards.press("c0", "done") == []
    assert cards.press(None, "done") == []


@given(
    st.lists(
        st.tuples(st.floats(0.1, 10.0), st.sampled_from([None, *CARDS]), st.booleans()),
        max_size=60,
    )
)
def test_at_most_one_card_and_none_plain_in_the_agents_own_sentence(steps: list[tuple[float, str | None, bool]]) -> None:
    cards = Cards(BUDGET)
    now, on_screen = 0.0, set()
    for wait_s, card, agent_speaks in steps:
        now += wait_s
        if card is not None:
            cards.offer(candidate(card, now))
        for change in cards.settle(now, agent_speaks):
            if isinstance(change, Cleared):
                on_screen.remove(change.card_id)
            else:
                on_screen.add(change.card_id)
                assert change.candidate.urgent or not agent_speaks
        assert len(on_screen) <= 1
    assert {gone.card_id for gone in cards.end()} == on_screen
