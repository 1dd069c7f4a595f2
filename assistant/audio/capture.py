"""Microphone and loopback as the tracks of one call, by sounddevice.

Enters: a `Device` for each track. Leaves: (n, tracks) int16 at 16 kHz, aligned, at the pace of the clock. Latency: the device's, 20 ms of
block and the margin of `aligning`. Audio that is not taken waits for at most `WAITING_S`, then the oldest is dropped and counted.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from assistant.audio.aligning import Aligner
from assistant.audio.devices import Device, load_portaudio, streams_open
from assistant.audio.resample import HIGHEST_HZ, Resampler
from assistant.errors import AssistantError, ConfigError, CoreMisuse
from assistant.timebase import Track

RATE_HZ: Final = 16000
BLOCK_S: Final = 0.02
LATENCY_S: Final = 0.04
WAITING_S: Final = 10.0
LOST_S: Final = 5.0
"""A microphone that gives nothing for so long is lost. A loopback may be silent in this way for as long as nothing is played."""


class DeviceLost(AssistantError):
    """A sound device went away, or gave no audio, while it was captured."""


@dataclass(frozen=True)
class TrackTally:
    """What was not as the device should have given it, in seconds but for `overflows`."""

    silence_s: float
    """Silence put in where the device delivered too little."""
    trimmed_s: float
    """Audio cut out where it delivered too much."""
    overflows: int
    """Times at which audio was lost since it was not taken fast enough."""


class Capture:
    """The open streams of one call: a context manager; used by one thread."""

    def __init__(self, devices: Mapping[Track, Device]) -> None:
        """Opens the devices; audio flows from `with` on. Raises `ConfigError` that names the device that cannot be used."""
        portaudio = load_portaudio()
        self.tracks: tuple[Track, ...] = tuple(devices)
        self._sources: list[_Source] = []
        self._delivered = threading.Event()
        try:
            for device in devices.values():
                self._sources.append(_Source(portaudio, device, self._delivered))
        except AssistantError:
            self.close()
            raise
        self._aligner = Aligner(RATE_HZ, [source.latency_s for source in self._sources])
        self._began_s = 0.0

    def __enter__(self) -> Self:
        try:
            for source in self._sources:
                source.start()
        except AssistantError:
            self.close()
            raise
        self._began_s = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def take(self) -> npt.NDArray[np.int16]:
        """The call since the last time, (n, tracks) int16 at `RATE_HZ`; n is 0 until all devices deliver, which may take seconds.

        Raises:
            DeviceLost: a device went away, or the microphone gives nothing.
        """
        now = time.monotonic()
        for index, source in enumerate(self._sources):
            for samples in source.waiting():
                self._aligner.put(index, samples)
        taken = self._aligner.take(now)
        for source in self._sources:
            source.check(now, self._began_s)
        return taken

    def wait(self, timeout_s: float) -> bool:
        """Waits until a device delivers, or goes away; False if none did in time."""
        delivered = self._delivered.wait(timeout_s)
        self._delivered.clear()
        return delivered

    @property
    def given_s(self) -> float:
        """Seconds taken so far."""
        return self._aligner.given_samples / RATE_HZ

    def tally(self) -> dict[Track, TrackTally]:
        """What was filled in, cut out and lost so far."""
        counts = zip(self._aligner.silence_samples, self._aligner.trimmed_samples, self._sources, strict=True)
        tallies = [TrackTally(silence / RATE_HZ, trimmed / RATE_HZ, source.overflows) for silence, trimmed, source in counts]
        return dict(zip(self.tracks, tallies, strict=True))

    def close(self) -> None:
        """Lets the devices go; once is enough, more does no harm."""
        for source in self._sources:
            source.close()


def loudest(device: Device, track: Track, duration_s: float) -> int:
    """The loudest sample of the next seconds, [0, 32768]. Raises `ConfigError`, `DeviceLost`."""
    most = 0
    with Capture({track: device}) as capture:
        while capture.given_s < duration_s:
            capture.wait(LOST_S)
            taken = capture.take().astype(np.int32)
            most = max(most, int(np.abs(taken).max(initial=0)))
    return most


class _Source:
    """One device's input stream. PortAudio's thread puts blocks in, the call's thread takes them out."""

    def __init__(self, portaudio: Any, device: Device, delivered: threading.Event) -> None:
        self._portaudio = portaudio
        self._delivered = delivered
        self._device = device
        self._blocks: deque[npt.NDArray[np.int16]] = deque(maxlen=round(WAITING_S / BLOCK_S))
        self._last_s: float | None = None
        self._closing = False
        self._finished = False
        self.overflows = 0
        if not device.input_channels:
            raise ConfigError(f"the sound device {device.label} has no input")
        rate_hz, channels = self._agreed_format()
        self._resampler = Resampler(rate_hz, 1)
        with self._refused("cannot be opened"), _pulse_source(device.pulse_source):
            self._stream = portaudio.RawInputStream(
                device=device.portaudio_index,
                samplerate=rate_hz,
                channels=channels,
                dtype="int16",
                blocksize=round(rate_hz * BLOCK_S),
                latency=LATENCY_S,
                callback=self._heard,
                finished_callback=self._end,
            )
        self._channels = channels
        self.latency_s = float(self._stream.latency)
        streams_open.add(self)

    def start(self) -> None:
        with self._refused("does not start"):
            self._stream.start()

    def waiting(self) -> Iterator[npt.NDArray[np.int16]]:
        """(n,) int16 at `RATE_HZ`, what came since the last time."""
        while self._blocks:
            block = self._blocks.popleft()
            mono = block[:, 0] if self._channels == 1 else np.mean(block, axis=1).astype(np.int16)
            yield self._resampler.feed(mono[:, None])[:, 0]

    def check(self, now_s: float, began_s: float) -> None:
        """Raises `DeviceLost`."""
        if self._finished and not self._closing:
            raise DeviceLost(f"the sound device {self._device.label} went away; plug it in again, or choose another")
        silent_s = now_s - (began_s if self._last_s is None else self._last_s)
        if not self._device.is_loopback and silent_s > LOST_S:
            raise DeviceLost(
                f"the sound device {self._device.label} has given no audio for {silent_s:.0f} s; is it switched on, and may this "
                "program use the microphone?"
            )

    def close(self) -> None:
        self._closing = True
        self._stream.close(ignore_errors=True)
        streams_open.discard(self)

    def _agreed_format(self) -> tuple[int, int]:
        """The rate and channels that need the least work. Raises `ConfigError`."""
        device = self._device
        rates = [RATE_HZ, *(rate for rate in (device.default_rate_hz, 48000, 44100) if RATE_HZ <= rate <= HIGHEST_HZ)]
        refused: Exception | None = None
        for rate in dict.fromkeys(rates):
            for channels in dict.fromkeys((1, min(2, device.input_channels))):
                try:
                    self._portaudio.check_input_settings(device.portaudio_index, channels, "int16", None, rate)
                except self._portaudio.PortAudioError as no:
                    refused = no
                else:
                    return rate, channels
        raise ConfigError(f"the sound device {device.label} cannot be opened ({refused}); is another program using it?") from refused

    @contextmanager
    def _refused(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._portaudio.PortAudioError as no:
            raise ConfigError(f"the sound device {self._device.label} {what} ({no}); is another program using it?") from no

    def _heard(self, data: Any, frames: int, when: Any, status: Any) -> None:
        """On PortAudio's thread, which must not wait."""
        self._last_s = time.monotonic()
        self.overflows += bool(status.input_overflow) + (len(self._blocks) == self._blocks.maxlen)
        self._blocks.append(np.frombuffer(data, np.int16).reshape(frames, self._channels).copy())
        self._delivered.set()

    def _end(self) -> None:
        self._finished = True
        self._delivered.set()


@contextmanager
def _pulse_source(name: str | None) -> Iterator[None]:
    """ALSA's plug-in opens PulseAudio's default source, and libpulse lets this variable, read as a stream opens, name it."""
    if name is None:
        yield
        return
    if not name.strip():
        raise CoreMisuse("a PulseAudio source has a name")
    before = os.environ.get("PULSE_SOURCE")
    os.environ["PULSE_SOURCE"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["PULSE_SOURCE"]
        else:
            os.environ["PULSE_SOURCE"] = before
