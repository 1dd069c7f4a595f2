"""Recordings read block by block: every kind of file, and every way in which one is broken."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.recordings import BLOCK_S, OpenedAudio, Recording, open_recording, read_recording
from assistant.audio.resample import Resampler
from assistant.errors import AudioFormatError
from tests.offline.files import tone, write_audio


def opened(path: Path, **more: str) -> OpenedAudio:
    return open_recording(Recording("call", file=path, **more))  # type: ignore[arg-type]


def samples(audio: OpenedAudio) -> np.ndarray:
    return np.concatenate(list(audio.blocks()))


def pair(*paths: tuple[str, Path]) -> Recording:
    return Recording("call", files=paths)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["call.wav", "call.flac"])
def test_two_channels_come_as_they_are(tmp_path: Path, name: str) -> None:
    written = tone(2.5 * BLOCK_S)
    audio = opened(write_audio(tmp_path / name, written))
    assert (audio.tracks, audio.rate_hz, audio.notices) == (("agent", "caller"), 8000, ())
    assert np.array_equal(samples(audio), written)
    assert max(len(block) for block in audio.blocks()) <= BLOCK_S * 8000
    assert np.array_equal(samples(opened(tmp_path / name, agent_side="right")), written[:, ::-1])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("call.wav", {"subtype": "FLOAT"}),
        ("call.wav", {"subtype": "DOUBLE"}),
        ("call.wav", {"subtype": "PCM_24"}),
        ("call.wav", {"subtype": "ULAW"}),
        ("call.wav", {"subtype": "ALAW"}),
        ("call.flac", {"subtype": "PCM_24"}),
        ("call.ogg", {"subtype": "VORBIS"}),
        ("call.mp3", {}),
    ],
)
def test_every_coding_comes_at_its_loudness(tmp_path: Path, name: str, kind: dict[str, str]) -> None:
    written = tone(1.0, 16000)
    read = samples(opened(write_audio(tmp_path / name, written / 32768.0, 16000, **kind)))
    loudness = [np.sqrt(np.mean(audio[2000:14000].astype(np.float64) ** 2)) for audio in (written, read)]
    assert loudness[1] == pytest.approx(loudness[0], rel=0.03)


@pytest.mark.parametrize(("name", "kind"), [("call.wav", {"subtype": "FLOAT"}), ("call.ogg", {"subtype": "VORBIS"})])
def test_samples_out_of_range_are_clipped_and_do_not_wrap(tmp_path: Path, name: str, kind: dict[str, str]) -> None:
    loud = np.stack([np.full(8000, 1.5), np.full(8000, -1.5)], axis=1) * np.linspace(0.5, 1, 8000)[:, None]
    read = samples(opened(write_audio(tmp_path / name, loud, 8000, **kind)))
    assert read[500:-500, 0].min() > 0 > read[500:-500, 1].max()


def test_numbers_that_are_none_are_silence(tmp_path: Path) -> None:
    read = samples(opened(write_audio(tmp_path / "call.wav", np.full((80, 2), [np.nan, 0.5]), subtype="FLOAT")))
    assert not read[:, 0].any()
    assert read[:, 1].all()


@pytest.mark.parametrize(("rate_hz", "becomes"), [(11025, 8000), (16000, 16000), (44100, 16000), (48000, 16000)])
def test_other_rates_become_what_a_live_call_makes_of_them(tmp_path: Path, rate_hz: int, becomes: int) -> None:
    written = tone(1.3, rate_hz)
    audio = opened(write_audio(tmp_path / "call.wav", written, rate_hz))
    live = Resampler(rate_hz, 2)
    chunks = [live.feed(written[begin : begin + 777]) for begin in range(0, len(written), 777)]
    assert audio.rate_hz == becomes
    assert np.array_equal(samples(audio), np.concatenate([*chunks, live.finish()]))
    assert np.array_equal(samples(audio), samples(audio))


def test_reading_at_once_is_reading_in_blocks(tmp_path: Path) -> None:
    recording = Recording("call", file=write_audio(tmp_path / "call.wav", tone(1.3, 44100), 44100))
    assert np.array_equal(read_recording(recording).samples, samples(open_recording(recording)))


def test_one_channel_is_mixed(tmp_path: Path) -> None:
    audio = opened(write_audio(tmp_path / "call.wav", tone(channels=1)))
    assert audio.tracks == ("mixed",)
    assert samples(audio).shape == (8000, 1)


def test_two_channels_of_the_same_sound_are_one(tmp_path: Path) -> None:
    written = np.repeat(tone(2 * BLOCK_S, channels=1), 2, axis=1)
    audio = opened(write_audio(tmp_path / "call.wav", written))
    assert audio.tracks == ("mixed",)
    assert "same sound" in audio.notices[0]
    assert np.array_equal(samples(audio), written[:, :1])


def test_two_silent_channels_stay_two(tmp_path: Path) -> None:
    assert opened(write_audio(tmp_path / "call.wav", np.zeros((8000, 2), np.int16))).tracks == ("agent", "caller")


def test_a_pair_is_laid_side_by_side_and_the_shorter_is_silent_at_its_end(tmp_path: Path) -> None:
    agent, caller = tone(1.0, channels=1), tone(2.7 * BLOCK_S, channels=1)
    audio = open_recording(
        pair(("agent", write_audio(tmp_path / "x_agent.wav", agent)), ("caller", write_audio(tmp_path / "x_caller.flac", caller)))
    )
    read = samples(audio)
    assert audio.tracks == ("agent", "caller")
    assert np.array_equal(read[:, 1:], caller)
    assert np.array_equal(read[: len(agent), :1], agent)
    assert not read[len(agent) :, 0].any()
    assert "agent 1.0 s, caller 27.0 s" in audio.notices[0]


def test_a_pair_of_two_rates_comes_at_the_higher(tmp_path: Path) -> None:
    audio = open_recording(
        pair(
            ("agent", write_audio(tmp_path / "x_agent.wav", tone(12.0, 8000, 1), 8000)),
            ("caller", write_audio(tmp_path / "x_caller.wav", tone(12.0, 44100, 1), 44100)),
        )
    )
    read = samples(audio)
    assert audio.rate_hz == 16000
    assert abs(len(read) - 12 * 16000) <= 4
    assert not audio.notices
    assert np.array_equal(read, samples(audio))
    for track in range(2):
        spectrum = np.abs(np.fft.rfft(read[:160000, track]))
        assert int(spectrum.argmax()) == 2200


def cut(path: Path, share: float) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: round(len(data) * share)])
    return path


NOISE = np.random.default_rng(1).integers(-9000, 9000, (160000, 2), np.int16)


@pytest.mark.parametrize("name", ["call.wav", "call.flac", "call.mp3"])
def test_a_file_that_was_cut_short_is_told_of(tmp_path: Path, name: str) -> None:
    path = cut(write_audio(tmp_path / name, NOISE, 16000), 0.5)
    with pytest.raises(AudioFormatError, match=rf"{name}: (is cut short|cannot be read as audio)"):
        samples(opened(path))


def test_ogg_which_promises_no_length_is_read_with_a_notice(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "call.ogg", NOISE, 16000)
    assert not opened(path).notices
    audio = opened(cut(path, 0.5))
    assert audio.notices == ("call.ogg has no mark of its end: it may have been cut short.",)
    assert 2 * 16000 < len(samples(audio)) < 8 * 16000


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_length_that_the_recorder_left_open_is_no_fault(tmp_path: Path, length: int) -> None:
    path = write_audio(tmp_path / "call.wav")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = length.to_bytes(4, "little")
    path.write_bytes(data)
    assert len(samples(opened(path))) == 8000


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", "cannot be read as audio"), (b"hello" * 100, "cannot be read as audio"), (b"RIFF\x24\0\0\0WAVE", "cannot be read as audio")],
)
def test_what_is_no_audio_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "call.wav").write_bytes(data)
    with pytest.raises(AudioFormatError, match=told):
        opened(tmp_path / "call.wav")


def test_no_samples_no_file_no_such_rate_and_too_many_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFormatError, match="holds no audio"):
        opened(write_audio(tmp_path / "a.wav", np.empty((0, 2), np.int16)))
    with pytest.raises(AudioFormatError, match=r"b\.wav: cannot be read"):
        opened(tmp_path / "b.wav")
    with pytest.raises(AudioFormatError, match=r"c\.wav: .*6000 Hz"):
        opened(write_audio(tmp_path / "c.wav", rate_hz=6000))
    with pytest.raises(AudioFormatError, match=r"d\.wav: has 3 channels"):
        opened(write_audio(tmp_path / "d.wav", tone(channels=3)))
    with pytest.raises(AudioFormatError, match=r"e_agent\.wav: has 2 channels; a file for one track has one"):
        open_recording(pair(("agent", write_audio(tmp_path / "e_agent.wav")), ("caller", write_audio(tmp_path / "e_caller.wav"))))


def test_an_hour_takes_no_more_memory_than_some_blocks(tmp_path: Path) -> None:
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", 8000, 2) as file:
        for _ in range(60):
            file.write(np.zeros((60 * 8000, 2), np.int16))
    tracemalloc.start()
    try:
        length = sum(len(block) for block in opened(path).blocks())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length == 3600 * 8000
    assert peak < 8 * BLOCK_S * 8000 * 2 * 2
