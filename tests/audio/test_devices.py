"""Devices as a real sound server shows them, and two of them captured as one call."""

import ctypes.util
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from assistant.audio import capture as capturing
from assistant.audio.capture import RATE_HZ, Capture, DeviceLost
from assistant.audio.devices import Device, default_loopback, default_microphone, find_device, list_devices
from assistant.errors import ConfigError
from tests.support import pulse

LIMIT_S = 20.0
TONE_S = 3.0


def device(index: int, name: str, api: str = "ALSA", *, inputs: int = 1, loopback: bool = False, default: bool = False) -> Device:
    return Device(index, name, api, inputs, 0 if inputs else 2, 48000, default, loopback, index)


HEADSET = device(0, "Headset Mono", "MME")
DESK = [
    HEADSET,
    device(1, "Headset Mono", "Windows WASAPI", default=True),
    device(2, "Webcam Microphone", "MME"),
    device(3, "Stereo Mix (Realtek)", "Windows WASAPI", loopback=True),
    device(4, "Speakers", "Windows WASAPI", inputs=0),
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [(2, 2), ("3", 3), ("webcam", 2), ("stereo mix", 3), (" Webcam MICRO", 2), ("headset", 1), ("headset mme", 0), ("headset mono", 1)],
)
def test_a_device_is_found_by_number_or_words_of_its_name(wanted: int | str, index: int) -> None:
    assert find_device(wanted, DESK).index == index


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("m", "several sound devices fit 'm', give the number of one: 0: Headset Mono (MME); 1: Headset Mono"),
        ("violin", "no sound device fits 'violin'; there are: 0: Headset Mono (MME)"),
        ("", "no sound device fits ''"),
        (9, "no sound device fits '9'"),
        (4, "is an output"),
        ("speakers", "no sound device fits 'speakers'"),
    ],
)
def test_a_device_that_is_not_clear_is_refused_with_the_candidates(wanted: int | str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        find_device(wanted, DESK)
    assert said in str(refused.value)


def test_different_devices_of_different_apis_are_a_question_and_a_name_cut_short_is_not() -> None:
    different = [device(0, "USB Microphone", "MME"), device(1, "Webcam Microphone", "Windows WASAPI")]
    with pytest.raises(ConfigError, match="several sound devices fit"):
        find_device("microphone", different)
    same = [device(0, "Microphone (Very Long Headset Na", "MME"), device(1, "Microphone (Very Long Headset Name)", "Windows WASAPI")]
    assert find_device("very long", same).index == 1


def test_the_exact_name_wins_over_a_part_of_one() -> None:
    devices = [device(0, "Microphone"), device(1, "Microphone Array")]
    assert find_device("microphone", devices).index == 0
    assert find_device("microphone array", devices).index == 1


def test_defaults_are_the_microphone_and_the_only_loopback() -> None:
    assert default_microphone(DESK).index == 1
    assert default_loopback(DESK).index == 3


def test_a_default_input_that_hears_an_output_is_no_microphone() -> None:
    with pytest.raises(ConfigError, match="not a microphone"):
        default_microphone([device(0, "Monitor of Speakers", loopback=True, default=True)])
    with pytest.raises(ConfigError, match="plug in a microphone"):
        default_microphone([device(0, "Line")])


@pytest.mark.parametrize(("system", "mend"), [("Linux", "pulseaudio-utils"), ("Windows", "Stereo Mix"), ("Darwin", "BlackHole")])
def test_a_missing_loopback_tells_how_to_get_one(system: str, mend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    with pytest.raises(ConfigError, match=mend):
        default_loopback([HEADSET])


def test_several_loopbacks_are_a_question_to_the_user() -> None:
    with pytest.raises(ConfigError, match=r"0: BlackHole 2ch.*; 1: Loopback Audio"):
        default_loopback([device(0, "BlackHole 2ch", loopback=True), device(1, "Loopback Audio", loopback=True)])


def test_a_missing_portaudio_names_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform in ("darwin", "win32"):
        pytest.skip("PortAudio comes with the wheel here")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(ConfigError, match="apt-get install libportaudio2"):
        list_devices()


@pytest.mark.server
@pytest.mark.skipif(sys.platform != "linux", reason="a machine without sound can be had only where PulseAudio is the sound")
def test_a_machine_without_sound_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pulse.no_sound_server(tmp_path, monkeypatch)
    if Path("/proc/asound/cards").exists():
        pytest.skip("this machine has sound cards, which ALSA shows without a sound server")
    with pytest.raises(ConfigError, match=r"no sound device: plug in a headset; .* PulseAudio"):
        list_devices()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pulse.Desk]:
    with pulse.desk_in(tmp_path, monkeypatch) as running:
        yield running


def collect(capture: Capture, enough: Callable[[npt.NDArray[np.int16]], bool]) -> npt.NDArray[np.int16]:
    """All that is captured, (n, tracks), until it is enough; fails once the call is too long."""
    heard = np.empty((0, len(capture.tracks)), np.int16)
    while not enough(heard):
        assert len(heard) < LIMIT_S * RATE_HZ, "not heard in time"
        capture.wait(1.0)
        heard = np.concatenate((heard, capture.take()))
    return heard


def loud(heard: npt.NDArray[np.int16], track: int) -> npt.NDArray[np.intp]:
    return np.flatnonzero(np.abs(heard[:, track].astype(np.int32)) > 1000)


def pitch_hz(samples: npt.NDArray[np.int16]) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE_HZ / len(samples))


@pytest.mark.server
@pulse.needs_pulse
def test_sources_and_monitors_are_listed_and_found_by_name(desk: pulse.Desk) -> None:
    devices = list_devices()
    assert [each.index for each in devices] == list(range(len(devices)))
    monitor = find_device("monitor of deskheadset", devices)
    assert (monitor.host_api, monitor.is_loopback, monitor.input_channels, monitor.default_rate_hz) == ("PulseAudio", True, 2, 48000)
    assert find_device(pulse.HEADSET_MONITOR, devices) == monitor == default_loopback(devices)
    microphone = default_microphone(devices)
    assert microphone.pulse_source == pulse.MICROPHONE
    assert not microphone.is_loopback
    assert [each.index for each in devices if each.is_default_input] == [microphone.index]
    with pytest.raises(ConfigError, match=r"several .*Monitor of DeskHeadset.*Monitor of DeskMouth"):
        find_device("monitor", devices)


@pytest.mark.server
@pulse.needs_pulse
def test_microphone_and_monitor_arrive_on_their_own_tracks_and_aligned(desk: pulse.Desk) -> None:
    devices = list_devices()
    with Capture({"agent": default_microphone(devices), "caller": default_loopback(devices)}) as capture:
        collect(capture, lambda heard: len(heard) > 0)
        desk.play(pulse.MOUTH, pulse.tone(1000, TONE_S, 16000), 16000)
        desk.play(pulse.HEADSET, pulse.tone(440, TONE_S, 48000), 48000)
        heard = collect(capture, lambda heard: all(len(loud(heard, track)) > 0.5 * TONE_S * RATE_HZ for track in (0, 1)))
        tally = capture.tally()
    for track, frequency_hz in ((0, 1000), (1, 440)):
        begins = loud(heard, track)[0]
        assert pitch_hz(heard[begins : begins + RATE_HZ, track]) == pytest.approx(frequency_hz, abs=5)
    assert tally["agent"].overflows == tally["caller"].overflows == 0


@pytest.mark.server
@pulse.needs_pulse
def test_one_output_heard_on_both_tracks_is_heard_at_once(desk: pulse.Desk) -> None:
    """The microphone remaps the monitor of the same output, so the tracks may differ only by how they were captured."""
    devices = list_devices()
    with Capture({"agent": default_microphone(devices), "caller": find_device(f"{pulse.MOUTH}.monitor", devices)}) as capture:
        collect(capture, lambda heard: len(heard) > 0)
        desk.play(pulse.MOUTH, pulse.tone(700, TONE_S, 16000), 16000)
        heard = collect(capture, lambda heard: all(len(loud(heard, track)) > 0.2 * RATE_HZ for track in (0, 1)))
    assert abs(loud(heard, 0)[0] - loud(heard, 1)[0]) < 0.1 * RATE_HZ


@pytest.mark.server
@pulse.needs_pulse
def test_a_sound_server_that_goes_away_is_a_lost_device(desk: pulse.Desk) -> None:
    with Capture({"caller": default_loopback(list_devices())}) as capture:
        collect(capture, lambda heard: len(heard) > 0)
        desk.stop()
        with pytest.raises(DeviceLost, match=r"Monitor of DeskHeadset .* went away"):
            collect(capture, lambda heard: False)


@pytest.mark.server
@pulse.needs_pulse
def test_audio_that_is_not_taken_is_bounded_and_counted(desk: pulse.Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capturing, "WAITING_S", 5 * capturing.BLOCK_S)
    devices = list_devices()
    with Capture({"caller": default_loopback(devices)}) as forgotten, Capture({"caller": default_loopback(devices)}) as clock:
        collect(clock, lambda heard: len(heard) > 0.5 * RATE_HZ)
        assert forgotten.tally()["caller"].overflows > 0
        assert len(forgotten.take()) == 0


@pytest.mark.server
@pulse.needs_pulse
def test_a_source_that_is_gone_cannot_be_opened(desk: pulse.Desk) -> None:
    monitor = default_loopback(list_devices())
    desk.stop()
    with pytest.raises(ConfigError, match=r"Monitor of DeskHeadset \(PulseAudio\) cannot be opened"):
        Capture({"caller": monitor})
