"""A desk with a real sound server, a real ingest websocket and the real models: what is played is what the server hears."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from websockets.asyncio.server import ServerConnection, serve

from assistant.audio.capture import RATE_HZ, DeviceLost
from assistant.audio.devices import Device
from assistant.config import Config, ServerSettings
from assistant.errors import AssistantError, ConfigError, PeerProtocolError
from assistant.live.demo import demo_audio
from assistant.live.listen import Levels, ListenTotals, choose_devices, level_db, run_listen
from assistant.live.run import running
from assistant.timebase import Track
from tests.support import pulse

pytestmark = [pytest.mark.server, pulse.needs_pulse]
HOST = "127.0.0.1"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pulse.Desk]:
    with pulse.desk_in(tmp_path, monkeypatch) as running_desk:
        yield running_desk


@dataclass
class Peer:
    """A bare ingest: takes any call, and keeps what it was sent."""

    url: str = ""
    started: list[str] = field(default_factory=list)
    audio: list[bytes] = field(default_factory=list)
    stopped: int = 0
    refuses_after: int | None = None

    async def serve_call(self, connection: ServerConnection) -> None:
        async for message in connection:
            if isinstance(message, bytes):
                self.audio.append(message)
                if self.refuses_after is not None and len(self.audio) > self.refuses_after:
                    await connection.close(1013, "no room")
            elif '"start"' in message:
                self.started.append(message)
                await connection.send('{"type":"started","call_id":"desk-1"}')
            else:
                self.stopped += 1
                await connection.send('{"type":"stopped"}')

    def samples(self, tracks: int) -> npt.NDArray[np.int16]:
        return np.frombuffer(b"".join(self.audio), "<i2").reshape(-1, tracks)


def listen_to_peer(peer: Peer, listen: Callable[[str], Coroutine[Any, Any, ListenTotals]]) -> ListenTotals:
    async def run() -> ListenTotals:
        async with serve(peer.serve_call, HOST, 0, compression=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            return await listen(f"ws://{HOST}:{port}/v1/ingest")

    return asyncio.run(run())


def test_both_sides_arrive_as_one_call_and_the_levels_are_shown(desk: pulse.Desk) -> None:
    peer, shown, begun = Peer(), list[Levels](), list[dict[Track, Device]]()

    def begin(call_id: str, devices: dict[Track, Device]) -> None:
        begun.append(devices)
        desk.play(pulse.MOUTH, pulse.tone(1000, 3.0, 16000), 16000)

    totals = listen_to_peer(peer, lambda url: run_listen(None, None, url, "ana", 2.5, shown.append, on_start=begin))
    heard = peer.samples(2)
    assert '"tracks": ["agent", "caller"]' in peer.started[0]
    assert '"agent": "ana"' in peer.started[0]
    assert f'"sample_rate_hz": {RATE_HZ}' in peer.started[0]
    assert peer.stopped == 1
    assert totals.call_id == "desk-1"
    assert totals.duration_s == len(heard) / RATE_HZ == 2.5
    assert begun[0]["caller"].is_loopback
    assert not begun[0]["agent"].is_loopback
    assert np.abs(heard[:, 0]).max() > 7000
    assert np.abs(heard[:, 1]).max() == 0
    assert totals.peak_db["agent"] == pytest.approx(level_db(8000), abs=0.5)
    assert next(note for note in totals.notes if "only silence" in note).startswith("caller: Monitor of DeskHeadset")
    assert len(shown) >= 8
    assert [level.at_s for level in shown] == sorted(level.at_s for level in shown)
    assert max(level.rms_db["agent"] for level in shown) == pytest.approx(level_db(8000) - 3, abs=1)
    assert {level.rms_db["caller"] for level in shown} == {-96.0}


def test_ctrl_c_ends_the_call_in_order(desk: pulse.Desk) -> None:
    peer = Peer()
    before = signal.getsignal(signal.SIGINT)
    totals = listen_to_peer(peer, lambda url: run_listen(url=url, on_level=lambda level: signal.raise_signal(signal.SIGINT)))
    assert peer.stopped == 1
    assert 0.1 < totals.duration_s < 5
    assert signal.getsignal(signal.SIGINT) is before


def test_a_lost_device_ends_the_call_in_order_and_is_told(desk: pulse.Desk) -> None:
    peer = Peer()
    with pytest.raises(DeviceLost, match="went away"):
        listen_to_peer(peer, lambda url: run_listen(url=url, on_level=lambda level: desk.stop()))
    assert peer.stopped == 1
    assert len(peer.samples(2)) > 0


def test_one_side_alone_is_sent_only_when_asked_for(desk: pulse.Desk) -> None:
    peer = Peer()
    totals = listen_to_peer(peer, lambda url: run_listen(url=url, duration_s=0.2, only="caller"))
    assert '"tracks": ["caller"]' in peer.started[0]
    assert list(totals.devices) == ["caller"]
    assert totals.tally.keys() == {"caller"}


@pytest.mark.skipif(sys.platform != "linux", reason="the mend named here is that of Linux")
def test_a_missing_loopback_is_told_with_both_ways_out(desk: pulse.Desk) -> None:
    desk.pactl("unload-module", "module-null-sink")
    with pytest.raises(ConfigError, match=r"no sound device hears the caller.* pulseaudio-utils.*; or send the agent's microphone alone"):
        choose_devices("default", None)
    assert choose_devices("default", None, only="agent").keys() == {"agent"}


def test_a_server_that_closes_the_call_is_told_with_its_reason(desk: pulse.Desk) -> None:
    peer = Peer(refuses_after=2)
    with pytest.raises(PeerProtocolError, match="no room"):
        listen_to_peer(peer, lambda url: run_listen(url=url))


def test_no_server_is_told_with_the_mend(desk: pulse.Desk) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConfigError, match="calmline serve"):
        asyncio.run(run_listen(url=f"ws://{HOST}:{port}/v1/ingest"))


def test_wrong_choices_are_refused(desk: pulse.Desk) -> None:
    with pytest.raises(ConfigError, match="cannot both be"):
        choose_devices(pulse.HEADSET_MONITOR, None)
    with pytest.raises(ConfigError, match="of the other side"):
        choose_devices(None, pulse.HEADSET_MONITOR, only="agent")
    with pytest.raises(ConfigError, match="no sound device fits 'violin'"):
        choose_devices("violin", None)
    with pytest.raises(ConfigError, match="duration_s"):
        asyncio.run(run_listen(duration_s=0))


@pytest.mark.skipif(sys.platform != "linux", reason="a machine without sound can be had only where PulseAudio is the sound")
def test_a_machine_without_sound_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if Path("/proc/asound/cards").exists():
        pytest.skip("this machine has sound cards, which ALSA shows without a sound server")
    pulse.no_sound_server(tmp_path, monkeypatch)
    with pytest.raises(AssistantError, match="no sound device"):
        asyncio.run(run_listen())


@pytest.mark.model
@pytest.mark.slow
def test_a_spoken_call_at_the_desk_is_understood_by_the_server(desk: pulse.Desk) -> None:
    audio = demo_audio()
    assert audio.tracks == ("agent", "caller")
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
    config = Config(server=ServerSettings(port=port))

    def speak(call_id: str, devices: dict[Track, Device]) -> None:
        for column, output in ((0, pulse.MOUTH), (1, pulse.HEADSET)):
            desk.play(output, np.ascontiguousarray(audio.samples[: 11 * audio.rate_hz, column]), audio.rate_hz)

    async def run() -> tuple[ListenTotals, dict[str, str]]:
        async with running(config) as (_, node):
            totals = await run_listen(url=f"ws://{HOST}:{port}/v1/ingest", agent_name="ana", duration_s=12.0, on_start=speak)
            said: dict[str, str] = {}
            for utterance in node.record(totals.call_id).document()["utterances"]:
                said[utterance["track"]] = f"{said.get(utterance['track'], '')} {utterance['text']}"
            return totals, said

    totals, said = asyncio.run(run())
    assert "calling hillside" in said["agent"]
    assert "internet" in said["caller"]
    assert "internet" not in said["agent"]
    assert totals.duration_s == 12.0
    assert all(tally.overflows == 0 for tally in totals.tally.values())
