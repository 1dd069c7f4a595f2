"""Calls scored by several processes: one that dies, none that is left over. No weights are needed: the calls are broken ones."""

import multiprocessing
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from assistant.config import Config, ModelSettings
from assistant.errors import ModelLoadError
from assistant.offline.inputs import CallInput
from assistant.offline.outcomes import CallFailed
from assistant.offline.workers import score_in_processes
from tests.offline.files import CALM

WAIT_S = 60


@pytest.fixture
def broken(tmp_path: Path) -> CallInput:
    """A call that is refused before any model is wanted."""
    (tmp_path / "broken.json").write_text("{")
    return CallInput("broken", tmp_path / "broken.json")


@pytest.fixture
def stuck(tmp_path: Path) -> CallInput:
    """A call at which a process stays for ever: a pipe into which nobody writes."""
    os.mkfifo(tmp_path / "stuck.json")
    return CallInput("stuck", tmp_path / "stuck.json")


def kill_whoever_reads(pipe: Path) -> int:
    """Opening it to write waits for the reader, so the process is at its call then."""
    with pipe.open("wb"):
        (process,) = multiprocessing.active_children()
        os.kill(process.pid or 0, signal.SIGKILL)
        return process.pid or 0


def test_outcomes_carry_the_place_of_their_call(tmp_path: Path, broken: CallInput) -> None:
    outcomes = dict(score_in_processes([broken] * 3, Config(), tmp_path, 2))
    assert sorted(outcomes) == [0, 1, 2]
    assert all(isinstance(outcome, CallFailed) and "is not JSON" in outcome.why for outcome in outcomes.values())
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_told_of_and_the_rest_go_on(tmp_path: Path, broken: CallInput, stuck: CallInput) -> None:
    with ThreadPoolExecutor(1) as beside:
        killed = beside.submit(kill_whoever_reads, stuck.paths[0])
        outcomes = list(score_in_processes([stuck, broken], Config(), tmp_path, 1))
        assert killed.result(WAIT_S)
    assert outcomes[0] == (0, CallFailed("stuck", "the process that scored it was killed by SIGKILL"))
    assert outcomes[1][0] == 1
    assert isinstance(outcomes[1][1], CallFailed)
    assert "is not JSON" in outcomes[1][1].why
    assert not multiprocessing.active_children()


def test_whoever_stops_early_leaves_no_process_behind(tmp_path: Path, broken: CallInput, stuck: CallInput) -> None:
    with closing(score_in_processes([broken, stuck], Config(), tmp_path, 2)) as outcomes:
        assert next(outcomes)[0] == 0
        assert len(multiprocessing.active_children()) >= 1
    assert not multiprocessing.active_children()


def test_a_model_that_is_missing_stops_all(tmp_path: Path) -> None:
    (tmp_path / "call.json").write_bytes(CALM)
    config = Config(models=ModelSettings(hostility=str(tmp_path / "nowhere")))
    calls = [CallInput("call", tmp_path / "call.json")] * 2
    with pytest.raises(ModelLoadError, match="nowhere"):
        list(score_in_processes(calls, config, tmp_path, 2))
    assert not multiprocessing.active_children()
