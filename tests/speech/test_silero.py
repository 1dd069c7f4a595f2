"""Silero on the bundled weights: speech is found, a line's other sounds are not speech, tracks do not mix."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soxr

from assistant.errors import AudioFormatError, CoreMisuse, ModelLoadError
from assistant.speech.hysteresis import VoiceGate, VoiceParameters
from assistant.speech.silero import VoiceActivity
from tests.speech import sounds

pytestmark = pytest.mark.model

RATES = [8000, 16000]
LONGEST_FALSE_SHARE = 0.05
needs_voice = pytest.mark.skipif(not sounds.can_speak(), reason="espeak-ng is not installed: no speech to listen to")


@pytest.fixture(scope="module")
def voice() -> VoiceActivity:
    return VoiceActivity.load()


def judge(voice: VoiceActivity, audio: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.float32]:
    """(tracks, n) int16 -> (windows, tracks) probabilities; the last incomplete window is left out."""
    stream = voice.stream(rate_hz, len(audio))
    w = stream.window_samples
    return np.array([stream.probabilities(audio[:, i : i + w]) for i in range(0, audio.shape[1] - w + 1, w)])


def open_share(p: npt.NDArray[np.float32], rate_hz: int) -> float:
    gate = VoiceGate(VoiceParameters(), rate_hz)
    opened = 0
    for each in p:
        gate.step(float(each))
        opened += gate.is_open
    return opened / len(p)


@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("sound", sounds.NOT_SPEECH)
def test_the_sounds_of_a_line_are_not_speech(voice: VoiceActivity, sound: str, rate_hz: int) -> None:
    p = judge(voice, sounds.NOT_SPEECH[sound](20.0, rate_hz)[None], rate_hz)[:, 0]
    assert float(np.mean(p >= 0.5)) <= LONGEST_FALSE_SHARE
    assert open_share(p, rate_hz) <= LONGEST_FALSE_SHARE


@needs_voice
@pytest.mark.parametrize("rate_hz", RATES)
@pytest.mark.parametrize("before", ["silence", "music", "ringing", "white noise"])
def test_speech_after_other_sounds_is_found(voice: VoiceActivity, before: str, rate_hz: int) -> None:
    speech = sounds.spoken("i have been waiting for my refund for three weeks now", rate_hz)
    audio = np.concatenate([sounds.NOT_SPEECH[before](10.0, rate_hz), speech])
    p = judge(voice, audio[None], rate_hz)[:, 0]
    assert open_share(p[-(len(speech) // (rate_hz * 32 // 1000)) :], rate_hz) > 0.8


@needs_voice
@pytest.mark.parametrize("rate_hz", RATES)
def test_speech_in_line_noise_is_found_where_it_is(voice: VoiceActivity, rate_hz: int) -> None:
    speech = sounds.spoken("my internet connection has been down since monday", rate_hz)
    quiet = sounds.silence(2.0, rate_hz)
    clean = np.concatenate([quiet, speech, quiet]).astype(np.float64)
    loudness = np.sqrt(np.mean(speech.astype(np.float64) ** 2))
    noise = sounds.pink_noise(len(clean) / rate_hz, rate_hz)[: len(clean)].astype(np.float64)
    noise *= loudness / np.sqrt(np.mean(noise**2)) * 10 ** (-15 / 20)
    p = judge(voice, np.clip(clean + noise, -32768, 32767).astype(np.int16)[None], rate_hz)[:, 0]
    gate = VoiceGate(VoiceParameters(), rate_hz)
    changes = [change for each in p if (change := gate.step(float(each)))]
    assert abs(changes[0].start_sample / rate_hz - 2.0) < 0.3
    assert changes[-1].end_sample is not None
    assert abs(changes[-1].end_sample / rate_hz - (2.0 + len(speech) / rate_hz)) < 0.4


@needs_voice
def test_telephone_audio_is_heard_as_its_copy_at_16_khz(voice: VoiceActivity) -> None:
    speech = sounds.spoken("i have been waiting for my refund for three weeks now", 8000)
    narrow = np.concatenate([sounds.silence(1.0, 8000), speech, sounds.silence(1.0, 8000)])
    wide = np.clip(soxr.resample(narrow.astype(np.float32), 8000, 16000).round(), -32768, 32767).astype(np.int16)
    ours, copied = judge(voice, narrow[None], 8000), judge(voice, wide[None], 16000)
    length = min(len(ours), len(copied))
    assert np.abs(ours[:length] - copied[:length]).mean() < 0.008


@needs_voice
def test_tracks_are_judged_as_if_alone(voice: VoiceActivity) -> None:
    speech = sounds.spoken("this is the caller speaking", 8000)
    noise = sounds.white_noise(len(speech) / 8000, 8000)[: len(speech)]
    both = judge(voice, np.stack([noise, speech]), 8000)
    alone = np.concatenate([judge(voice, noise[None], 8000), judge(voice, speech[None], 8000)], axis=1)
    swapped = judge(voice, np.stack([speech, noise]), 8000)
    np.testing.assert_allclose(both, alone, atol=1e-5)
    np.testing.assert_allclose(both, swapped[:, ::-1], atol=1e-5)


def test_threads_share_the_weights_and_not_the_state(voice: VoiceActivity) -> None:
    calls = [make(3.0, 8000)[None] for make in (sounds.music, sounds.white_noise, sounds.ringing, sounds.key_tones)]
    serial = [judge(voice, call, 8000) for call in calls]
    with ThreadPoolExecutor(4) as pool:
        at_once = list(pool.map(lambda call: judge(voice, call, 8000), calls))
    for one, other in zip(serial, at_once, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_reset_stream_is_as_new(voice: VoiceActivity) -> None:
    stream = voice.stream(8000, 1)
    window = sounds.music(1.0, 8000)[None, :256]
    first = stream.probabilities(window)
    assert not np.array_equal(first, stream.probabilities(window))
    stream.reset()
    np.testing.assert_array_equal(first, stream.probabilities(window))


def test_two_tracks_cost_at_most_a_fortieth_of_a_core(voice: VoiceActivity) -> None:
    audio = np.stack([sounds.music(10.0, 8000), sounds.white_noise(10.0, 8000)])
    started = time.thread_time()
    judge(voice, audio, 8000)
    assert (time.thread_time() - started) / 10.0 < 0.025


def test_wrong_windows_and_rates_are_refused(voice: VoiceActivity) -> None:
    with pytest.raises(CoreMisuse, match=re.escape("(2, 256)")):
        voice.stream(8000, 2).probabilities(np.zeros((2, 512), np.int16))
    with pytest.raises(CoreMisuse, match="float64"):
        voice.stream(8000, 1).probabilities(np.zeros((1, 256)))  # type: ignore[arg-type]
    with pytest.raises(CoreMisuse, match="track"):
        voice.stream(8000, 0)
    with pytest.raises(AudioFormatError, match="11025"):
        voice.stream(11025, 1)


def test_a_missing_or_broken_model_names_the_file_and_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"silero_vad\.onnx.* missing.*install"):
        VoiceActivity.load(tmp_path)
    (tmp_path / "silero_vad.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelLoadError, match=r"silero_vad\.onnx.*models verify"):
        VoiceActivity.load(tmp_path)
