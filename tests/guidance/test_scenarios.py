"""The five stories of SCENARIOS.md and the short calls: the cards that must come, those that never may, and where the ladder stands.

As timed transcripts every call goes through the batch; as audio the stories and some short ones go through a live server.
"""

import json
from collections.abc import Sequence
from typing import Any, get_args

import pytest

from assistant.guidance.policy import CardId
from assistant.offline.score import run_score
from tests.support import scenarios
from tests.support.scenarios import RUNGS, SHORTS, STORIES, Expect, Scenario, Span
from tests.support.server import LiveServer

Document = dict[str, Any]

SCRIPTS = (*STORIES, *SHORTS)
SPOKEN_SHORTS = ("swearing_at_the_router", "insult_said_once", "two_angry_people", "suicidal_and_swearing")
SPOKEN = (*STORIES, *(path for path in SHORTS if path.stem in SPOKEN_SHORTS))
LADDER = frozenset(f"ladder.{rung}" for rung in RUNGS[1:])
WARNINGS = LADDER - {"ladder.note"}
SLACK_S = 0.6
"""The recogniser's first and last words lie this close to the ends of the turn that they are of."""

THIRD_PARTY_GONE_S = 5.0

by_name = pytest.mark.parametrize("name", [path.stem for path in SCRIPTS])
spoken_by_name = pytest.mark.parametrize("name", [path.stem for path in SPOKEN])


@pytest.fixture(scope="module")
def calls() -> dict[str, Scenario]:
    return {path.stem: scenarios.load(path) for path in SCRIPTS}


@pytest.fixture(scope="module")
def scored(calls: dict[str, Scenario], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Document]:
    """The documents of all calls as timed transcripts, from one batch."""
    folder = tmp_path_factory.mktemp("scenarios")
    said, out = folder / "in", folder / "out"
    said.mkdir()
    for name, call in calls.items():
        (said / f"{name}.json").write_text(json.dumps(scenarios.transcript(call)), encoding="utf-8")
    summary = run_score([said], out)
    assert summary.failed == ()
    return {name: json.loads((out / f"{name}.json").read_bytes()) for name in calls}


def shown(document: Document) -> list[str]:
    return [advice["card"] for advice in document["guidance"]]


def ladder_steps(document: Document) -> list[str]:
    return [card.removeprefix("ladder.") for card in shown(document) if card in LADDER]


def highest_rung(document: Document) -> int:
    return max((RUNGS.index(step) for step in ladder_steps(document)), default=0)


def unmet(document: Document, expect: Expect) -> list[str]:
    """All that the document does not show, or shows and must not, in words."""
    cards, steps, found = shown(document), ladder_steps(document), list[str]()
    rung = highest_rung(document)
    if missing := sorted(expect.cards - set(cards)):
        found.append(f"never shown: {missing}")
    if expect.any_of and not expect.any_of & set(cards):
        found.append(f"none of {sorted(expect.any_of)} was shown")
    if wrong := sorted(expect.never & set(cards)):
        found.append(f"shown, and must not be: {wrong}")
    if rung < RUNGS.index(expect.ladder_at_least):
        found.append(f"the ladder reached {RUNGS[rung]}, not {expect.ladder_at_least}")
    if rung > RUNGS.index(expect.ladder_at_most):
        found.append(f"the ladder reached {RUNGS[rung]}, beyond {expect.ladder_at_most}")
    if expect.steps is not None and tuple(steps) != expect.steps:
        found.append(f"the ladder's steps were {steps}, not {list(expect.steps)}")
    if missing := sorted(expect.kinds - set(document["summary"]["abuse_kinds"])):
        found.append(f"abuse that was not found: {missing}")
    if expect.cards_at_most is not None and len(cards) > expect.cards_at_most:
        found.append(f"{len(cards)} cards, and at most {expect.cards_at_most} are due")
    taken = sum(one["of"] == "agent" and one["kind"] == "competitive" for one in document["interruptions"])
    if taken < expect.interruptions_of_agent_at_least:
        found.append(f"{taken} competitive interruptions of the agent, not {expect.interruptions_of_agent_at_least}")
    if expect.locked is not None and document["summary"]["termination_locked"] != expect.locked:
        found.append(f"locked is {not expect.locked}")
    # What decided is seen at once where a test fails.
    return [*found, *(f"  {line}" for line in told(document))] if found else []


def told(document: Document) -> list[str]:
    return [f"{advice['t_s']:7.1f} {advice['card']}: {advice['reasons'][0].get('quote')!r}" for advice in document["guidance"]]


def unfounded(document: Document, call: Scenario, spans: Sequence[Span]) -> list[str]:
    """The ladder's cards whose evidence is no turn that the script marks as abuse."""
    abuse = [span for turn, span in zip(call.turns, spans, strict=True) if turn.abuse]
    found = []
    for advice in document["guidance"]:
        if advice["card"] in LADDER:
            at = advice["reasons"][0]
            if not any(start - SLACK_S <= at["start_s"] and at["end_s"] <= end + SLACK_S for start, end in abuse):
                found.append(f"{advice['card']} at {advice['t_s']} s: {at.get('quote')!r}")
    return found


def after_the_lock(document: Document) -> list[str]:
    """The ladder's cards after the card of a crisis."""
    cards = shown(document)
    return [card for card in cards[cards.index("crisis") :] if card in LADDER] if "crisis" in cards else []


def without_third_party(document: Document, call: Scenario, spans: Sequence[Span]) -> list[float]:
    """When the card that protects a third party came though none was on the line (any longer)."""
    there = [span for turn, span in zip(call.turns, spans, strict=True) if turn.track == "third_party"]
    times = [advice["t_s"] for advice in document["guidance"] if advice["card"] == "protect_third_party"]
    return [t_s for t_s in times if not there or not there[0][0] <= t_s <= there[-1][1] + THIRD_PARTY_GONE_S]


def test_there_are_enough_calls_of_each_kind(calls: dict[str, Scenario]) -> None:
    natures = [calls[path.stem].nature for path in SHORTS]
    assert len(STORIES) == 5
    assert len(SHORTS) >= 32
    assert natures.count("hot") >= 16
    assert natures.count("calm") >= 3
    assert natures.count("abusive") >= 4
    assert all(calls[path.stem].turns and 6 <= len(calls[path.stem].turns) <= 16 for path in SHORTS)


def test_the_scripts_expect_what_can_be(calls: dict[str, Scenario]) -> None:
    known = set(get_args(CardId))
    for name, call in calls.items():
        for expect in (call.expect, call.heard):
            assert expect.cards | expect.any_of | expect.never <= known, name
            assert not expect.cards & expect.never, name
            assert RUNGS.index(expect.ladder_at_least) <= RUNGS.index(expect.ladder_at_most), name
            if call.nature != "abusive":
                assert expect.never >= WARNINGS, name
        marked = any(turn.abuse for turn in call.turns)
        assert marked == (call.nature == "abusive"), name
        assert all(turn.track != "agent" for turn in call.turns if turn.abuse), name


def test_a_story_takes_three_to_five_minutes(calls: dict[str, Scenario]) -> None:
    for path in STORIES:
        call = calls[path.stem]
        assert 40 <= len(call.turns) <= 80, call.name
        assert 180 <= scenarios.transcript_spans(call)[-1][1] <= 320, call.name


@pytest.mark.model
@by_name
def test_a_transcript_shows_what_the_call_is_known_for(calls: dict[str, Scenario], scored: dict[str, Document], name: str) -> None:
    assert unmet(scored[name], calls[name].expect) == []


@pytest.mark.model
def test_only_abuse_moves_the_ladder(calls: dict[str, Scenario], scored: dict[str, Document]) -> None:
    moved = {
        name: unfounded(scored[name], call, scenarios.transcript_spans(call)) for name, call in calls.items() if call.nature == "abusive"
    }
    assert {name: cards for name, cards in moved.items() if cards} == {}


@pytest.mark.model
def test_nobody_who_does_not_abuse_is_warned(calls: dict[str, Scenario], scored: dict[str, Document]) -> None:
    warned = {name: told(scored[name]) for name, call in calls.items() if call.nature != "abusive" and WARNINGS & set(shown(scored[name]))}
    assert warned == {}


@pytest.mark.model
def test_danger_locks_the_ladder_until_a_person_unlocks_it(scored: dict[str, Document]) -> None:
    assert {name: cards for name, document in scored.items() if (cards := after_the_lock(document))} == {}


@pytest.mark.model
def test_nobody_is_protected_who_is_off_the_line(calls: dict[str, Scenario], scored: dict[str, Document]) -> None:
    late = {name: without_third_party(scored[name], call, scenarios.transcript_spans(call)) for name, call in calls.items()}
    assert {name: times for name, times in late.items() if times} == {}


@pytest.mark.model
@pytest.mark.server
@pytest.mark.slow
@spoken_by_name
def test_audio_shows_what_the_call_is_known_for(calls: dict[str, Scenario], server: LiveServer, call_id: str, name: str) -> None:
    call = calls[name]
    rate_hz, samples, tracks = scenarios.audio(call)
    server.send_call(samples, call_id=call_id, tracks=list(tracks), sample_rate_hz=rate_hz)
    document = server.json(f"/v1/calls/{call_id}")
    assert document["call"]["ended"] == "stopped"
    assert document["summary"]["degraded"] == []
    assert unmet(document, call.heard) == []
    if call.nature == "abusive":
        assert unfounded(document, call, scenarios.audio_spans(call)) == []
    assert after_the_lock(document) == []
    assert without_third_party(document, call, scenarios.audio_spans(call)) == []
