"""The budget of attention: rates by heat, repeats, cards into speech, delays, calm calls that were crowded."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.events import SpeechEnded, SpeechStarted
from assistant.guidance.policy_file import load_policy, parse_policy
from assistant.offline.documents import Stored, StoredCall, StoredCard, StoredHeat
from scripts.attention import Attention, as_text
from scripts.benchmark.guidance import policy_of
from scripts.benchmark.signals import made_document, made_signals
from scripts.measure_attention import main


def card(t_s: float, name: str = "boundary", cause_s: float | None = None) -> StoredCard:
    return StoredCard(t_s, name, (StoredCard.Cause("rule", cause_s),))


def facts(*cards: StoredCard, heat: tuple[StoredHeat, ...] = (), signals: tuple[Any, ...] = ()) -> dict[str, Any]:
    attention = Attention()
    attention.add(Stored(StoredCall(("agent", "caller"), 600.0, "v", "one"), signals, cards, heat))
    return attention.facts()


def test_cards_are_counted_to_the_level_of_heat_at_their_time() -> None:
    heat = (StoredHeat(120.0, 30.0, "tense"), StoredHeat(180.0, 10.0, "calm"))
    levels = facts(card(30.0), card(120.0), card(150.0), heat=heat)["by_level"]
    assert levels["calm"] == {"minutes": 9.0, "cards": 1, "cards_a_minute": 0.111}
    assert levels["tense"] == {"minutes": 1.0, "cards": 2, "cards_a_minute": 2.0}


def test_the_same_card_within_two_minutes_is_a_repeat() -> None:
    assert facts(card(10.0), card(129.0), card(249.0), card(250.0, "remit"))["repeats"] == {"boundary": 1}


def test_cards_while_the_agent_speaks_are_told_apart_from_the_urgent() -> None:
    talk = SpeechStarted(t_s=10.0, track="agent", start_s=10.0), SpeechEnded(t_s=20.0, track="agent", start_s=10.0, end_s=20.0)
    found = facts(card(9.0), card(15.0), card(16.0, "crisis"), card(20.0), signals=talk)
    assert (found["while_the_agent_spoke"], found["while_the_agent_spoke_urgent"]) == (1, 1)


def test_delays_run_from_the_end_of_the_cause_to_the_card() -> None:
    found = facts(card(10.0, cause_s=9.0), card(200.0, cause_s=198.0), card(400.0, cause_s=390.0))
    assert (found["delay_median_s"], found["delay_p95_s"]) == (2.0, 10.0)


def test_a_calm_call_with_two_cards_in_ten_minutes_is_crowded() -> None:
    assert facts(card(10.0), card(500.0))["crowded_calm_calls"] == ["one"]
    assert facts(card(10.0), card(500.0, "take_a_break"))["crowded_calm_calls"] == []


def test_the_command_reads_documents_and_names_what_it_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(made_document(1, 60.0)), "utf-8")
    (tmp_path / "b.json").write_text("{}", "utf-8")
    assert main([str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["calls"], len(found["passed_over"])) == (1, 1)
    assert "1 calls" in as_text(found)
    assert main([str(tmp_path / "b.json")]) == 1


def test_made_signals_are_the_same_from_the_same_seed_and_in_order() -> None:
    signals = made_signals(5)
    assert signals == made_signals(5)
    assert signals != made_signals(6)
    assert [one.seq for one in signals] == sorted({one.seq for one in signals})
    assert [one.t_s for one in signals] == sorted(one.t_s for one in signals)


def test_the_large_policy_of_the_benchmark_loads() -> None:
    assert len(parse_policy(policy_of(200)).rules) == 200 + len(load_policy().rules)
