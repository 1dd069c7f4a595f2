"""What the doctor says of this machine, and of one that lacks something."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.config import Config, ModelSettings, ServerSettings
from assistant.doctor import Check, run_doctor
from assistant.live.run import running
from tests.support import pulse

HOST = "127.0.0.1"
NAMES = [
    "python",
    "packages",
    "torch",
    "transformers",
    "pocketsphinx",
    "models",
    "policy",
    "voice activity",
    "recogniser",
    "classifier",
    "classifier speed",
    "speed",
]


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


@pytest.fixture
def no_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse.no_sound_server(tmp_path, monkeypatch)


@pytest.mark.model
@pytest.mark.usefixtures("no_sound")
def test_a_whole_install_is_well_and_its_speed_is_measured() -> None:
    told: list[Check] = []
    checks = run_doctor(Config(server=ServerSettings(port=free_port())), on_check=told.append)
    found = by_name(checks)
    assert told == checks
    assert [check.name for check in checks][: len(NAMES)] == NAMES
    assert [check.name for check in checks][-2:] == ["port", "memory"]
    assert [check for check in checks if check.ok is False] == []
    assert "bundled hostility" in found["models"].what
    assert "real-time factor" in found["speed"].what
    assert "ms a text" in found["classifier speed"].what
    assert "is free" in found["port"].what


@pytest.mark.server
@pytest.mark.usefixtures("no_sound")
def test_what_is_absent_or_wrong_is_told_with_its_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALMLINE_BUNDLED_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("CALMLINE_MODELS", str(tmp_path / "none"))
    with socket.create_server((HOST, 0)) as taken:
        server = ServerSettings(port=taken.getsockname()[1])
        models = ModelSettings(recogniser="no-such-model", hostility=str(tmp_path / "nowhere"))
        found = by_name(run_doctor(Config(server=server, models=models, policy=str(tmp_path / "absent.toml"))))
    for name in ("models", "policy", "voice activity", "recogniser", "classifier", "port"):
        assert found[name].ok is False, name
        assert found[name].mend, name
    assert "calmline models get no-such-model" in found["recogniser"].what
    assert found["speed"].ok is False
    assert "a model did not load" in found["speed"].what


@pytest.mark.server
@pytest.mark.model
@pytest.mark.usefixtures("no_sound")
def test_our_own_server_on_the_port_is_well() -> None:
    config = Config(server=ServerSettings(port=free_port()))

    async def run() -> list[Check]:
        async with running(config):
            return await asyncio.to_thread(run_doctor, config)

    port = by_name(asyncio.run(run()))["port"]
    assert port.ok is True
    assert "a Calmline server answers" in port.what


@pytest.mark.model
@pytest.mark.usefixtures("no_sound")
def test_a_machine_without_sound_is_told_and_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/proc/asound/cards").exists():
        pytest.skip("this machine has sound cards, which ALSA shows without a sound server")
    monkeypatch.setenv("CALMLINE_BUNDLED_MODELS", str(tmp_path))
    sound = by_name(run_doctor(Config(server=ServerSettings(port=free_port()))))["sound devices"]
    assert sound.ok is None
    assert sound.mend == "needed for `calmline listen` only"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pulse.Desk]:
    with pulse.desk_in(tmp_path, monkeypatch) as running_desk:
        yield running_desk


@pytest.mark.server
@pulse.needs_pulse
def test_it_hears_what_is_said_and_what_is_played(desk: pulse.Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALMLINE_BUNDLED_MODELS", str(tmp_path))
    desk.play(pulse.MOUTH, pulse.tone(500, 20.0, 16000), 16000)
    found = by_name(run_doctor(Config(server=ServerSettings(port=free_port())), hear_s=1.0))
    assert found["microphone"].ok is True
    assert "loudest -12 dB of full scale in 1 s" in found["microphone"].what
    assert found["loopback"].ok is True
    assert "nothing is played" in found["loopback"].what


@pytest.mark.server
@pulse.needs_pulse
def test_a_muted_microphone_is_told(desk: pulse.Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALMLINE_BUNDLED_MODELS", str(tmp_path))
    found = by_name(run_doctor(Config(server=ServerSettings(port=free_port())), hear_s=0.3))
    assert found["microphone"].ok is False
    assert "unmute" in (found["microphone"].mend or "")
