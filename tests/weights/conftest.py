"""A place of its own for each test's models, a site to get them from, and the folder of a model that looks whole."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import stamina

from assistant.weights.download import ATTEMPTS
from tests.weights.site import Site, serving

Files = dict[str, bytes]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as one, stamina.set_testing(True, attempts=ATTEMPTS):
        yield one


@pytest.fixture
def real_model() -> Path:
    """The bundled Vosk model."""
    return Path(__file__).parents[2] / "models" / "vosk-tiny-synthetic-en"


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setenv("CALMLINE_BUNDLED_MODELS", str(folder))
    (folder / "manifest.toml").write_text("model = []\n", "utf-8")
    return folder


@pytest.fixture
def home(tmp_path: Path, bundled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's model folder, not made yet."""
    folder = tmp_path / "data" / "models"
    monkeypatch.setenv("CALMLINE_MODELS", str(folder))
    return folder


@pytest.fixture
def model_files() -> Files:
    """The files of a small folder that looks like a Vosk model."""
    return {
        "am/final.mdl": np.random.default_rng(0).bytes(700_000),
        "conf/mfcc.conf": b"--sample-frequency=16000\n",
        "conf/model.conf": b"--endpoint.silence-phones=1:2\n",
        "graph/HCLG.fst": np.random.default_rng(1).bytes(100_000),
        "graph/phones/word_boundary.int": b"1 nonword\n",
        "README": b"a model\n",
    }


@pytest.fixture
def archive(model_files: Files) -> bytes:
    """The model as its makers publish it: a zip with one folder at the top."""
    return zip_of({f"vosk-model-x/{path}": data for path, data in model_files.items()})


@pytest.fixture
def list_model(bundled: Path) -> Callable[..., None]:
    """Puts a model into the manifest."""

    def put(name: str, **fields: str | int | bool) -> None:
        with (bundled / "manifest.toml").open("a", encoding="utf-8") as text:
            if "[[model]]" not in (bundled / "manifest.toml").read_text("utf-8"):
                text.truncate(0)
            lines = {"name": name, "kind": "vosk", **fields}
            text.write("[[model]]\n")
            for key, value in lines.items():
                shown = str(value).lower() if isinstance(value, bool) else repr(value)
                text.write(f"{key} = {shown}\n")

    return put


def zip_of(files: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for path, data in files.items():
            out.writestr(path, data)
    return buffer.getvalue()


def tar_of(files: Files, mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as out:  # type: ignore[call-overload]
        for path, data in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
