"""The command, as a person runs it: what it prints, and that what goes wrong is one clear line and status 1."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from tests.support.server import WAIT_S, LiveServer

Samples = npt.NDArray[np.int16]
MAIN = "from assistant.cli import main; main()"
COMMANDS = ["demo", "serve", "stream", "listen", "devices", "doctor", "score", "classify", "evaluate", "models", "policy"]
LONG_S = 180.0


def command(*arguments: str, before: str = "") -> list[str]:
    """The command line; `before` is Python to run first."""
    return [sys.executable, "-c", before + MAIN, *arguments]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=LONG_S, env=environment, check=False)


def complaint(*arguments: str) -> str:
    """The one line on standard error of a command that fails, without its prefix."""
    done = run(*arguments)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().splitlines()
    assert [line.startswith("calmline: ") for line in lines] == [True], done.stderr
    return lines[0].removeprefix("calmline: ")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def recording(scene: Samples, tmp_path: Path) -> Path:
    """Some seconds of two channels, as WAV."""
    path = tmp_path / "call.wav"
    soundfile.write(path, scene, 8000, subtype="PCM_16")
    return path


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_help_names_every_command() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    words = shown.stdout.split()
    assert [name for name in COMMANDS if name not in words] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    shown = run(name, "--help")
    assert shown.returncode == 0
    assert f"calmline {name}" in shown.stdout or name in shown.stdout.split()


def test_no_command_shows_the_help() -> None:
    assert "Commands" in run().stdout


def test_an_unknown_command_is_named() -> None:
    done = run("dance")
    assert done.returncode == 2
    assert "dance" in done.stderr


def test_the_version_is_told() -> None:
    from assistant import __version__

    assert run("--version").stdout == f"calmline {__version__}\n"


# What goes wrong.


@pytest.mark.parametrize("arguments", [["serve"], ["demo", "--headless"], ["demo"]])
def test_a_taken_port_is_told_with_the_mend(taken_port: int, arguments: list[str]) -> None:
    told = complaint(*arguments, "--port", str(taken_port))
    assert str(taken_port) in told
    assert "--port" in told


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    assert "no-such.wav" in complaint("stream", str(tmp_path / "no-such.wav"))


def test_a_file_that_is_no_recording_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("not audio")
    assert "notes.wav" in complaint("stream", str(tmp_path / "notes.wav"))


def test_an_agent_channel_that_is_none_is_named(recording: Path) -> None:
    assert "--agent-channel" in complaint("stream", str(recording), "--agent-channel", "middle")


def test_an_absent_server_is_told_with_the_mend(recording: Path) -> None:
    url = f"ws://127.0.0.1:{free_port()}/v1/ingest"
    done = run("stream", str(recording), "--url", url)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"calmline: no Calmline server answers at {url}")
    assert "calmline serve" in last


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nprot = 8700\n", "prot"),
        ("[server]\nport = 'x'\n", "server.port"),
        ("[serer]\nport = 1\n", "serer"),
        ("[models]\nengine = 3\n", "models.engine"),
        ("[turns]\nhotness = 3\n", "hotness"),
        ("port = \n", "settings.toml"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(text)
    told = complaint("serve", "--config", str(path), "--port", str(free_port()))
    assert "settings.toml" in told
    assert named in told


def test_missing_settings_are_named(tmp_path: Path) -> None:
    assert "absent.toml" in complaint("serve", "--config", str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    "setting",
    ['[models]\nrecogniser = "./no-such-model"\n', '[models]\nhostility = "./no-such-model"\n', 'policy = "./no-such-model"\n'],
)
def test_a_missing_model_or_policy_is_named(tmp_path: Path, setting: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(setting)
    assert "no-such-model" in complaint("serve", "--config", str(path), "--port", str(free_port()))


# The live path from the command line.


@pytest.mark.server
@pytest.mark.model
def test_stream_sends_a_recording_and_tells_the_call(server: LiveServer, recording: Path, call_id: str) -> None:
    url = f"ws://127.0.0.1:{server.port}/v1/ingest"
    done = run("stream", str(recording), "--url", url, "--speed", "0", "--agent", "anna", "--call-id", call_id, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"call_id": call_id, "duration_s": 10.0}
    document = server.json(f"/v1/calls/{call_id}")
    assert (document["call"]["agent"], document["call"]["duration_s"]) == ("anna", 10.0)
    again = run("stream", str(recording), "--url", url, "--speed", "0", "--call-id", call_id)
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    assert again.stderr.strip().splitlines()[-1].startswith("calmline: the server closed the call: there is already a call")


@pytest.mark.server
@pytest.mark.model
def test_stream_takes_a_pair_of_files_and_the_agent_on_the_right(
    server: LiveServer, scene: Samples, tmp_path: Path, call_id: str
) -> None:
    url = f"ws://127.0.0.1:{server.port}/v1/ingest"
    swapped, agent, caller = tmp_path / "swapped.flac", tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(swapped, scene[:, ::-1], 8000)
    soundfile.write(agent, scene[:, 0], 8000, subtype="PCM_16")
    soundfile.write(caller, scene[:, 1], 8000, subtype="PCM_16")
    ways = {"right": [str(swapped), "--agent-channel", "right"], "pair": [str(caller), "--agent-channel", str(agent)]}
    said = {}
    for way, arguments in ways.items():
        one = f"{way}.{call_id}"
        assert run("stream", *arguments, "--url", url, "--speed", "0", "--call-id", one).returncode == 0
        said[way] = server.json(f"/v1/calls/{one}")["utterances"]
    assert said["right"] == said["pair"] != []


@pytest.mark.server
@pytest.mark.model
def test_the_headless_demo_prints_the_agents_cards_and_ends_with_the_call() -> None:
    done = run("demo", "--headless", "--speed", "20", "--port", str(free_port()))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "ladder: warning" in done.stdout
    assert done.stdout.count("because: ") >= 3
    assert "the call is over (stopped)" in done.stdout
    assert "synthetic" in done.stdout, "the tiny model's limits are told"


@pytest.mark.server
@pytest.mark.model
def test_the_headless_demo_gives_its_events_as_json_lines() -> None:
    done = run("demo", "--headless", "--json", "--speed", "20", "--port", str(free_port()))
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[0]["type"] == "call_started"
    assert events[-1]["type"] == "call_ended"
    assert "ladder.warning" in [event["card"] for event in events if event["type"] == "card_shown"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.server
@pytest.mark.model
def test_a_demo_whose_call_is_refused_says_why_and_ends() -> None:
    import asyncio

    from assistant.config import Config, ServerSettings
    from assistant.errors import PeerProtocolError
    from assistant.live.demo import play_in_terminal

    full = Config(server=ServerSettings(port=free_port(), max_calls=0))
    with pytest.raises(PeerProtocolError, match="takes 0 calls at once"):
        asyncio.run(play_in_terminal(full, 20.0, as_json=True))


@contextmanager
def serving(log: IO[str], *, before: str = "") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`calmline serve`, ready, and its port; killed at the end of the block where it still runs."""
    port = free_port()
    process = subprocess.Popen(command("serve", "--port", str(port), before=before), stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready:"), line
        assert f"127.0.0.1:{port}/v1/ingest" in line
        yield process, port
    finally:
        process.kill()
        process.communicate()


EVERY_LEVEL = f"""
import logging
logging.basicConfig(level=logging.DEBUG)
from assistant.live import run
configure = run.configure_logging
run.configure_logging = lambda: configure({logging.DEBUG})
"""


@pytest.mark.server
@pytest.mark.model
def test_serve_logs_no_word_and_no_number_of_a_caller_at_any_level(recording: Path, tmp_path: Path, scene: Samples) -> None:
    from websockets.sync.client import connect

    from tests.support.server import Peer, cut, start_message

    with (tmp_path / "log").open("w+") as log, serving(log, before=EVERY_LEVEL) as (process, port):
        url = f"ws://127.0.0.1:{port}"

        def peer() -> Peer:
            return Peer(connect(f"{url}/v1/ingest", compression=None, proxy=None))

        with connect(f"{url}/v1/agents/anna/events", compression=None, proxy=None, max_queue=None) as overlay:
            with peer() as caller:
                caller.start(agent="anna", caller_number="+15550142", metadata={"name": "Fitzwilliam"}, call_id="logged")
                caller.audio(scene)
                caller.stop()
            said: set[str] = set()
            while (event := json.loads(overlay.recv(WAIT_S)))["type"] != "call_ended":
                said |= set(event["text"].split()) if event["type"] == "utterance" else set()
        # And some that go wrong, whose errors are logged or not.
        with peer() as bad:
            bad.say(start_message(caller_number="+15550142", encoding="Fitzwilliam"))
            assert bad.closing()[0] == 1008
        with peer() as gone:
            gone.start(caller_number="+15550142")
            gone.audio(scene[:8000])
            cut(gone.connection)
        process.send_signal(signal.SIGINT)
        assert process.wait(WAIT_S) in (0, 130, -signal.SIGINT)
        log.seek(0)
        text = log.read()
    assert "logged" in text, "the log names the call"
    assert text.count("call opened") == text.count("call closed") == 2
    assert "Traceback" not in text
    assert "15550142" not in text
    assert "Fitzwilliam" not in text
    words = {word for word in said if len(word) > 4}
    assert words
    assert [word for word in words if word in text] == []


@pytest.mark.server
@pytest.mark.model
def test_serve_stops_on_sigterm_with_viewers_and_a_call_open(tmp_path: Path, scene: Samples) -> None:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    from tests.support.server import Peer, until

    with (tmp_path / "log").open("w+") as log, serving(log) as (process, port):
        with (
            connect(f"ws://127.0.0.1:{port}/v1/board/events", proxy=None) as board,
            Peer(connect(f"ws://127.0.0.1:{port}/v1/ingest", proxy=None)) as peer,
        ):
            peer.start()
            peer.audio(scene[:8000])
            process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                until(board, "no such event")
            assert process.wait(WAIT_S) in (0, -signal.SIGTERM)
        log.seek(0)
        text = log.read()
    assert "Traceback" not in text
    assert text.count("call opened") == text.count("call closed") == 1
