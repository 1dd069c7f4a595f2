"""The network of asks: what it compares, and what it says of a folder that it cannot use. What it is worth, on calls by another hand."""

import json
import shutil
from pathlib import Path

import pytest

from assistant.call import CallSettings
from assistant.config import ModelSettings
from assistant.engine import load_words
from assistant.errors import ModelLoadError
from assistant.guidance.policy_file import load_policy
from assistant.signals.asks import AskNetwork
from assistant.signals.cues.demands import STANDS
from assistant.weights import bundled_dir
from scripts.asks.calls import made_again, read_ask_calls
from scripts.evaluate_asks import CALLS, heard_again, measure

FILES = ("model_int8.onnx", "tokenizer.json", "calibration.json")
PRECISION, RECALL = 0.89, 0.84
"""A hundredth below what is wanted and reached (docs/evaluation.md): another processor's arithmetic may turn single lines."""


@pytest.fixture(scope="module")
def network() -> AskNetwork:
    return AskNetwork()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(bundled_dir() / "asks" / name, tmp_path / name)
    return tmp_path


@pytest.mark.model
def test_the_same_ask_in_other_words_is_the_same(network: AskNetwork) -> None:
    asked = network.compare("i still don't know what day your man will be here", ["when is the engineer coming", "can you lower my bill"])
    assert asked.p >= STANDS
    assert asked.same[0] >= STANDS > asked.same[1]


@pytest.mark.model
@pytest.mark.parametrize("text", ["", "...", "ich will wissen wann der techniker kommt und warum er nicht hier war", "right thank you"])
def test_what_asks_for_nothing(network: AskNetwork, text: str) -> None:
    assert network.compare(text, []).p < STANDS


@pytest.mark.model
def test_words_that_cannot_be_judged_are_the_same_as_nothing(network: AskNetwork) -> None:
    assert network.compare("when is the engineer coming", ["", "when is the engineer coming"]).same[0] == 0.0
    assert network.compare("", ["when is the engineer coming"]).same == (0.0,)


@pytest.mark.model
def test_an_ask_at_the_end_of_a_long_story_is_heard(network: AskNetwork) -> None:
    story = "so i was at home on monday and my neighbour came round for a cup of tea and we sat in the garden " * 6
    assert network.compare(story + "when is the engineer coming", ["when will the engineer come"]).same[0] >= STANDS


@pytest.mark.model
@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_lacks_a_file_or_holds_a_broken_one_is_named(folder: Path, name: str) -> None:
    (folder / name).write_text("{}")
    with pytest.raises(ModelLoadError, match=name):
        AskNetwork(folder)
    (folder / name).unlink()
    with pytest.raises(ModelLoadError, match=name):
        AskNetwork(folder)


@pytest.mark.model
def test_another_network_is_refused(folder: Path) -> None:
    shutil.copy(bundled_dir() / "hostility" / "model_int8.onnx", folder / "model_int8.onnx")
    with pytest.raises(ModelLoadError, match="not Calmline's network of asks"):
        AskNetwork(folder)


@pytest.mark.model
def test_a_calibration_of_another_form_is_refused(folder: Path) -> None:
    (folder / "calibration.json").write_text(json.dumps({"scale": {"ask_offset": 0.0}}))
    with pytest.raises(ModelLoadError, match=r"calibration\.json"):
        AskNetwork(folder)


def test_there_are_enough_calls() -> None:
    calls = [call for folder in CALLS for call in read_ask_calls(folder)]
    lines = [line for call in calls for line in call.lines]
    assert len(lines) >= 600
    assert 4 * sum(line.asks is None for line in lines) >= len(lines)
    assert sum(sum(made_again(call)) for call in calls) >= 200


@pytest.mark.model
def test_repeated_demands_are_found_and_others_are_not() -> None:
    calls = [call for folder in CALLS for call in read_ask_calls(folder)]
    words, settings = load_words(ModelSettings()), CallSettings(policy=load_policy())
    figures = measure(calls, [heard_again(call, words, settings) for call in calls])
    assert figures["precision"] >= PRECISION
    assert figures["recall"] >= RECALL
