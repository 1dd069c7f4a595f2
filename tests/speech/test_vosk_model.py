"""A missing or broken Vosk model is told with its file and its mend, before libvosk can end the process."""

import json
import shutil
from pathlib import Path

import pytest

from assistant.errors import ConfigError, ModelLoadError
from assistant.speech.asr import DEFAULT_MODEL, load_recogniser
from assistant.speech.asr.vosk_model import read_model_folder
from assistant.weights import locate


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the bundled model, to be broken."""
    return Path(shutil.copytree(locate(DEFAULT_MODEL), tmp_path / "broken-model", copy_function=shutil.copyfile))


FILES = [
    "am/final.mdl",
    "conf/mfcc.conf",
    "conf/model.conf",
    "graph/HCLr.fst",
    "graph/Gr.fst",
    "graph/disambig_tid.int",
    "graph/phones/word_boundary.int",
]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_empty_file_is_named_with_the_mend(model: Path, name: str) -> None:
    (model / name).write_bytes(b"")
    with pytest.raises(ModelLoadError, match=rf"{name} is empty.*calmline models get broken-model"):
        read_model_folder(model)
    (model / name).unlink()
    with pytest.raises(ModelLoadError, match=rf"{name} is missing.*calmline models get broken-model"):
        read_model_folder(model)


@pytest.mark.parametrize("name", ["graph/disambig_tid.int", "graph/phones/word_boundary.int", "graph/words.txt"])
def test_a_list_that_is_cut_off_is_named(model: Path, name: str) -> None:
    file = model / name
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(ModelLoadError, match=rf"{name} is cut off"):
        read_model_folder(model)


def test_a_configuration_that_would_end_the_process_is_refused(model: Path) -> None:
    (model / "conf/model.conf").write_text("--beam=13\n", "utf-8")
    with pytest.raises(ModelLoadError, match="silence-phones"):
        read_model_folder(model)


@pytest.mark.model
@pytest.mark.parametrize("name", ["am/final.mdl", "graph/HCLr.fst", "graph/Gr.fst"])
def test_a_broken_file_that_only_libvosk_can_tell_is_an_error_too(model: Path, name: str) -> None:
    file = model / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(ModelLoadError, match=r"broken-model.*calmline models get broken-model"):
        load_recogniser("vosk", str(model))


def test_the_rate_comes_from_the_features(model: Path) -> None:
    conf = model / "conf/mfcc.conf"
    conf.write_text("--use-energy=false # no\n--sample-frequency=16000.0\n", "utf-8")
    assert read_model_folder(model).sample_rate_hz == 16000
    conf.write_text("--use-energy=false\n", "utf-8")
    assert read_model_folder(model).sample_rate_hz == 16000
    conf.write_text("--sample-frequency=fast\n", "utf-8")
    with pytest.raises(ModelLoadError, match="fast"):
        read_model_folder(model)


def test_the_limits_come_from_the_models_card(model: Path) -> None:
    card = model / "calmline.json"
    card.write_text(json.dumps({"limits": "It knows one voice."}), "utf-8")
    assert read_model_folder(model).limits == "It knows one voice."
    card.unlink()
    assert read_model_folder(model).limits == ""
    for broken in ("{", "[]", '{"limits": 3}'):
        card.write_text(broken, "utf-8")
        with pytest.raises(ModelLoadError, match=r"calmline\.json"):
            read_model_folder(model)


def test_a_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("", "utf-8")
    with pytest.raises(ModelLoadError, match="no folder"):
        load_recogniser("vosk", str(tmp_path / "model"))


def test_a_model_that_is_not_here_names_the_command() -> None:
    with pytest.raises(ModelLoadError, match="calmline models get vosk-model-xx"):
        load_recogniser("vosk", "vosk-model-xx")


def test_an_unknown_engine_or_model_names_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"asr\.engine"):
        load_recogniser("whisper")
    pytest.importorskip("pocketsphinx", reason="the extra pocketsphinx is not installed")
    with pytest.raises(ConfigError, match=r"asr\.model"):
        load_recogniser("pocketsphinx", "vosk-model-small-en-us-0.15")
