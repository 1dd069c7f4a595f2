"""The sound devices of this machine, by PortAudio (sounddevice) and, where it serves the desktop, PulseAudio or PipeWire.

Enters: nothing, or the user's name for a device. Leaves: `Device`s. No audio is captured here.

PortAudio reaches PulseAudio through ALSA's `pulse` plug-in, which shows one device for all of PulseAudio's sources. So on Linux the
sources, the monitors of outputs among them, are asked of `pactl` and listed under numbers that follow PortAudio's.
"""

import importlib
import json
import os
import platform
import re
import shutil
import subprocess
import weakref
from dataclasses import dataclass, replace
from typing import Any, Final

from assistant.errors import ConfigError

PULSE_API: Final = "PulseAudio"
PULSE_PCM: Final = "pulse"
PACTL_WAIT_S: Final = 5.0

LOOPBACK_NAME: Final = re.compile(
    r"\bmonitor of\b|\.monitor$|loopback|blackhole|soundflower|stereo mix|stereomix|what u hear|wave out mix|cable output",
    re.IGNORECASE,
)

PREFERRED_APIS: Final = (PULSE_API, "Windows WASAPI", "Core Audio", "ALSA")
"""Where one device is listed once for each of several host APIs, the first of these is taken."""

PORTAUDIO_MEND: Final = (
    "on Debian and Ubuntu `apt-get install libportaudio2`, on Fedora `dnf install portaudio`; "
    "on macOS and Windows it comes with the wheel: `pip install --force-reinstall sounddevice`"
)

LOOPBACK_MEND: Final = {
    "Linux": "name a monitor of PulseAudio or PipeWire (`calmline devices` marks them; "
    "Debian: `apt-get install pulseaudio-utils libasound2-plugins`)",
    "Windows": "switch on Stereo Mix in the sound settings, or install a virtual cable (VB-CABLE) or a "
    "PortAudio with WASAPI loopback (PyAudioWPatch shows whether the card has one)",
    "Darwin": "install BlackHole, and play to a multi-output device of BlackHole and the headset",
}

streams_open: Final[weakref.WeakSet[Any]] = weakref.WeakSet()
"""What captures now: PortAudio cannot look for devices anew under an open stream."""


@dataclass(frozen=True)
class Device:
    """One sound device as this machine names it."""

    index: int
    """What the user types; stable until a device comes or goes."""
    name: str
    host_api: str
    input_channels: int
    output_channels: int
    default_rate_hz: int
    is_default_input: bool
    is_loopback: bool
    """Whether it hears what an output plays."""
    portaudio_index: int
    pulse_source: str | None = None
    """PulseAudio's own name of the source, where it is one."""

    @property
    def label(self) -> str:
        """Number, name and host API, for lists and errors."""
        return f"{self.index}: {self.name} ({self.host_api})"


def load_portaudio() -> Any:
    """The module `sounddevice`. Raises `ConfigError` that names the mend where it or PortAudio is missing."""
    try:
        return importlib.import_module("sounddevice")
    except ImportError as missing:
        raise ConfigError("the package sounddevice is not installed: `pip install sounddevice`") from missing
    except OSError as missing:
        raise ConfigError(f"PortAudio is missing, so no sound device can be used ({missing}): {PORTAUDIO_MEND}") from missing


def list_devices() -> list[Device]:
    """All sound devices, inputs and outputs, as they are now.

    Raises:
        ConfigError: PortAudio is missing, or there is no device at all; the text names what is missing and the mend.
    """
    portaudio = load_portaudio()
    try:
        if not len(streams_open):
            # PortAudio looks for devices only when it starts; sounddevice has no public name for starting it again.
            portaudio._terminate()
            portaudio._initialize()
        hosts = [str(host["name"]) for host in portaudio.query_hostapis()]
        default_input = portaudio.default.device[0]
        found = [_from_portaudio(raw, hosts, default_input) for raw in portaudio.query_devices()]
    except portaudio.PortAudioError as broken:
        raise ConfigError(f"PortAudio cannot list the sound devices: {broken}") from broken
    sources = _pulse_sources(found)
    if any(source.is_default_input for source in sources):
        # ALSA's stand-ins for the default source would make it two.
        found = [replace(device, is_default_input=False) for device in found]
    devices = [*found, *sources]
    if not devices:
        raise ConfigError(f"this machine has no sound device: {_why_none()}")
    return devices


def find_device(wanted: int | str, devices: list[Device]) -> Device:
    """The input device that the user means by its index, or by words of its name and host API.

    An exact name wins over a part of one. Of one device that several host APIs list, the best API's is taken.

    Raises:
        ConfigError: none fits, several do (all are listed), or it has no input.
    """
    text = str(wanted).strip()
    if text.isdecimal():
        fitting = [device for device in devices if device.index == int(text)]
        if fitting and not fitting[0].input_channels:
            raise ConfigError(f"the sound device {fitting[0].label} is an output, and has nothing to hear")
    else:
        words = text.lower().split()
        inputs = [device for device in devices if device.input_channels]
        exact = [device for device in inputs if text.lower() in _names(device)]
        fitting = exact or [
            device for device in inputs if words and all(word in " ".join((*_names(device), device.host_api.lower())) for word in words)
        ]
    if not fitting:
        raise ConfigError(f"no sound device fits {text!r}; there are: {_listed([d for d in devices if d.input_channels])}")
    if len(fitting) > 1:
        preferred = [device for api in PREFERRED_APIS for device in fitting if device.host_api == api]
        if not (preferred and _are_one(fitting)):
            raise ConfigError(f"several sound devices fit {text!r}, give the number of one: {_listed(fitting)}")
        fitting = preferred
    return fitting[0]


def default_microphone(devices: list[Device]) -> Device:
    """The system's default input. Raises `ConfigError` where there is none, or it hears an output instead of a person."""
    default = next((device for device in devices if device.is_default_input), None)
    if default is None:
        raise ConfigError("no sound device is the default input: plug in a microphone, or name one (`calmline devices` lists them)")
    if default.is_loopback:
        raise ConfigError(
            f"the default input {default.label} hears an output, not a microphone: plug one in, or name the agent's device"
        )
    return default


def default_loopback(devices: list[Device]) -> Device:
    """What hears the output that the agent hears. Raises `ConfigError` that tells how to get one."""
    loopbacks = [device for device in devices if device.is_loopback and device.input_channels]
    played = _ask_pactl("get-default-sink") if any(device.pulse_source for device in loopbacks) else None
    of_default_output = [device for device in loopbacks if played is not None and device.pulse_source == f"{played}.monitor"]
    fitting = of_default_output or loopbacks
    if not fitting:
        mend = LOOPBACK_MEND.get(platform.system(), "name an input that hears what the headset plays")
        raise ConfigError(f"no sound device hears the caller, that is, what the headset plays: {mend}")
    if len(fitting) > 1:
        raise ConfigError(f"several sound devices hear an output, name the caller's: {_listed(fitting)}")
    return fitting[0]


def _from_portaudio(raw: dict[str, Any], hosts: list[str], default_input: int) -> Device:
    name = str(raw["name"])
    inputs = int(raw["max_input_channels"])
    return Device(
        index=int(raw["index"]),
        name=name,
        host_api=hosts[int(raw["hostapi"])],
        input_channels=inputs,
        output_channels=int(raw["max_output_channels"]),
        default_rate_hz=round(float(raw["default_samplerate"])),
        is_default_input=bool(inputs) and int(raw["index"]) == default_input,
        is_loopback=bool(inputs) and LOOPBACK_NAME.search(name) is not None,
        portaudio_index=int(raw["index"]),
    )


def _pulse_sources(found: list[Device]) -> list[Device]:
    """PulseAudio's sources, where PortAudio has a way to them."""
    plug_in = next((device for device in found if device.name == PULSE_PCM and device.input_channels), None)
    if plug_in is None:
        return []
    default = _ask_pactl("get-default-source")
    listed: list[Device] = []
    for source in _pulse_sources_raw():
        name = str(source["name"])
        rate, channels = _pulse_format(str(source.get("sample_specification", "")))
        listed.append(
            Device(
                index=len(found) + len(listed),
                name=str(source.get("description") or name),
                host_api=PULSE_API,
                input_channels=channels,
                output_channels=0,
                default_rate_hz=rate,
                is_default_input=name == default,
                is_loopback=source.get("properties", {}).get("device.class") == "monitor" or name.endswith(".monitor"),
                portaudio_index=plug_in.portaudio_index,
                pulse_source=name,
            )
        )
    return listed


def _pulse_format(specification: str) -> tuple[int, int]:
    """Rate and channels of `s16le 2ch 48000Hz`."""
    fields = re.search(r"(\d+)ch (\d+)Hz", specification)
    return (int(fields[2]), int(fields[1])) if fields else (48000, 2)


def _pulse_sources_raw() -> list[dict[str, Any]]:
    try:
        sources = json.loads(_ask_pactl("--format=json", "list", "sources") or "[]")
    except ValueError:  # a pactl older than 15 knows no JSON
        return []
    return [source for source in sources if isinstance(source, dict) and source.get("name")]


def _ask_pactl(*command: str) -> str | None:
    """What PulseAudio or PipeWire answers, or None where there is no `pactl`, no server, or no such question."""
    pactl = shutil.which("pactl")
    if pactl is None:
        return None
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    try:
        asked = subprocess.run([pactl, *command], capture_output=True, timeout=PACTL_WAIT_S, check=True, env=environment)
    except (OSError, subprocess.SubprocessError):
        return None
    return asked.stdout.decode("utf-8", "replace").strip()


def _are_one(devices: list[Device]) -> bool:
    """Whether they are one device, listed once by each of several host APIs; MME cuts names at 31 characters."""
    shortest = min((device.name for device in devices), key=len)
    one_each = len({device.host_api for device in devices}) == len(devices)
    return one_each and all(device.name.startswith(shortest) for device in devices)


def _names(device: Device) -> tuple[str, ...]:
    return tuple(name.lower() for name in (device.name, device.pulse_source) if name)


def _listed(devices: list[Device]) -> str:
    return "; ".join(device.label for device in devices) or "none"


def _why_none() -> str:
    if platform.system() != "Linux":
        return "plug in a headset, and allow this program the microphone in the privacy settings"
    if _ask_pactl("info") is not None:
        return (
            "PulseAudio or PipeWire runs, but ALSA has no way to it; on Debian and Ubuntu `apt-get install libasound2-plugins`"
        )
    return (
        "plug in a headset; if there is one, the sound server cannot be reached (is PulseAudio or PipeWire running for this user, "
        "and is PULSE_SERVER right?) and no ALSA card is open to this user"
    )
