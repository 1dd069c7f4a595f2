"""Edits of the policy file while the server runs: taken or refused, told of, and never a dropped call."""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from assistant.config import Config
from assistant.errors import ConfigError
from assistant.guidance.policy import Policy
from assistant.guidance.policy_file import load_policy
from assistant.live import policy_watch, run
from assistant.live.policy_watch import PolicyWatch
from tests.support.server import WAIT_S, LiveServer, until

MakeServer = Callable[..., LiveServer]
Samples = npt.NDArray[np.int16]
BUNDLED = (resources.files("assistant.guidance") / "policy.toml").read_text("utf-8")


def text_of(version: str, **changes: str) -> str:
    """The bundled policy under another version, with some words put in place of others."""
    text = BUNDLED.replace(f'version = "{load_policy().version}"', f'version = "{version}"', 1)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


def put(path: Path, text: str) -> None:
    """Writes the file as editors do: a new one is renamed over the old one."""
    written = path.with_suffix(".new")
    written.write_text(text, "utf-8")
    written.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "house.toml"
    put(path, text_of("house-1"))
    return path


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_watch, "POLICY_EVERY_S", 0.01)


class Watched:
    """A watch, and what it had applied."""

    def __init__(self, path: Path | None) -> None:
        self.applied: list[str] = []
        self.looks = 0
        self.came, self.looked = asyncio.Event(), asyncio.Event()
        self._path, self._loop = path, asyncio.get_running_loop()
        self.watch = PolicyWatch(self._read, load_policy(path), self._apply)

    def _read(self) -> Policy:
        self.looks += 1
        self._loop.call_soon_threadsafe(self.looked.set)
        return load_policy(self._path)

    def _apply(self, policy: Policy) -> None:
        self.applied.append(policy.version)
        self.came.set()

    async def look_again(self, times: int = 3) -> None:
        """Returns once the file was looked at so many times more."""
        wanted = self.looks + times
        while self.looks < wanted:
            self.looked.clear()
            await self.looked.wait()


def wait(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work, WAIT_S)

    asyncio.run(limited())


# The watch by itself.


def test_a_good_edit_is_applied_once(path: Path) -> None:
    async def scenario() -> None:
        seen = Watched(path)
        following = asyncio.create_task(seen.watch.run())
        for version in ("house-2", "house-3"):
            seen.came.clear()
            put(path, text_of(version))
            await seen.came.wait()
            assert seen.watch.policy.version == version
        following.cancel()
        assert seen.applied == ["house-2", "house-3"]
        assert seen.watch.warning is None

    wait(scenario())


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        (text_of("house-2").replace("confidence_floor = 0.6", "confidence_floor = 6"), "confidence_floor"),
        (text_of("house-2").replace("[budget]", "[bugdet]"), "bugdet"),
        ("version = ", ":1: "),
    ],
    ids=["out of range", "unknown", "no toml"],
)
def test_a_bad_edit_keeps_the_old_policy_and_says_where_it_is_bad(path: Path, broken: str, named: str) -> None:
    async def scenario() -> None:
        seen = Watched(path)
        put(path, broken)
        await seen.watch.reread()
        assert seen.applied == []
        assert seen.watch.policy.version == "house-1"
        assert seen.watch.warning is not None
        assert str(path) in seen.watch.warning
        assert named in seen.watch.warning
        assert "house-1 goes on" in seen.watch.warning
        put(path, text_of("house-2"))
        await seen.watch.reread()
        assert seen.applied == ["house-2"]
        assert seen.watch.warning is None

    wait(scenario())


def test_a_file_that_is_gone_or_no_text_changes_nothing_until_it_is_back(path: Path) -> None:
    async def scenario() -> None:
        seen = Watched(path)
        path.unlink()
        await seen.watch.reread()
        assert "cannot read" in (seen.watch.warning or "")
        path.write_bytes(b"\xff\xfe\x00")
        await seen.watch.reread()
        assert "cannot read" in (seen.watch.warning or "")
        put(path, text_of("house-1"))
        await seen.watch.reread()
        assert seen.watch.warning is None
        assert seen.applied == []

    wait(scenario())


def test_a_changed_policy_of_the_same_version_is_taken_and_warned_of(path: Path) -> None:
    async def scenario() -> None:
        seen = Watched(path)
        put(path, text_of("house-1").replace("confidence_floor = 0.6", "confidence_floor = 0.7"))
        await seen.watch.reread()
        assert seen.watch.policy.evidence.confidence_floor == 0.7
        assert "version" in (seen.watch.warning or "")

    wait(scenario())


def test_a_link_that_is_pointed_elsewhere_is_an_edit(path: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        link = tmp_path / "current.toml"
        link.symlink_to(path)
        seen = Watched(link)
        following = asyncio.create_task(seen.watch.run())
        put(tmp_path / "next.toml", text_of("house-9"))
        (tmp_path / "moved").symlink_to(tmp_path / "next.toml")
        (tmp_path / "moved").replace(link)
        await seen.came.wait()
        following.cancel()
        assert seen.applied == ["house-9"]

    wait(scenario())


def test_a_policy_that_it_extends_is_watched_too(path: Path, tmp_path: Path) -> None:
    async def scenario() -> None:
        own = tmp_path / "own.toml"
        put(own, 'extends = "house.toml"\n')
        seen = Watched(own)
        following = asyncio.create_task(seen.watch.run())
        put(path, text_of("house-2"))
        await seen.came.wait()
        following.cancel()
        assert seen.applied == ["house-2+own"]

    wait(scenario())


def test_what_is_read_only_once_is_not_taken(path: Path) -> None:
    async def scenario() -> None:
        whole, readings = load_policy(path), 0

        def half_written() -> Policy:
            nonlocal readings
            readings += 1
            if readings == 2:
                raise ConfigError("half of it is not there yet")
            if readings == 4:
                return msgspec.structs.replace(whole, version="an emptied file")
            return whole

        applied: list[Policy] = []
        watch = PolicyWatch(half_written, whole, applied.append)
        following = asyncio.create_task(watch.run())
        while readings < 8:
            assert watch.warning is None
            await asyncio.sleep(0)
        following.cancel()
        assert applied == []

    wait(scenario())


def test_a_bad_edit_is_warned_of_once_while_it_stays(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        seen = Watched(path)
        following = asyncio.create_task(seen.watch.run())
        put(path, "version = ")
        await seen.look_again(6)
        following.cancel()
        assert seen.watch.warning is not None

    wait(scenario())
    said = capsys.readouterr()
    assert (said.out + said.err).count("goes on advising") == 1


def test_a_fault_of_ours_does_not_end_the_watch(path: Path) -> None:
    async def scenario() -> None:
        faults = [ZeroDivisionError(), ZeroDivisionError()]
        came = asyncio.Event()

        def read() -> Policy:
            if faults:
                raise faults.pop()
            return load_policy(path)

        watch = PolicyWatch(read, load_policy(), lambda _: came.set())
        following = asyncio.create_task(watch.run())
        await came.wait()
        following.cancel()
        assert watch.policy.version == "house-1"
        assert watch.warning is None

    wait(scenario())


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGHUP")
def test_a_hangup_signal_has_the_file_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to the main thread only")

    class Server:
        should_exit = False

    class Node:
        policy: PolicyWatch

    async def scenario() -> None:
        seen, server, node = Watched(path), Server(), Node()
        node.policy = seen.watch
        terminal = [True]
        monkeypatch.setattr(run, "_has_terminal", lambda: terminal[0])
        run._mind_hangups(server, node)  # type: ignore[arg-type]
        put(path, text_of("house-2"))
        os.kill(os.getpid(), signal.SIGHUP)
        await seen.came.wait()
        assert not server.should_exit
        # A closed terminal means the end, as ever.
        terminal[0] = False
        os.kill(os.getpid(), signal.SIGHUP)
        while not server.should_exit:
            await asyncio.sleep(0)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)

    wait(scenario())


# The server.


@pytest.fixture
def server(path: Path, make_server_with: MakeServer) -> LiveServer:
    return make_server_with(config=msgspec.structs.replace(Config(), policy=str(path)))


def ready_once(server: LiveServer, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What `/readyz` says once that is so."""
    while not holds(said := server.json("/readyz")):
        pass
    return said  # type: ignore[no-any-return]


@pytest.mark.server
@pytest.mark.model
def test_live_calls_go_on_under_the_new_policy_and_new_calls_begin_with_it(server: LiveServer, path: Path, scene: Samples) -> None:
    with server.peer() as one, server.peer() as two, server.ws("/v1/board/events") as board:
        for peer, call_id in ((one, "one"), (two, "two")):
            peer.start(call_id=call_id, agent=call_id)
            assert until(board, "call_started")[-1]["policy"] == "house-1"
        put(path, text_of("house-2"))
        changed = {until(board, "policy_changed")[-1]["call_id"] for _ in range(2)}
        assert changed == {"one", "two"}
        one.audio(scene)
        for peer in (one, two):
            peer.stop()
    events = [json.loads(message) for message in server.follow("/v1/calls/one/events")]
    at = next(i for i, event in enumerate(events) if event["type"] == "policy_changed")
    advice = [event["policy"] for event in events[at:] if "policy" in event]
    assert len(advice) > 1
    assert set(advice) == {"house-2"}
    assert events[-1]["why"] == "stopped"
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    server.send_call(scene[:800], call_id="three")
    assert json.loads(server.follow("/v1/calls/three/events")[0])["policy"] == "house-2"


@pytest.mark.server
@pytest.mark.model
def test_a_bad_edit_is_told_of_and_the_call_keeps_its_policy(server: LiveServer, path: Path, scene: Samples) -> None:
    assert ready_once(server, lambda _: True) == {"status": "ready", "policy": "house-1", "warnings": []}
    with server.peer() as peer:
        peer.start(call_id="call")
        put(path, text_of("house-2").replace("confidence_floor = 0.6", "confidence_floor = 6"))
        said = ready_once(server, lambda said: bool(said["warnings"]))
        assert said["policy"] == "house-1"
        assert "confidence_floor" in said["warnings"][0]
        assert "calmline_policy_warning 1.0" in server.get("/metrics").text
        peer.audio(scene)
        peer.stop()
    assert b'"type":"policy_changed"' not in b"".join(server.follow("/v1/calls/call/events"))
    put(path, text_of("house-2"))
    assert ready_once(server, lambda said: said["policy"] == "house-2")["warnings"] == []
