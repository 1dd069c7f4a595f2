"""The benchmark of turn-taking builds what it says, counts rightly, and runs end to end on made-up voices."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.audio.recordings import read_recording, recording_of
from assistant.engine import Models
from scripts.bench_turns import SHARED, main
from scripts.benchmark.turn_calls import Clip, KnownCall, Truth, build, leaking, noisy, telephone
from scripts.benchmark.turns import Score, Told, run, told

CALLS = SHARED / "calls" / "harpervalley"


def clip(seed: int, length_s: float = 7.0) -> Clip:
    samples = np.random.default_rng(seed).normal(0.0, 0.05, round(length_s * 16000)).astype(np.float32)
    return Clip(samples, np.ones(len(samples) // 160, bool), ("word",) * 20)


def known(seed: int = 1, length_s: float = 200.0) -> KnownCall:
    return build("known", {"agent": [clip(1), clip(2)], "caller": [clip(3), clip(4)]}, seed, length_s)


def test_a_seed_builds_the_same_call() -> None:
    assert np.array_equal(known().samples, known().samples)
    assert known().truths == known().truths
    assert known(2).truths != known().truths


def test_truths_are_what_was_laid_over() -> None:
    call = known()
    assert {truth.kind for truth in call.truths} == {"backchannel", "cooperative", "competitive"}
    for truth in call.truths:
        (own,) = (one for one in call.placed if one.track == truth.by and one.start_s == truth.start_s)
        (under,) = (one for one in call.placed if one.track != truth.by and one.start_s < own.start_s < one.start_s + one.clip.length_s)
        overlap_s = min(own.start_s + own.clip.length_s, under.start_s + under.clip.length_s) - own.start_s
        assert (overlap_s >= 0.5) or truth.kind != "competitive"
        assert (0.5 <= overlap_s <= 1.0) or not truth.cut_off


@pytest.mark.parametrize("change", [telephone, lambda call: noisy(call, 15.0, 1), lambda call: leaking(call, -20.0, 0.1, room=True)])
def test_variants_keep_the_truth_and_the_length(change) -> None:  # type: ignore[no-untyped-def]
    call = known(length_s=30.0)
    changed = change(call)
    assert changed.rate_hz == 8000
    assert changed.truths == call.truths
    assert abs(len(changed.samples) - len(call.samples) / 2) <= 1


def test_a_score_matches_onsets_once() -> None:
    truths = (Truth(5.0, "caller", "competitive", True, 6.0), Truth(9.0, "agent", "backchannel"))
    call = KnownCall("one", np.zeros((80000, 2), np.int16), 8000, (), truths)
    score = Score()
    score.add(call, [Told(5.2, "caller", "competitive", True, 6.1), Told(5.25, "caller", "competitive", False, 6.2)], 1.0)
    assert (score.right, score.told, score.true, score.typed, score.truths) == (1, 2, 1, 1, 2)
    assert score.delays_s == [pytest.approx(0.1)]
    assert score.f1 == pytest.approx(2 / 3)


@pytest.mark.model
def test_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for speaker in (1, 2):
        for index in range(2):
            soundfile.write(tmp_path / f"{speaker}-{index}.wav", clip(speaker * 10 + index, 9.0).samples, 16000)
    assert main(["--speech", str(tmp_path), "--count", "1", "--length", "12", "--brief"]) == 0
    assert "leakage -20 dB" in capsys.readouterr().out


@pytest.mark.model
@pytest.mark.skipif(not CALLS.is_dir(), reason="the shared calls are absent: ../shared/data/audio/calls/harpervalley")
def test_real_calm_calls_have_no_competitive_interruption(models: Models) -> None:
    paths = sorted(CALLS.glob("*.flac"))
    assert paths
    for path in paths:
        audio = read_recording(recording_of(path))
        events, _ = run(KnownCall(path.stem, audio.samples, audio.rate_hz, (), ()), models.voice, words=False)
        assert [one for one in told(events) if one.kind == "competitive"] == []
