"""A private PulseAudio for a test: a headset, whose monitor hears what it plays, and a microphone that hears what the test says to it.

No daemon of the user is touched: the socket, the state and the cookie lie in a temporary folder, and clients start no other daemon.
"""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

HEADSET = "desk_headset"
HEADSET_MONITOR = f"{HEADSET}.monitor"
MOUTH = "desk_mouth"
"""What is played to this output is what the microphone hears."""
MICROPHONE = "desk_microphone"
START_S = 20.0
STARTED = "Daemon startup complete"

MODULES = (
    f"module-null-sink sink_name={HEADSET} rate=48000 channels=2 sink_properties=device.description=DeskHeadset",
    f"module-null-sink sink_name={MOUTH} rate=16000 channels=1 sink_properties=device.description=DeskMouth",
    f"module-remap-source source_name={MICROPHONE} master={MOUTH}.monitor source_properties=device.description=DeskMicrophone",
)

missing = [program for program in ("pulseaudio", "pactl", "pacat") if shutil.which(program) is None]
needs_pulse = pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)} (pulseaudio, pulseaudio-utils)")


class Desk:
    """The daemon, with the environment through which its clients find it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._players: list[subprocess.Popen[bytes]] = []
        self._started = threading.Event()
        self.socket = folder / "native"
        config = folder / "client.conf"
        config.write_text("autospawn = no\n")
        self.environment = {
            "PULSE_SERVER": f"unix:{self.socket}",
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder),
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_CLIENTCONFIG": str(config),
        }
        protocol = f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"
        loads = [argument for module in (protocol, *MODULES) for argument in ("-L", module)]
        options = ["-n", "-v", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes", "--log-target=stderr"]
        self._daemon = subprocess.Popen(
            ["pulseaudio", *options, *loads],
            env={**self._whole_environment(), "HOME": str(folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._log: list[str] = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def wait(self) -> None:
        """Returns once clients are served. Fails the test where the daemon does not start."""
        if not self._started.wait(START_S) or self._daemon.poll() is not None:
            pytest.fail("pulseaudio does not start: " + "".join(self._log)[-2000:])
        self.pactl("set-default-source", MICROPHONE)
        self.pactl("set-default-sink", HEADSET)

    def pactl(self, *command: str) -> str:
        """What `pactl` prints."""
        environment = self._whole_environment()
        asked = subprocess.run(["pactl", *command], env=environment, capture_output=True, check=True, timeout=START_S)
        return asked.stdout.decode()

    def play(self, sink: str, samples: npt.NDArray[np.int16], rate_hz: int) -> None:
        """Begins to play (n,) samples to an output, and returns at once."""
        audio = self._folder / f"play{len(self._players)}.raw"
        audio.write_bytes(samples.astype("<i2").tobytes())
        command = ["pacat", "--playback", "--raw", "-d", sink, f"--rate={rate_hz}", "--channels=1", "--format=s16le", "--latency-msec=50"]
        self._players.append(subprocess.Popen([*command, str(audio)], env=self._whole_environment()))

    def stop(self) -> None:
        """The daemon goes away at once, as when a device is pulled out."""
        for process in (*self._players, self._daemon):
            process.kill()
            process.wait()
        self._reader.join()

    def _whole_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "LC_ALL": "C"}

    def _read_log(self) -> None:
        assert self._daemon.stderr is not None
        for line in self._daemon.stderr:
            self._log.append(line.decode(errors="replace"))
            if STARTED in self._log[-1]:
                self._started.set()
        self._daemon.stderr.close()
        self._started.set()


@contextmanager
def running_desk(folder: Path) -> Iterator[Desk]:
    """A desk whose daemon answers."""
    desk = Desk(folder)
    try:
        desk.wait()
        yield desk
    finally:
        desk.stop()


@contextmanager
def desk_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk that this process's own clients find, too."""
    with running_desk(folder) as desk:
        for name, value in desk.environment.items():
            monkeypatch.setenv(name, value)
        yield desk


def no_sound_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process finds no sound server."""
    for name, value in {"PULSE_SERVER": f"unix:{folder / 'nothing'}", "PULSE_RUNTIME_PATH": str(folder)}.items():
        monkeypatch.setenv(name, value)


def tone(frequency_hz: float, duration_s: float, rate_hz: int, amplitude: int = 8000) -> npt.NDArray[np.int16]:
    """(n,) int16."""
    at = np.arange(round(duration_s * rate_hz))
    return np.round(amplitude * np.sin(2 * np.pi * frequency_hz * at / rate_hz)).astype(np.int16)
