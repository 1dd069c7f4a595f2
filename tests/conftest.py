"""What all tests share: the bundled models, the demo call, the shared folder, and real servers."""

from pathlib import Path

import pytest

from assistant.audio.recordings import CallAudio
from assistant.config import ModelSettings
from assistant.engine import Models, load_models
from assistant.live.demo import demo_audio as bundled_call
from assistant.weights import bundled_dir

pytest_plugins = ["tests.support.server"]

BUNDLED = ("silero-vad", "vosk-tiny-synthetic-en", "hostility", "asks")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need the bundled weights are skipped where a checkout has none; broken weights fail."""
    absent = [name for name in BUNDLED if not (bundled_dir() / name).is_dir()]
    if absent:
        skip = pytest.mark.skip(reason=f"the bundled weights are absent: {', '.join(absent)}")
        for item in items:
            if item.get_closest_marker("model") is not None:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def models() -> Models:
    """The bundled models, loaded once."""
    return load_models(ModelSettings())


@pytest.fixture(scope="session")
def demo_audio() -> CallAudio:
    """The bundled call: (n, 2) int16 at 8 kHz."""
    return bundled_call()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data and prototypes that lies beside some checkouts."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("no folder `shared` lies beside this checkout")
    return folder
