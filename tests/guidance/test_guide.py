"""From beliefs to advice: evidence, approvals, apologies, distress, rules, policies that change."""

from typing import Any

import msgspec
import pytest

from assistant import events as ev
from assistant.guidance.guide import Guide
from assistant.guidance.policy import Policy
from assistant.guidance.policy_file import load_policy
from assistant.signals.hostility import LABELS

POLICY = load_policy()


def judged(t_s: float, level: int, *, kind: str = "insult", track: str = "caller", p: float = 0.9, **more: Any) -> ev.UtteranceScored:
    """A final judgement of an utterance that ended just now."""
    scores = dict.fromkeys(LABELS, 0.02) | ({kind: p} if level == 3 else {})
    fields: dict[str, Any] = {
        "utterance_id": f"u{t_s}",
        "track": track,
        "partial": False,
        "scores": scores,
        "level": level,
        "target": "person" if level >= 2 else "situation",
        "p_abuse": p if level == 3 else 0.05,
        "abuse": level == 3,
        "start_s": t_s - 1.0,
        "end_s": t_s,
        "text": "some words",
        "confidence": 0.9,
        "t_s": t_s,
    }
    return ev.UtteranceScored(**(fields | more))


def cue(t_s: float, name: str, track: str = "caller", **more: Any) -> ev.CueHeard:
    fields: dict[str, Any] = {
        "cue_id": f"k{t_s}",
        "cue": name,
        "track": track,
        "utterance_id": f"u{t_s}",
        "start_s": t_s - 1.0,
        "end_s": t_s,
        "text": "some words",
        "rule": "score",
        "p": 0.9,
        "confidence": 0.9,
        "t_s": t_s,
    }
    return ev.CueHeard(**(fields | more))


def run(policy: Policy, *signals: ev.AnyEvent, until_s: float = 0.0) -> list[ev.AnyEvent]:
    """What a guide says to `signals`, ticking each half second between them."""
    guide = Guide(policy)
    told: list[ev.AnyEvent] = []
    now_s = 0.0
    for signal in signals:
        while now_s < signal.t_s:
            told += guide.tick(now_s)
            now_s += 0.5
        told += guide.hear(signal)
    while now_s < until_s:
        told += guide.tick(now_s)
        now_s += 0.5
    return told + guide.end(now_s)


def cards(events: list[ev.AnyEvent]) -> list[str]:
    return [event.card for event in events if isinstance(event, ev.CardShown)]


def steps(events: list[ev.AnyEvent]) -> list[str]:
    return [event.step for event in events if isinstance(event, ev.LadderMoved)]


def with_ladder(**kinds: Any) -> Policy:
    ladder = msgspec.convert(msgspec.to_builtins(POLICY.ladder) | kinds, type(POLICY.ladder))
    return msgspec.structs.replace(POLICY, ladder=ladder)


WARNED = (judged(10, 3), judged(20, 3), cue(25, "warning", "agent"), judged(40, 3), cue(45, "warning", "agent"))


def test_the_whole_ladder_needs_new_abuse_after_each_warning() -> None:
    assert steps(run(POLICY, *WARNED)) == ["note", "warning", "final_warning"]
    assert steps(run(POLICY, *WARNED, judged(60, 3))) == ["note", "warning", "final_warning", "end_call"]


def test_anger_at_the_matter_moves_nothing_however_hot() -> None:
    events = run(POLICY, *(judged(float(t_s), 1) for t_s in range(5, 100, 3)))
    assert steps(events) == []
    assert max(event.heat for event in events if isinstance(event, ev.HeatChanged)) > 50


def test_words_that_are_heard_badly_move_nothing() -> None:
    events = run(POLICY, judged(10, 3, confidence=0.5), cue(12, "self_harm", confidence=0.4), cue(14, "request_manager", confidence=0.4))
    assert steps(events) == cards(events) == []


def test_an_agent_is_never_on_the_ladder_nor_in_the_heat() -> None:
    events = run(POLICY, judged(10, 3, track="agent"), cue(12, "dismissal", "agent"))
    assert events == []


@pytest.mark.parametrize("target", ["self", "situation", "none", "third_person_report"])
def test_an_insult_that_is_aimed_at_nobody_here_moves_nothing(target: str) -> None:
    assert steps(run(POLICY, judged(10, 3, target=target), judged(20, 3, target=target))) == []


def test_a_threat_counts_whoever_it_is_aimed_at() -> None:
    assert steps(run(POLICY, judged(10, 3, kind="threat", target="third_person_report"))) == ["note"]


def test_a_sure_threat_skips_where_the_policy_says_so() -> None:
    events = run(POLICY, judged(10, 3, kind="threat", p=0.99))
    assert steps(events) == ["final_warning"]
    shown = next(event for event in events if isinstance(event, ev.CardShown))
    assert "threat" in shown.say
    assert steps(run(POLICY, judged(10, 3, kind="threat", p=0.99, confidence=0.7))) == ["note"]


def test_a_kind_may_ask_for_more_evidence() -> None:
    policy = with_ladder(insult={"evidence": {"utterances": 2, "within_s": 30.0}})
    assert steps(run(policy, judged(10, 3), judged(60, 3))) == []
    assert steps(run(policy, judged(10, 3), judged(20, 3))) == ["note"]


def test_a_step_that_a_kind_lacks_is_not_advised() -> None:
    policy = with_ladder(insult={"steps": ["note", "warning"]})
    assert steps(run(policy, *WARNED, judged(60, 3), judged(70, 3))) == ["note", "warning"]


def test_belittling_counts_where_the_policy_says_so() -> None:
    assert steps(run(POLICY, judged(10, 2))) == []
    assert steps(run(with_ladder(belittling_counts=True), judged(10, 2))) == ["note"]


def test_a_step_that_a_supervisor_must_agree_to_waits_for_the_press() -> None:
    policy = with_ladder(insult={"approvers": {"end_call": "supervisor"}})
    moved = run(policy, *WARNED, judged(60, 3), until_s=70.0)
    assert [event.approver for event in moved if isinstance(event, ev.LadderMoved)][-1] == "supervisor"
    assert "ladder.end_call" not in cards(moved)
    agreed = run(policy, *WARNED, judged(60, 3), ev.Pressed(action="approve", t_s=65.0), until_s=70.0)
    assert "ladder.end_call" in cards(agreed)
    assert any(isinstance(event, ev.StepApproved) for event in agreed)
    early = run(policy, ev.Pressed(action="approve", t_s=1.0))
    assert early == []


def test_an_apology_cools_and_abuse_after_it_starts_lower() -> None:
    events = run(POLICY, judged(10, 3), judged(20, 3), cue(30, "apology"), judged(40, 3))
    assert steps(events) == ["note", "warning", "warning"]
    assert any(isinstance(event, ev.LadderCooled) for event in events)
    assert [event.why for event in events if isinstance(event, ev.CardCleared)][0:2] != []


def test_an_apology_in_the_breath_of_an_insult_cools_nothing() -> None:
    assert not any(isinstance(event, ev.LadderCooled) for event in run(POLICY, judged(10, 3), cue(10.5, "apology")))
    assert not any(isinstance(event, ev.LadderCooled) for event in run(POLICY, judged(10, 3), cue(20, "apology", "agent")))


def test_distress_locks_shows_crisis_and_takes_ladder_cards_away() -> None:
    events = run(POLICY, judged(10, 3), judged(20, 3), cue(22, "self_harm", p=0.99), judged(40, 3), judged(50, 3))
    assert any(isinstance(event, ev.TerminationLocked) for event in events)
    assert cards(events) == ["ladder.note", "ladder.warning", "crisis"]
    assert "withdrawn" in [event.why for event in events if isinstance(event, ev.CardCleared)]
    assert steps(events) == ["note", "warning"]


def test_one_unsure_word_of_distress_waits_for_a_second() -> None:
    def locked(*signals: ev.AnyEvent) -> list[float]:
        guide = Guide(POLICY)
        return [signal.t_s for signal in signals if any(isinstance(told, ev.TerminationLocked) for told in guide.hear(signal))]

    asked = POLICY.evidence
    below = asked.distress_cue_p - 0.01
    assert locked(cue(20, "self_harm", p=below)) == []
    assert locked(cue(20, "self_harm", p=asked.distress_cue_p)) == [20]
    assert locked(cue(20, "self_harm", p=below), cue(60, "medical", p=0.5)) == [60]
    assert locked(cue(20, "danger", p=below), cue(21 + asked.distress_within_s, "danger", p=0.5)) == []
    assert locked(cue(20, "self_harm", p=below), cue(20.1, "medical", p=below, utterance_id="u20")) == []
    assert locked(cue(20, "danger", "agent", p=1.0), cue(30, "danger", p=below)) == []


def test_a_person_unlocks() -> None:
    events = run(POLICY, cue(5, "medical", p=0.99), ev.Pressed(action="unlock", t_s=10.0), judged(40, 3))
    assert any(isinstance(event, ev.TerminationUnlocked) for event in events)
    assert steps(events) == ["note"]


@pytest.mark.parametrize(
    ("name", "card"),
    [
        ("request_manager", "manager_request"),
        ("request_write_up", "written_channel"),
        ("request_call_back", "offer_callback"),
        ("review_threat", "review_threat"),
        ("legal_threat", "legal_threat"),
        ("integrity_challenge", "what_was_said"),
    ],
)
def test_a_cue_brings_its_card_and_threats_to_tell_are_no_abuse(name: str, card: str) -> None:
    events = run(POLICY, cue(10, name), until_s=12.0)
    assert cards(events) == [card]
    assert steps(events) == []


def test_asking_again_after_a_no_brings_the_boundary() -> None:
    assert cards(run(POLICY, cue(20, "repeated_demand"))) == []
    assert cards(run(POLICY, cue(10, "refusal", "agent"), cue(20, "repeated_demand"))) == ["boundary"]


def test_three_apologies_of_the_agent_are_enough_in_a_warm_call() -> None:
    sorry = [cue(20.0 + 5.0 * n, "apology", "agent") for n in range(3)]
    assert cards(run(POLICY, *sorry)) == []
    assert "own_it_once" in cards(run(POLICY, judged(5, 2), *sorry))


def test_what_may_be_granted_is_in_the_words() -> None:
    events = run(POLICY, judged(5, 2), cue(20, "request_refund"))
    shown = [event for event in events if isinstance(event, ev.CardShown) and event.card == "remit"]
    assert POLICY.remit[0].say in shown[0].say


def test_the_third_party_is_protected_only_where_there_is_one() -> None:
    hostile = (judged(10, 2), judged(15, 2))
    there = judged(8, 0, track="third_party")
    assert "protect_third_party" not in cards(run(POLICY, *hostile))
    assert "protect_third_party" in cards(run(POLICY, there, *hostile))
    assert "protect_third_party" not in cards(run(POLICY, there, judged(60, 2), judged(65, 2)))


def test_a_hot_call_ends_with_the_offer_of_a_break() -> None:
    hot = run(POLICY, *(judged(float(t_s), 2) for t_s in range(5, 125, 4)))
    assert cards(hot)[-1] == "take_a_break"
    assert "take_a_break" not in cards(run(POLICY, judged(10, 2)))


def test_a_new_policy_advises_from_now_on_and_keeps_what_was_believed() -> None:
    guide = Guide(POLICY)
    guide.hear(judged(10, 3))
    changed = msgspec.structs.replace(with_ladder(insult={"steps": ["note"]}), version="new")
    assert guide.change(changed) == [ev.PolicyChanged(policy="new")]
    assert steps(guide.hear(judged(20, 3))) == []
    guide.change(msgspec.structs.replace(POLICY, version="newer"))
    moved = [event for event in guide.hear(judged(30, 3)) if isinstance(event, ev.LadderMoved)]
    assert [(event.step, event.policy) for event in moved] == [("warning", "newer")]


def test_every_piece_of_advice_says_which_policy_it_came_from() -> None:
    events = run(POLICY, *WARNED, cue(50, "self_harm"))
    kinds = (ev.CardShown, ev.LadderMoved, ev.HeatChanged, ev.TerminationLocked)
    assert {event.policy for event in events if isinstance(event, kinds)} == {POLICY.version}


def test_an_interruption_that_words_show_to_be_none_is_taken_back() -> None:
    def talked_over(t_s: float, number: int, kind: str = "competitive") -> ev.Interruption:
        return ev.Interruption(
            interruption_id=f"i{number}", start_s=t_s - 1, by="caller", of="agent", kind=kind, cut_off=False, overlap_s=0.8, t_s=t_s
        )

    three = [talked_over(5.0, 1), talked_over(10.0, 2), talked_over(16.0, 3)]
    assert "reclaim_floor" in cards(run(POLICY, *three))
    mended = [three[0], three[1], talked_over(12.0, 1, "backchannel"), three[2]]
    told = run(POLICY, *mended)
    assert "reclaim_floor" not in cards(told)
    heats = [event.heat for event in told if isinstance(event, ev.HeatChanged)]
    assert min(heats[2:]) < max(heats[:2])


def test_final_words_take_back_the_note_that_unfinished_ones_brought() -> None:
    early = judged(10, 3, partial=True, confidence=None, utterance_id="u1", p=0.99)
    events = run(POLICY, early, judged(11, 0, utterance_id="u1"), judged(20, 3, utterance_id="u2"))
    assert steps(events) == ["note", "note"]
    assert [event.reasons[0].rule for event in events if isinstance(event, ev.LadderCooled)] == ["ladder.taken_back"]
    assert "withdrawn" in [event.why for event in events if isinstance(event, ev.CardCleared)]
    unheard = run(POLICY, early, judged(11, 3, utterance_id="u1", confidence=0.3))
    assert any(isinstance(event, ev.LadderCooled) for event in unheard)
    nothing = run(POLICY, early, ev.WordsPartial(utterance_id="u1", track="caller", start_s=9, end_s=10, text="", t_s=11))
    assert any(isinstance(event, ev.LadderCooled) for event in nothing)
    assert not any(isinstance(event, ev.LadderCooled) for event in run(POLICY, early, judged(11, 3, utterance_id="u1")))


def test_unfinished_words_must_be_surer_than_final_ones() -> None:
    floor = POLICY.evidence.unfinished_p
    unsure = judged(10, 3, partial=True, confidence=None, utterance_id="u1", p=floor - 0.01)
    assert steps(run(POLICY, unsure)) == []
    assert steps(run(POLICY, unsure, judged(11, 3, utterance_id="u1", p=floor - 0.01))) == ["note"]
    assert steps(run(POLICY, judged(10, 3, partial=True, confidence=None, utterance_id="u1", p=floor))) == ["note"]


def test_unfinished_words_bring_the_note_alone_and_their_final_form_may_skip() -> None:
    early = [judged(t_s, 3, partial=True, confidence=None, utterance_id=f"u{t_s}", kind="threat", p=0.99) for t_s in (10.0, 20.0)]
    assert steps(run(POLICY, *early)) == ["note"]
    assert steps(run(POLICY, early[0], judged(11, 3, kind="threat", p=0.99, utterance_id="u10.0"))) == ["note", "final_warning"]


def test_a_third_party_that_left_needs_no_protection() -> None:
    there = judged(4, 0, track="third_party")
    left = run(POLICY, there, cue(5, "third_party_leaves", "third_party"), judged(10, 2), judged(15, 2))
    assert "protect_third_party" not in cards(left)
    back = run(POLICY, cue(5, "third_party_leaves"), judged(8, 0, track="third_party"), judged(10, 2), judged(15, 2))
    assert "protect_third_party" in cards(back)
