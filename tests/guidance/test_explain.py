"""Each card's cause is told, and so is what kept the others back: the block, or the one condition that failed."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.events import (
    AnyEvent,
    CardShown,
    CueHeard,
    Interruption,
    PressAction,
    Pressed,
    SpeechEnded,
    SpeechStarted,
    UtteranceScored,
)
from assistant.guidance.explain import Explanation, Held, explain
from assistant.guidance.guide import Guide
from assistant.guidance.nearly import Misses, NearMiss, WatchedRules, WatchedSteps
from assistant.guidance.policy import Budget, KindEvidence, KindLadder, LadderPolicy, Policy
from assistant.guidance.policy_file import load_policy
from assistant.guidance.replay import drive, replay
from assistant.guidance.rules import Situation
from assistant.timebase import Track
from scripts.benchmark.signals import LABELS, made_signals

BUNDLED = load_policy()
POLICY = msgspec.structs.replace(BUNDLED, budget=Budget(cool_down_s=45.0, gap_s=12.0, hold_s=5.0, dwell_s=4.0), cards=dict(BUNDLED.cards))
POLICY = msgspec.structs.replace(POLICY, cards={name: msgspec.structs.replace(card, hold_s=None) for name, card in POLICY.cards.items()})


def cue(t_s: float, name: str, confidence: float = 0.9, track: Track = "caller", text: str = "some words") -> CueHeard:
    return CueHeard(
        t_s=t_s,
        cue_id=f"k{t_s}",
        cue=name,  # type: ignore[arg-type]
        track=track,
        utterance_id=f"u{t_s}",
        start_s=round(t_s - 2.0, 3),
        end_s=round(t_s - 0.1, 3),
        text=text,
        rule="score",
        p=0.9,
        confidence=confidence,
    )


def judged(
    t_s: float, level: int, confidence: float = 0.9, p_abuse: float = 0.9, distress: float = 0.0, target: str = "person"
) -> UtteranceScored:
    scores = dict.fromkeys(LABELS, 0.02) | {"insult": 0.9 if level == 3 else 0.02, "distress": distress}
    return UtteranceScored(
        t_s=t_s,
        utterance_id=f"u{t_s}",
        track="caller",
        partial=False,
        scores=scores,
        level=level,
        target=target,
        p_abuse=p_abuse,
        abuse=level == 3,
        start_s=round(t_s - 2.0, 3),
        end_s=round(t_s - 0.1, 3),
        text="words that were judged",
        confidence=confidence,
    )


def talked_over(t_s: float) -> Interruption:
    return Interruption(
        t_s=t_s, interruption_id=f"i{t_s}", start_s=t_s, by="caller", of="agent", kind="competitive", cut_off=False, overlap_s=0.6
    )


def press(t_s: float, action: PressAction, card_id: str | None = None) -> Pressed:
    return Pressed(t_s=t_s, action=action, card_id=card_id)


def explained(*signals: AnyEvent, policy: Policy = POLICY, duration_s: float = 120.0) -> Explanation:
    ordered = [msgspec.structs.replace(one, seq=number) for number, one in enumerate(sorted(signals, key=lambda one: one.t_s), 1)]
    return explain(policy, ordered, duration_s)


def held(explanation: Explanation, card: str) -> Held:
    (one,) = (one for one in explanation.held if one.card == card)
    return one


def missed(explanation: Explanation, rule: str) -> NearMiss:
    (one,) = (one for one in explanation.near if one.rule == rule)
    return one


def test_a_card_that_came_tells_its_rule_words_times_and_heat() -> None:
    (came,) = explained(cue(3.2, "request_manager", text="put me through to your boss")).came
    assert (came.t_s, came.card, came.heat) == (3.2, "manager_request", 0.0)
    (reason,) = came.reasons
    told = (reason.rule, reason.quote, reason.start_s, reason.end_s)
    assert told == ("manager_request.asked", "put me through to your boss", 1.2, 3.1)
    assert (came.cleared, came.cleared_s) == ("expired", 28.224)


def test_a_card_of_an_agent_who_spoke_on_was_dropped_after_the_hold() -> None:
    speech = SpeechStarted(t_s=1.28, track="agent", start_s=1.0), SpeechEnded(t_s=16.0, track="agent", start_s=1.0, end_s=15.9)
    one = held(explained(*speech, cue(3.2, "request_manager")), "manager_request")
    (block,) = one.blocks
    assert (block.why, block.from_s, one.outcome, one.ended_s) == ("agent_speaks", 3.2, "dropped", 8.2)


def test_a_card_that_came_in_the_end_tells_what_it_waited_for() -> None:
    speech = SpeechStarted(t_s=1.28, track="agent", start_s=1.0), SpeechEnded(t_s=6.4, track="agent", start_s=1.0, end_s=6.3)
    explanation = explained(*speech, cue(3.2, "request_manager"))
    (came,) = explanation.came
    assert came.t_s == 6.4
    assert [(block.why, block.from_s, block.to_s) for block in came.waited] == [("agent_speaks", 3.2, 6.4)]
    assert explanation.held == ()


def test_a_card_that_was_shown_a_short_while_ago_rests() -> None:
    one = held(explained(cue(3.2, "request_manager"), cue(32.0, "request_manager")), "manager_request")
    (block,) = one.blocks
    assert (block.why, block.until_s, one.outcome, one.times) == ("cooling", 48.2, "dropped", 1)


def test_calls_for_a_card_that_rests_are_told_once() -> None:
    explanation = explained(cue(3.2, "request_manager"), cue(12.8, "request_manager"), cue(32.0, "request_manager"))
    one = held(explanation, "manager_request")
    assert (one.times, one.t_s, one.ended_s) == (2, 12.8, 37.0)


def test_a_card_too_soon_after_another_meets_the_gap() -> None:
    explanation = explained(cue(3.2, "request_manager"), press(4.8, "done", "c1"), cue(6.4, "request_call_back"))
    (block,) = held(explanation, "offer_callback").blocks
    assert (block.why, block.until_s) == ("gap", 15.2)


def test_a_muted_agent_gets_no_card() -> None:
    one = held(explained(press(1.6, "mute"), cue(3.2, "request_manager")), "manager_request")
    assert [block.why for block in one.blocks] == ["muted"]


def test_no_plain_card_comes_over_one_of_the_ladder() -> None:
    one = held(explained(judged(3.2, 3), cue(4.8, "request_manager")), "manager_request")
    assert [block.why for block in one.blocks] == ["outranked"]


def test_a_card_that_has_only_just_come_stays() -> None:
    calls = cue(3.2, "request_call_back"), cue(4.8, "request_manager")
    came = explained(*calls).came[1]
    assert (came.t_s, [(block.why, block.until_s) for block in came.waited]) == (7.2, [("dwell", 7.2)])


def test_a_step_that_no_supervisor_agreed_to_is_told() -> None:
    ladder = LadderPolicy(insult=KindLadder(approvers={"note": "supervisor"}))
    one = held(explained(judged(3.2, 3), policy=msgspec.structs.replace(POLICY, ladder=ladder)), "ladder.note")
    assert [block.why for block in one.blocks] == ["approval"]


def test_words_not_heard_well_are_a_near_miss() -> None:
    miss = missed(explained(cue(3.2, "request_manager", confidence=0.41)), "manager_request.asked")
    assert (miss.condition, miss.lacked, miss.quote) == ("confidence", "heard with confidence 0.41, below 0.6", "some words")


def test_two_of_three_times_are_a_near_miss_and_one_is_not() -> None:
    miss = missed(explained(talked_over(3.2), talked_over(6.4)), "reclaim_floor.talked_over")
    assert (miss.condition, miss.lacked) == ("count", "2 of 3 times within 90 s")
    assert [one for one in explained(talked_over(3.2)).near if one.rule == "reclaim_floor.talked_over"] == []


def test_a_heat_a_little_too_low_is_a_near_miss() -> None:
    miss = missed(explained(judged(3.2, 1), judged(4.8, 1)), "acknowledge.upset")
    asked = next(rule.heat_from for rule in POLICY.rules if rule.id == "acknowledge.upset")
    assert miss.condition == "heat_from"
    assert miss.lacked.endswith(f", from {asked:g}")


def test_a_no_that_was_not_heard_before_is_a_near_miss() -> None:
    miss = missed(explained(cue(3.2, "repeated_demand")), "boundary.after_refusal")
    assert (miss.condition, miss.lacked) == ("after", "no refusal within 120 s before")
    refused = explained(cue(1.6, "refusal", track="agent"), cue(3.2, "repeated_demand"))
    assert [one for one in refused.near if one.rule == "boundary.after_refusal"] == []


def test_a_ladder_that_is_not_clear_is_a_near_miss() -> None:
    explanation = explained(judged(3.2, 3), judged(40.0, 1), judged(41.6, 1))
    assert {one.condition for one in explanation.near if one.rule == "acknowledge.upset"} >= {"clear_ladder"}


def test_the_ladder_tells_what_evidence_lacked() -> None:
    unsure = missed(explained(judged(3.2, 3, confidence=0.5)), "ladder.insult")
    assert (unsure.condition, unsure.lacked) == ("confidence", "heard with confidence 0.50, below 0.6")
    twice = msgspec.structs.replace(POLICY, ladder=LadderPolicy(insult=KindLadder(evidence=KindEvidence(p=0.8, utterances=2))))
    once = missed(explained(judged(3.2, 3), policy=twice), "ladder.insult")
    assert (once.condition, once.lacked) == ("evidence.utterances", "1 of 2 times within 600 s")
    weak = missed(explained(judged(3.2, 3, p_abuse=0.7), policy=twice), "ladder.insult")
    assert (weak.condition, weak.lacked) == ("evidence.p", "probability of abuse 0.70, from 0.8")
    nobody = missed(explained(judged(3.2, 3, target="situation")), "ladder")
    assert (nobody.condition, nobody.lacked) == ("target", "aimed at nobody on the call (situation)")


def test_a_warning_that_is_due_is_what_the_next_step_lacks() -> None:
    explanation = explained(judged(3.2, 3), judged(32.0, 3), judged(64.0, 3))
    miss = missed(explanation, "ladder.insult")
    assert (miss.t_s, miss.condition, miss.lacked) == (64.0, "state", "the warning that is due was not given yet")


def test_distress_below_its_limit_is_a_near_miss_and_above_it_locks() -> None:
    near = missed(explained(judged(3.2, 1, distress=0.3, target="self")), "distress")
    assert (near.card, near.lacked) == ("crisis", "probability of distress 0.30, from 0.4")
    locked = explained(judged(3.2, 1, distress=0.9, target="self"), judged(32.0, 3))
    assert locked.locked_s == 3.2
    assert missed(locked, "ladder.insult").condition == "locked"


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_explained_is_what_is_advised(seed: int) -> None:
    signals = made_signals(seed, call_s=128.0)
    shown = [(event.t_s, event.card_id, event.card) for event in replay(BUNDLED, signals, 128.0) if isinstance(event, CardShown)]
    explanation = explain(BUNDLED, signals, 128.0)
    assert [(came.t_s, came.card_id, came.card) for came in explanation.came] == shown
    assert all(miss.short <= 0.5 and miss.lacked for miss in explanation.near)
    assert all(one.ended_s >= one.t_s for one in explanation.held)


class CheckedRules(WatchedRules):
    """Rules whose explanation is held against what they do."""

    def hear(self, event: AnyEvent, now: Situation):  # type: ignore[no-untyped-def]
        nothing_lacks = self.fires(event, now)
        fired = list(super().hear(event, now))
        assert [one.rule.id for one in fired] == nothing_lacks
        return iter(fired)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_rule_fires_exactly_where_no_condition_lacks(seed: int) -> None:
    misses = Misses()
    guide = Guide(BUNDLED, CheckedRules(BUNDLED, misses), WatchedSteps(BUNDLED, misses))
    for moment in drive(guide, made_signals(seed, call_s=128.0), 128.0):
        assert moment.t_s <= 128.0
