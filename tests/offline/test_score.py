"""The batch: documents as a live call would give them, whatever else lies beside; what fails is told and stops nothing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from assistant.audio.recordings import CallAudio
from assistant.audio.resample import Resampler
from assistant.config import Config, ModelSettings
from assistant.document import encode_document, fold
from assistant.engine import LiveEngine, Models
from assistant.errors import ConfigError, ModelLoadError
from assistant.offline.one_call import END
from assistant.offline.outcomes import Progress, ScoreSummary
from assistant.offline.score import run_score
from tests.offline.files import CALM, HOT, said, tone, transcript, write_audio

Samples = npt.NDArray[np.int16]
RATE = 8000
FROM_S, TO_S = 30, 55
"""An excerpt of the demo call in which both speak and the caller is abusive."""


def score(out: Path, *paths: Path, **more: Any) -> ScoreSummary:
    return run_score(paths, out, **more)


def document(out: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / f"{name}.json").read_bytes())
    return read


def live_document(models: Models, name: str, samples: Samples, chunk: int, rate_hz: int = RATE) -> bytes:
    """As a live call of two tracks at 8 or 16 kHz tells it."""
    engine = LiveEngine(models, Config().call_settings(), name, ("agent", "caller"), rate_hz)
    events = engine.start()
    for begin in range(0, len(samples), chunk):
        events += engine.feed(samples[begin : begin + chunk])
    return encode_document(fold(name, [*events, *engine.finish(END)]))


@pytest.fixture(scope="session")
def excerpt(demo_audio: CallAudio) -> Samples:
    return demo_audio.samples[FROM_S * RATE : TO_S * RATE]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"engine": "ray"}, "--engine ray: not there yet; --engine local works"),
        ({"formats": ["json", "parquet"]}, "--format parquet: not there yet; --format json works"),
        ({"formats": []}, "--format: names no format"),
        ({"report": True}, "--report: not there yet"),
        ({"workers": 0}, "--workers is at least 1, not 0"),
        ({"agent_channel": "middle"}, "--agent-channel is left or right, not middle"),
        ({"config": Config(policy="nowhere.toml")}, "nowhere.toml"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(tmp_path: Path, given: dict[str, Any], told: str) -> None:
    (tmp_path / "call.json").write_bytes(CALM)
    with pytest.raises(ConfigError, match=told):
        score(tmp_path / "out", tmp_path / "call.json", **given)
    assert not (tmp_path / "out").exists()


def test_nothing_to_do_is_neither_well_nor_failed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    told: list[Progress] = []
    summary = score(tmp_path / "out", tmp_path / "in", progress=told.append)
    assert summary.exit_code == 2
    assert told == [Progress(0, 0)]
    assert score(tmp_path / "out").exit_code == 2
    assert score(tmp_path / "out", tmp_path / "gone").exit_code == 1


def test_out_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    (tmp_path / "call.json").write_bytes(CALM)
    with pytest.raises(ConfigError, match=r"--out .*out: cannot be a folder"):
        score(tmp_path / "out", tmp_path / "call.json")


def test_broken_files_are_each_told_of(tmp_path: Path) -> None:
    files = tmp_path / "in"
    torn = write_audio(files / "torn.wav", tone(4.0))
    torn.write_bytes(torn.read_bytes()[:20000])
    write_audio(files / "three.wav", tone(channels=3))
    write_audio(files / "empty.wav", np.empty((0, 2), np.int16))
    (files / "noise.mp3").write_bytes(b"no audio at all")
    (files / "late.json").write_bytes(transcript(said("caller", -1, 2, "hello")))
    summary = score(tmp_path / "out", files)
    assert [(name, why.split(": ", 1)[1]) for name, why in summary.failed] == [
        ("empty", "holds no audio"),
        ("late", "utterances[0].start_s: -1.0 is not a time in seconds from the start of the call"),
        ("noise", "cannot be read as audio (Format not recognised)"),
        ("three", "has 3 channels; a call has one or two"),
        ("torn", "is cut short: 0.6 s of the 4.0 s that its header promises"),
    ]
    assert summary.exit_code == 1
    assert not summary.done
    assert list((tmp_path / "out").iterdir()) == []


def test_a_missing_model_stops_the_batch(tmp_path: Path) -> None:
    write_audio(tmp_path / "call.wav")
    with pytest.raises(ModelLoadError, match="no-such-model"):
        score(tmp_path / "out", tmp_path / "call.wav", config=Config(models=ModelSettings(recogniser="no-such-model")))


@pytest.mark.model
@pytest.mark.slow
def test_a_recording_gives_the_document_of_the_live_call(tmp_path: Path, models: Models, demo_audio: CallAudio) -> None:
    path = write_audio(tmp_path / "call.flac", demo_audio.samples)
    summary = score(tmp_path / "out", path)
    assert (tmp_path / "out" / "call.json").read_bytes() == live_document(models, "call", demo_audio.samples, RATE // 10)
    assert summary.audio_s == pytest.approx(demo_audio.duration_s, abs=0.001)
    (call,) = summary.done
    told = document(tmp_path / "out", "call")
    assert set(told) == {
        *("call", "utterances", "interruptions", "turn_taking", "cues", "arousal", "line", "heat", "guidance", "summary", "signals")
    }
    assert call.peak_heat == told["summary"]["peak_heat"] > 50
    assert call.ladder_step == told["summary"]["ladder_step"] is not None
    assert told["call"]["ended"] == END


@pytest.mark.model
def test_other_rates_give_the_document_of_the_live_call(tmp_path: Path, models: Models, excerpt: Samples) -> None:
    widened = np.repeat(excerpt[: 12 * RATE], 6, axis=0)
    score(tmp_path / "out", write_audio(tmp_path / "call.wav", widened, 48000))
    resampler = Resampler(48000, 2)
    live = [resampler.feed(widened[begin : begin + 4801]) for begin in range(0, len(widened), 4801)]
    expected = live_document(models, "call", np.concatenate([*live, resampler.finish()]), 1601, 16000)
    assert (tmp_path / "out" / "call.json").read_bytes() == expected


@pytest.mark.model
def test_swapped_channels_and_pairs_give_the_same_document(tmp_path: Path, excerpt: Samples) -> None:
    told = []
    write_audio(tmp_path / "pair" / "call_agent.wav", excerpt[:, :1])
    write_audio(tmp_path / "pair" / "call_caller.wav", excerpt[:, 1:])
    for name, samples, side in (("left", excerpt, "left"), ("right", excerpt[:, ::-1], "right"), ("pair", None, "left")):
        if samples is not None:
            write_audio(tmp_path / name / "call.wav", samples)
        assert score(tmp_path / f"{name}-out", tmp_path / name, agent_channel=side).exit_code == 0
        told.append((tmp_path / f"{name}-out" / "call.json").read_bytes())
    assert told[0] == told[1] == told[2]


@pytest.mark.model
def test_workers_change_nothing_and_broken_files_stop_nothing(tmp_path: Path, excerpt: Samples) -> None:
    files = tmp_path / "in"
    write_audio(files / "b.wav", excerpt[: 8 * RATE])
    write_audio(files / "mono.wav", excerpt[: 8 * RATE, 1:])
    (files / "a.json").write_bytes(HOT)
    (files / "bad.json").write_bytes(HOT[:-9])
    summaries = []
    for workers in (1, 2):
        told: list[Progress] = []
        summaries.append(score(tmp_path / str(workers), files, workers=workers, progress=told.append))
        assert [(step.finished, step.calls) for step in told] == [(done, 4) for done in range(5)]
        assert told[0].latest is None
        assert {step.latest.name for step in told[1:] if step.latest is not None} == {"a", "b", "bad", "mono"}
    for summary in summaries:
        assert [call.name for call in summary.done] == ["a", "b", "mono"]
        assert [name for name, _ in summary.failed] == ["bad"]
        assert summary.audio_s == 16.0
        assert summary.exit_code == 1
        assert any(note.startswith("mono: One channel only") for note in summary.notes)
        assert any(note.startswith("b, mono: This recogniser") for note in summary.notes)
    written = [{file.name: file.read_bytes() for file in (tmp_path / folder).iterdir()} for folder in ("1", "2")]
    assert written[0] == written[1]
    assert set(written[0]) == {"a.json", "b.json", "mono.json"}
    assert document(tmp_path / "1", "mono")["interruptions"] == []


@pytest.mark.model
def test_transcripts_need_no_audio_models_and_tell_abuse_from_calm(tmp_path: Path) -> None:
    (tmp_path / "calm.json").write_bytes(CALM)
    (tmp_path / "hot.json").write_bytes(HOT)
    config = Config(models=ModelSettings(recogniser="no-such-model"))
    summary = score(tmp_path / "out", tmp_path / "calm.json", tmp_path / "hot.json", config=config)
    assert summary.exit_code == 0
    assert summary.audio_s == 0.0
    calm, hot = (document(tmp_path / "out", name) for name in ("calm", "hot"))
    assert calm["summary"]["abuse_kinds"] == []
    assert calm["summary"]["ladder_step"] is None
    assert "insult" in hot["summary"]["abuse_kinds"]
    assert hot["summary"]["ladder_step"] is not None
    assert hot["summary"]["peak_heat"] > calm["summary"]["peak_heat"]
    assert [(line["track"], line["start_s"]) for line in calm["utterances"]] == [("agent", 0.5), ("caller", 2.5), ("agent", 5.5)]
    assert calm["call"]["engine"] == "transcript"


@pytest.mark.model
def test_scoring_again_replaces_the_document(tmp_path: Path) -> None:
    (tmp_path / "call.json").write_bytes(HOT)
    out = tmp_path / "out"
    out.mkdir()
    (out / "call.json").write_text("an older document")
    score(out, tmp_path / "call.json")
    first = (out / "call.json").read_bytes()
    score(out, tmp_path / "call.json")
    assert (out / "call.json").read_bytes() == first
    assert [file.name for file in out.iterdir()] == ["call.json"]
    (tmp_path / "call.json").write_bytes(b"")
    summary = score(out, tmp_path / "call.json")
    assert summary.failed == (("call", f"{tmp_path / 'call.json'}: is empty; call.json is of an earlier run"),)
    assert (out / "call.json").read_bytes() == first


@pytest.mark.model
def test_a_document_that_cannot_be_written_fails_its_call_alone(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_bytes(CALM)
    (tmp_path / "out" / "a.json").mkdir(parents=True)
    summary = score(tmp_path / "out", tmp_path / "a.json", tmp_path / "b.json")
    assert [call.name for call in summary.done] == ["b"]
    assert summary.failed == (("a", "cannot be read or written: Is a directory"),)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["a.json", "b.json"]


@pytest.mark.model
def test_silence_is_a_calm_call(tmp_path: Path) -> None:
    score(tmp_path / "out", write_audio(tmp_path / "call.flac", np.zeros((20 * RATE, 2), np.int16)))
    told = document(tmp_path / "out", "call")
    assert told["call"]["duration_s"] == 20.0
    assert told["utterances"] == []
    assert told["summary"]["peak_heat"] == 0.0


@pytest.mark.model
def test_a_lone_agent_is_never_judged(tmp_path: Path, excerpt: Samples) -> None:
    score(tmp_path / "out", write_audio(tmp_path / "call_agent.wav", excerpt[: 10 * RATE, 1:]))
    told = document(tmp_path / "out", "call_agent")
    assert told["call"]["tracks"] == ["agent"]
    assert told["utterances"]
    assert all("scores" not in line for line in told["utterances"])


@pytest.mark.model
@pytest.mark.slow
def test_real_calls_are_scored(tmp_path: Path, shared: Path) -> None:
    calls = shared / "data" / "audio" / "calls"
    if not calls.is_dir():
        pytest.skip("the folder `shared` holds no calls")
    files = [calls / "harpervalley" / "0002f70f7386445b.flac", *sorted((calls / "aws-auto-repairs-40").glob("*.flac"))]
    summary = score(tmp_path / "out", *files, workers=2)
    assert [(call.name, round(call.duration_s)) for call in summary.done] == [("0002f70f7386445b", 51), ("Auto_Repairs_40_UTC", 245)]
    for call in summary.done:
        told = document(tmp_path / "out", call.name)
        assert told["call"]["tracks"] == ["agent", "caller"]
        assert told["call"]["notices"]
        assert told["turn_taking"]["agent"]["speech_s"] > 5
        assert told["turn_taking"]["caller"]["speech_s"] > 5
