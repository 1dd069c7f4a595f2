"""The agent's desk as a live call: microphone and loopback, over the ingest websocket of a running server.

Enters: two sound devices. Leaves: a call at the server, and for the person at the desk the levels, so that they see that it hears.
Latency: that of `audio.capture` and a tick of 40 ms. Ctrl-C, or the time that was asked for, ends the call in order: the server works all
of it off before this returns.
"""

import asyncio
import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from assistant.audio.capture import RATE_HZ, Capture, DeviceLost, TrackTally
from assistant.audio.devices import Device, default_loopback, default_microphone, find_device, list_devices
from assistant.errors import ConfigError
from assistant.live.client import IngestCall, ingest_call
from assistant.timebase import Track

DEFAULT_URL: Final = "ws://127.0.0.1:8700/v1/ingest"
TICK_S: Final = 0.04
LEVEL_S: Final = 0.2
"""How often the levels are told."""
SILENT_DB: Final = -75.0
"""A device whose loudest sample is below this is muted, or another than meant: the noise of an open microphone is louder."""
FLOOR_DB: Final = -96.0
"""The level of digital silence: 16 bits hold no lower."""


@dataclass(frozen=True)
class Levels:
    """How loud each track is now."""

    at_s: float
    """Seconds of the call."""
    rms_db: dict[Track, float]
    """The last 0.2 s against full scale, [-96, 0]."""
    peak_db: dict[Track, float]
    """The loudest sample of the same, [-96, 0]."""
    silence_s: dict[Track, float]
    """Silence put in so far where the device delivered too little."""


OnLevel = Callable[[Levels], None]


@dataclass(frozen=True)
class ListenTotals:
    """What a call from the desk came to."""

    call_id: str
    devices: dict[Track, str]
    duration_s: float
    peak_db: dict[Track, float]
    tally: dict[Track, TrackTally]
    notes: list[str] = field(default_factory=list)
    """What the person should know: muted devices, gaps, cuts, lost audio."""


def choose_devices(
    agent_device: int | str | None, caller_device: int | str | None, only: Literal["agent", "caller"] | None = None
) -> dict[Track, Device]:
    """The devices of the call's tracks: what the user named, else the default microphone and the loopback of the default output.

    Raises:
        ConfigError: a device is not there, is ambiguous, or is both sides at once; a missing loopback's error tells how to get one.
    """
    left_out = caller_device if only == "agent" else agent_device if only == "caller" else None
    if left_out is not None:
        raise ConfigError(f"only {only} is to be sent, so the device {left_out!r} of the other side cannot be used; leave one of both out")
    devices = list_devices()
    chosen: dict[Track, Device] = {}
    if only != "caller":
        chosen["agent"] = default_microphone(devices) if agent_device is None else find_device(agent_device, devices)
    if only != "agent":
        chosen["caller"] = _caller(caller_device, devices, may_be_left_out=only is None)
    if len(chosen) > len({(device.portaudio_index, device.pulse_source) for device in chosen.values()}):
        raise ConfigError(f"agent and caller cannot both be the sound device {chosen['agent'].label}")
    return chosen


async def run_listen(
    agent_device: int | str | None = None,
    caller_device: int | str | None = None,
    url: str | None = None,
    agent_name: str | None = None,
    duration_s: float | None = None,
    on_level: OnLevel | None = None,
    *,
    only: Literal["agent", "caller"] | None = None,
    token: str | None = None,
    on_start: Callable[[str, dict[Track, Device]], None] | None = None,
    stop: asyncio.Event | None = None,
) -> ListenTotals:
    """Sends the desk as one live call until Ctrl-C, `stop`, or `duration_s` seconds of call; returns when the server has worked it off.

    Args:
        agent_device: the agent's microphone by index or part of its name; None for the default.
        caller_device: the loopback of what the agent hears; None for that of the default output.
        url: `ws://HOST:PORT/v1/ingest`; None for this machine's server.
        agent_name: under which the overlay looks for the call.
        duration_s: seconds of call, above 0; None for no limit.
        on_level: told the levels five times a second.
        only: one track alone, where there is one device; interruptions are then unknown.
        on_start: told the call's id and the devices when the server has taken the call.

    Raises:
        ConfigError: a device or the server is missing, or an argument is out of range.
        DeviceLost: a device went away; the call was ended in order before.
        PeerProtocolError: the server refused or closed the call.
    """
    if duration_s is not None and not duration_s > 0:
        raise ConfigError(f"duration_s: above 0, not {duration_s}")
    chosen = choose_devices(agent_device, caller_device, only)
    stop = stop if stop is not None else asyncio.Event()
    with Capture(chosen) as capture:
        async with ingest_call(url or DEFAULT_URL, capture.tracks, RATE_HZ, agent=agent_name, token=token) as call:
            if on_start is not None:
                on_start(call.call_id, chosen)
            meter = _Meter(capture, on_level)
            try:
                with _interrupt_sets(stop):
                    await _pump(capture, call, meter, duration_s, stop)
            except DeviceLost:
                await call.stop()
                raise
            await call.stop()
        return _totals(call.call_id, capture, chosen, meter)


def level_db(amplitude: float) -> float:
    """An amplitude on the scale of int16 against full scale, [-96, 0]."""
    return max(FLOOR_DB, 20 * math.log10(min(amplitude, 32768) / 32768)) if amplitude > 0 else FLOOR_DB


async def _pump(capture: Capture, call: IngestCall, meter: "_Meter", duration_s: float | None, stop: asyncio.Event) -> None:
    most = None if duration_s is None else max(1, round(duration_s * RATE_HZ))
    sent = 0
    while not stop.is_set() and (most is None or sent < most):
        samples = capture.take()
        if most is not None:
            samples = samples[: most - sent]
        if len(samples):
            await call.send(samples)
            sent += len(samples)
            meter.hear(samples)
        try:
            async with asyncio.timeout(TICK_S):
                await stop.wait()
        except TimeoutError:
            continue


class _Meter:
    """Tells the levels as they come, and remembers the loudest."""

    def __init__(self, capture: Capture, on_level: OnLevel | None) -> None:
        self._capture = capture
        self._on_level = on_level
        self._since: list[npt.NDArray[np.int16]] = []
        self._waiting = 0
        self.heard_samples = 0
        self.peaks = np.zeros(len(capture.tracks))

    def hear(self, samples: npt.NDArray[np.int16]) -> None:
        self.heard_samples += len(samples)
        self.peaks = np.maximum(self.peaks, np.abs(samples.astype(np.int32)).max(axis=0))
        self._since.append(samples)
        self._waiting += len(samples)
        if self._on_level is None or self._waiting < LEVEL_S * RATE_HZ:
            self._since = self._since if self._on_level is not None else []
            return
        audio = np.concatenate(self._since).astype(np.float64)
        self._since, self._waiting = [], 0
        rms, peaks = np.sqrt(np.mean(audio**2, axis=0)), np.abs(audio).max(axis=0)
        tally = self._capture.tally()
        self._on_level(
            Levels(
                round(self.heard_samples / RATE_HZ, 3),
                {track: round(level_db(rms[i]), 1) for i, track in enumerate(self._capture.tracks)},
                {track: round(level_db(peaks[i]), 1) for i, track in enumerate(self._capture.tracks)},
                {track: each.silence_s for track, each in tally.items()},
            )
        )


def _caller(wanted: int | str | None, devices: list[Device], *, may_be_left_out: bool) -> Device:
    if wanted is not None:
        return find_device(wanted, devices)
    try:
        return default_loopback(devices)
    except ConfigError as missing:
        hint = "; or send the agent's microphone alone, if you ask for one track only" if may_be_left_out else ""
        raise ConfigError(f"{missing}{hint}") from missing


def _totals(call_id: str, capture: Capture, chosen: dict[Track, Device], meter: _Meter) -> ListenTotals:
    tally = capture.tally()
    peaks = {track: round(level_db(meter.peaks[i]), 1) for i, track in enumerate(capture.tracks)}
    notes: list[str] = []
    for track, device in chosen.items():
        each = tally[track]
        if peaks[track] < SILENT_DB:
            notes.append(f"{track}: {device.name} gave only silence; is it muted, or another device than meant?")
        if each.silence_s:
            notes.append(f"{track}: {each.silence_s:.2f} s of silence put in where {device.name} delivered too little")
        if each.trimmed_s:
            notes.append(f"{track}: {each.trimmed_s:.2f} s cut out where {device.name} delivered too much")
        if each.overflows:
            notes.append(f"{track}: audio of {device.name} was lost {each.overflows} times, since this machine was too busy")
    names = {track: device.label for track, device in chosen.items()}
    return ListenTotals(call_id, names, round(meter.heard_samples / RATE_HZ, 3), peaks, tally, notes)


@contextmanager
def _interrupt_sets(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C ends the call in order, a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGINT)

    def interrupted(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        loop.call_soon_threadsafe(stop.set)

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
