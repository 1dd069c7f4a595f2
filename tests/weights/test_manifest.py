"""Which models there are and where they lie."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import ModelLoadError
from assistant.weights import bundled_dir, get, list_models, locate, user_dir, verify
from assistant.weights.sums import SUMS_FILE, record_sums

ListModel = Callable[..., None]
OFFICIAL = {"vosk-model-small-en-us-0.15", "vosk-model-en-us-0.22", "vosk-model-en-us-0.22-lgraph"}


def test_our_manifest_lists_the_bundled_and_the_official_models() -> None:
    models = {info.name: info for info in list_models()}
    for name in OFFICIAL:
        info = models[name]
        assert info.url == f"https://alphacephei.com/vosk/models/{name}.zip"
        assert info.licence == "Apache-2.0"
        assert info.size_bytes
        assert info.sha256
    assert {info.name for info in models.values() if info.bundled} == {
        "vosk-tiny-synthetic-en",
        "silero-vad",
        "hostility",
        "asks",
    }


def test_our_bundled_models_are_as_they_were_recorded() -> None:
    assert verify("silero-vad").ok
    for info in list_models():
        if info.bundled and info.path is not None and (info.path / SUMS_FILE).exists():
            assert verify(info.name).ok, "run scripts/make_sums.py if the model was changed on purpose"


def test_a_bundled_model_is_found_and_never_downloaded(bundled: Path, home: Path, list_model: ListModel) -> None:
    list_model("ours", bundled=True)
    with pytest.raises(ModelLoadError, match="install Calmline again"):
        get("ours")
    (bundled / "ours").mkdir()
    assert get("ours") == locate("ours") == bundled / "ours"
    assert [(info.name, info.path) for info in list_models()] == [("ours", bundled / "ours")]


def test_a_model_of_the_operators_own_is_listed(home: Path, list_model: ListModel) -> None:
    list_model("official", url="http://host/official.zip")
    for name in ("mine", "official", ".hidden"):
        (home / name).mkdir(parents=True)
    (home / "first-use.json").write_text("{}", "utf-8")
    assert [(info.name, info.path) for info in list_models()] == [
        ("official", home / "official"),
        ("mine", home / "mine"),
    ]


def test_a_bundled_name_comes_before_a_downloaded_one(bundled: Path, home: Path) -> None:
    (bundled / "both").mkdir()
    (home / "both").mkdir(parents=True)
    (home / "one").mkdir()
    assert locate("both") == bundled / "both"
    assert locate("one") == home / "one"


def test_a_path_is_only_ever_a_path(bundled: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bundled / "model").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelLoadError, match="no model at model"):
        locate("./model")
    (tmp_path / "model").mkdir()
    assert locate("./model") == Path("model")
    assert locate(str(tmp_path / "model")) == tmp_path / "model"


def test_a_model_that_is_nowhere_names_the_places_and_the_command(bundled: Path, home: Path) -> None:
    with pytest.raises(ModelLoadError, match="calmline models get no-such") as told:
        locate("no-such")
    assert str(bundled) in str(told.value)
    assert str(home) in str(told.value)
    with pytest.raises(ModelLoadError, match="no model was named"):
        locate(" ")


def test_without_settings_the_places_are_the_checkout_and_the_users_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALMLINE_BUNDLED_MODELS", raising=False)
    monkeypatch.delenv("CALMLINE_MODELS", raising=False)
    assert (bundled_dir() / "manifest.toml").is_file()
    assert user_dir().parts[-2:] == ("calmline", "models")


BROKEN = [
    "model = 3",
    "[[model]]",
    "[[model]]\nname = 'x'",
    "[[model]]\nname = 'x'\nkind = 'vosk'",
    "[[model]]\nname = '../x'\nkind = 'vosk'\nbundled = true",
    "[[model]]\nname = 'x'\nkind = 'vosk'\nurl = 'http://h/x.zip'\nsha256 = 'ABC'",
    "[[model]]\nname = 'x'\nkind = 'vosk'\nurl = 3",
    "[[model]]\nname = 'x'\nkind = 'vosk'\nbundled = true\ncolour = 'red'",
    "[[model",
]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_manifest_is_named(bundled: Path, text: str) -> None:
    (bundled / "manifest.toml").write_text(text, "utf-8")
    with pytest.raises(ModelLoadError, match=r"manifest\.toml is broken"):
        list_models()


def test_a_missing_manifest_is_named(bundled: Path) -> None:
    (bundled / "manifest.toml").unlink()
    with pytest.raises(ModelLoadError, match=r"manifest\.toml cannot be read.*CALMLINE_BUNDLED_MODELS"):
        list_models()


def test_verify_tells_what_changed_is_missing_or_unrecorded(bundled: Path, list_model: ListModel) -> None:
    list_model("ours", bundled=True)
    folder = bundled / "ours"
    (folder / "am").mkdir(parents=True)
    for name in ("am/a", "b", "c"):
        (folder / name).write_text(name, "utf-8")
    report = verify("ours")
    assert (report.ok, report.recorded, report.checked) == (False, False, 0)
    record_sums(folder)
    assert (verify("ours").ok, verify("ours").checked) == (True, 3)
    (folder / "b").write_text("B", "utf-8")
    (folder / "c").unlink()
    (folder / "am/d").write_text("d", "utf-8")
    report = verify("ours")
    assert (report.ok, report.changed, report.missing, report.unrecorded) == (False, ("b",), ("c",), ("am/d",))
    (folder / SUMS_FILE).write_text("nonsense\n", "utf-8")
    with pytest.raises(ModelLoadError, match="not a list of checksums"):
        verify("ours")


def test_a_model_that_is_not_here_cannot_be_verified(home: Path) -> None:
    with pytest.raises(ModelLoadError, match="calmline models get no-such"):
        verify("no-such")
    with pytest.raises(ModelLoadError, match="cannot be a model's name"):
        verify("../x")
