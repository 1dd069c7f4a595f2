"""`calmline policy explain` and `policy replay`: on documents alone, whatever else lies beside them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from assistant.guidance.policy_file import load_policy, parse_policy
from assistant.offline.replaying import FILES_AT_ONCE, Replayed, run_replay
from scripts.benchmark.signals import made_document

NEW = 'version = "new"\n[budget]\ngap_s = 60.0\nlongest_gap_s = 90.0\n[[rules]]\nid = "acknowledge.upset"\nheat_from = 5.0\n'
CALLS = 20


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calls")
    for seed in range(CALLS):
        (folder / f"{seed:03}.json").write_text(json.dumps(made_document(seed, 96.0)), "utf-8")
    return folder


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "new.toml"
    path.write_text(NEW, "utf-8")
    return path


def invoke(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["policy", *map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout


def replayed(calls: Path, workers: int = 1) -> Replayed:
    return run_replay([calls], load_policy(), parse_policy(NEW), workers)


def test_the_outcome_does_not_hang_on_the_number_of_workers(calls: Path) -> None:
    assert CALLS > FILES_AT_ONCE
    assert replayed(calls, workers=2) == replayed(calls)


def test_progress_is_told_from_nothing_to_all(calls: Path) -> None:
    told: list[tuple[int, int]] = []
    run_replay([calls], load_policy(), load_policy(), 1, lambda done, total: told.append((done, total)))
    assert told == [(number, CALLS) for number in range(CALLS + 1)]


def test_replay_shows_figures_and_calls_that_differ(calls: Path, policy: Path) -> None:
    status, said = invoke("replay", calls, "--policy", policy)
    assert status == 0
    for wanted in ("warnings", "card: acknowledge", "cards an hour", "calm calls with a warning", "first cause to first card", "+ more"):
        assert wanted in said
    assert f"{CALLS} calls replayed" in said
    assert f"{CALLS} calls were advised under made" in said


def test_replay_gives_everything_as_json(calls: Path, policy: Path) -> None:
    status, said = invoke("replay", calls, "--policy", policy, "--json")
    facts: dict[str, Any] = json.loads(said)
    assert status == 0
    assert facts["new"] == "new"
    assert facts["totals"]["calls"] == CALLS
    assert facts["totals"]["calls_that_differ"] == len(facts["calls"]) > 0
    assert facts["totals"]["new"]["cards"]["acknowledge"] > facts["totals"]["old"]["cards"].get("acknowledge", 0)


def test_what_cannot_be_read_is_named_and_counted_and_stops_nothing(calls: Path, policy: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    scoreless = made_document(1, 96.0)
    for signal in scoreless["signals"]:
        if signal["type"] == "utterance_scored":
            signal |= {"scores": {}, "abuse": True, "level": 3, "target": "person"}
    (tmp_path / "scoreless.json").write_text(json.dumps(scoreless), "utf-8")
    status, said = invoke("replay", calls, broken, tmp_path / "scoreless.json", tmp_path / "gone.json", "--policy", policy)
    assert status == 0
    assert f"{CALLS} calls replayed" in said
    assert "3 passed over" in said
    for wanted in ("broken.json: is no call document", "scoreless.json: cannot be advised anew: KeyError", "gone.json: is not there"):
        assert wanted in said


def test_replay_fails_where_no_call_could_be_read(policy: Path, tmp_path: Path) -> None:
    status, said = invoke("replay", tmp_path / "gone.json", "--policy", policy)
    assert (status, "0 calls replayed" in said) == (1, True)


def test_explain_says_why_and_that_another_policy_advised(calls: Path, policy: Path) -> None:
    status, said = invoke("explain", calls / "000.json", "--policy", policy)
    assert status == 0
    for wanted in ("Cards that came", "Called for, and not shown", "Came close", "advised under policy made, not under new"):
        assert wanted in said


def test_explain_gives_everything_as_json(calls: Path) -> None:
    status, said = invoke("explain", calls / "000.json", "--json")
    facts = json.loads(said)
    assert status == 0
    assert facts["advised_by"] == "made"
    assert facts["policy"] == load_policy().version
    assert {"came", "held", "near", "locked_s", "notes"} <= set(facts)
