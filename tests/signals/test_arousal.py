"""A voice against its own start: what raises it, what does not, and whose is never measured."""

import copy
import typing
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import AudioFormatError, ConfigError, CoreMisuse
from assistant.events import ArousalMeasured, decode
from assistant.signals.arousal import Arousal, ArousalParameters
from assistant.timebase import ScoredTrack

Samples = npt.NDArray[np.int16]
REPORTING_ACTORS = ("03", "04")
"""Of RAVDESS; 01 and 02 were looked at while the pitch tracker was made."""


def voice(
    duration_s: float, pitch_hz: float = 120.0, slope_db: float = -8.0, level: float = 0.05, rate_hz: int = 8000, seed: int = 1
) -> npt.NDArray[np.float64]:
    """A talking tone: five syllables a second, a moving pitch, overtones that fall by `slope_db` an octave, a little noise.

    `level` is the RMS of what a telephone carries of it, from 300 Hz up.
    """
    generator = np.random.default_rng(seed)
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    semitones = 2.0 * np.sin(2 * np.pi * 0.7 * t) + np.sin(2 * np.pi * 1.9 * t)
    phase = 2 * np.pi * np.cumsum(pitch_hz * 2 ** (semitones / 12)) / rate_hz
    tones = [10 ** (slope_db * np.log2(k) / 20) * np.sin(k * phase + k * k) for k in range(1, int(3000 / pitch_hz) + 1)]
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 5 * t)
    carried = syllables * sum(tones[int(np.ceil(300 / pitch_hz)) - 1 :])
    return np.asarray(level * syllables * sum(tones) / np.sqrt(np.mean(carried**2)) + generator.normal(0, 0.0005, len(t)))


def shout(duration_s: float, rate_hz: int = 8000, level: float = 0.05) -> npt.NDArray[np.float64]:
    """The same voice with effort: 8 semitones higher, flatter in spectrum; no louder, as behind gain control."""
    return voice(duration_s, 120.0 * 2 ** (8 / 12), -3.0, level, rate_hz, seed=2)


def hear(arousal: Arousal, sound: npt.NDArray[np.float64], rate_hz: int = 8000, speaking: bool = True) -> list[ArousalMeasured]:
    samples = np.clip(np.rint(sound * 32768), -32768, 32767).astype(np.int16)
    window = rate_hz * 32 // 1000
    told = [arousal.step(one, speaking) for one in samples[: len(samples) // window * window].reshape(-1, window)]
    return [one for one in told if one is not None]


@pytest.fixture(scope="module")
def after_start() -> Arousal:
    """A voice whose baseline is whole."""
    arousal = Arousal("caller", 8000)
    hear(arousal, voice(21))
    return arousal


def test_nothing_is_told_of_the_first_ten_seconds_of_speech_then_a_value_a_second() -> None:
    arousal = Arousal("caller", 8000)
    assert hear(arousal, voice(9.9)) == []
    assert 9 <= len(hear(arousal, voice(10, seed=3))) <= 11


def test_only_speech_counts_towards_the_baseline_and_the_seconds(after_start: Arousal) -> None:
    arousal = Arousal("caller", 8000)
    assert hear(arousal, voice(30), speaking=False) == []
    assert hear(arousal, voice(9.9)) == []
    arousal = copy.deepcopy(after_start)
    assert hear(arousal, np.zeros(30 * 8000)) == []


def test_the_same_voice_going_on_is_calm_and_gives_no_reasons(after_start: Arousal) -> None:
    told = hear(copy.deepcopy(after_start), voice(10, seed=4))
    assert max(one.arousal for one in told) < 0.15
    assert not any(one.raised_voice or one.reasons for one in told)


def test_a_shout_behind_gain_control_raises_the_voice_with_reasons(after_start: Arousal) -> None:
    told = hear(copy.deepcopy(after_start), shout(6))
    assert not told[0].raised_voice, "two seconds must agree"
    assert all(one.raised_voice for one in told[3:])
    last = told[-1]
    assert last.pitch_st == pytest.approx(8, abs=1)
    assert last.tilt_db > 3
    assert abs(last.loudness_db) < 3
    assert {reason.rule for reason in last.reasons} >= {"arousal.pitch", "arousal.tilt"}
    assert last.reasons[0].what == f"pitch {last.pitch_st:.0f} semitones above their own start"
    assert {reason.track for reason in last.reasons} == {"caller"}


def test_a_raised_voice_settles_when_the_calm_returns(after_start: Arousal) -> None:
    arousal = copy.deepcopy(after_start)
    assert hear(arousal, shout(5))[-1].raised_voice
    assert not hear(arousal, voice(5, seed=5))[-1].raised_voice


def test_shouting_while_the_baseline_is_refined_does_not_become_the_baseline() -> None:
    arousal = Arousal("caller", 8000)
    hear(arousal, voice(10.5))
    assert hear(arousal, shout(30))[-1].raised_voice


def test_a_voice_that_shouts_from_the_start_measures_near_nothing() -> None:
    arousal = Arousal("third_party", 8000)
    told = hear(arousal, shout(20, level=0.2))
    assert max(one.arousal for one in told) < 0.2
    assert told[-1].track == "third_party"


@settings(max_examples=12, deadline=None)
@given(gain_db=st.floats(-15, 10))
def test_gain_that_moves_alone_raises_no_voice(after_start: Arousal, gain_db: float) -> None:
    told = hear(copy.deepcopy(after_start), voice(5, level=0.05 * 10 ** (gain_db / 20), seed=6))
    assert max(one.arousal for one in told) < 0.3
    assert not any(one.raised_voice for one in told)
    assert told[-1].loudness_db == pytest.approx(gain_db, abs=2)


@settings(max_examples=8, deadline=None)
@given(gain_db=st.floats(-20, 6))
def test_the_gain_of_a_whole_call_changes_nothing(gain_db: float) -> None:
    call = np.concatenate((voice(12), shout(4)))
    one, other = (hear(Arousal("caller", 8000), call * gain) for gain in (1.0, 10 ** (gain_db / 20)))
    assert len(one) == len(other)
    assert [a.raised_voice for a in one] == [b.raised_voice for b in other]
    for a, b in zip(one, other, strict=True):
        assert a.arousal == pytest.approx(b.arousal, abs=0.05)
        assert a.loudness_db == pytest.approx(b.loudness_db, abs=0.5)
        assert a.tilt_db == pytest.approx(b.tilt_db, abs=0.5)


def test_no_feature_raises_a_voice_by_itself_nor_those_that_a_line_can_change_together() -> None:
    p = ArousalParameters()
    weights = (p.loudness_weight, p.pitch_weight, p.range_weight, p.tilt_weight, p.pace_weight)
    assert max(weights) * p.most_steps < 1
    assert (p.loudness_weight + p.tilt_weight) * p.most_steps < 1


def test_clipping_alone_raises_no_voice(after_start: Arousal) -> None:
    told = hear(copy.deepcopy(after_start), np.clip(voice(5, seed=7) * 20, -1, 1))
    assert not any(one.raised_voice for one in told)


def test_both_rates_hear_the_same() -> None:
    told = []
    for rate_hz in (8000, 16000):
        arousal = Arousal("caller", rate_hz)
        hear(arousal, voice(12, rate_hz=rate_hz), rate_hz)
        told.append(hear(arousal, shout(4, rate_hz), rate_hz)[-1])
    assert told[0].arousal == pytest.approx(told[1].arousal, abs=0.03)
    assert told[0].pitch_st == pytest.approx(told[1].pitch_st, abs=0.3)
    assert told[0].tilt_db == pytest.approx(told[1].tilt_db, abs=0.5)


def test_too_little_voice_has_no_pitch(after_start: Arousal) -> None:
    told = hear(copy.deepcopy(after_start), np.random.default_rng(8).normal(0, 0.02, 8000 * 5))
    assert told[-1].pitch_st is None
    assert told[-1].pitch_range_st is None
    assert not told[-1].raised_voice


def test_pace_is_that_of_recent_words_over_the_first(after_start: Arousal) -> None:
    arousal = copy.deepcopy(after_start)
    assert hear(arousal, voice(1.1))[-1].pace is None
    for _ in range(4):
        arousal.words(10, 4.0)
    assert hear(arousal, voice(1.1))[-1].pace == pytest.approx(1.0)
    arousal.words(12, 3.0)
    told = hear(arousal, voice(1.1))[-1]
    assert told.pace == pytest.approx(1.6)
    assert [reason.what for reason in told.reasons] == ["speaks 1.6 times as fast as at their own start"]
    assert not told.raised_voice


def test_utterances_without_words_or_time_are_passed_over() -> None:
    arousal = Arousal("caller", 8000)
    arousal.words(0, 3.0)
    arousal.words(5, 0.0)
    for count, duration_s in ((-1, 1.0), (1, float("nan"))):
        with pytest.raises(CoreMisuse):
            arousal.words(count, duration_s)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(("noise", "loud", "voice", "shout", "silence", "dc", "square")), st.integers(1, 90), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 2**32 - 1),
)
def test_any_audio_gives_finite_values_in_range_and_the_same_twice(plan: list[tuple[str, int, bool]], seed: int) -> None:
    generator = np.random.default_rng(seed)
    sounds = {
        "noise": generator.normal(0, 0.05, 90 * 256),
        "loud": generator.normal(0, 3.0, 90 * 256),
        "voice": voice(2.9),
        "shout": shout(2.9),
        "silence": np.zeros(90 * 256),
        "dc": np.full(90 * 256, 0.9),
        "square": np.sign(np.sin(np.arange(90 * 256) / 7)),
    }
    one, other = (Arousal("caller", 8000, ArousalParameters(baseline_s=2, refine_s=3)) for _ in range(2))
    for kind, windows, speaking in plan:
        told = hear(one, sounds[kind][: windows * 256], speaking=speaking)
        assert told == hear(other, sounds[kind][: windows * 256], speaking=speaking)
        assert speaking or not told
        for measured in told:
            assert 0.0 <= measured.arousal <= 1.0
            numbers = (measured.loudness_db, measured.tilt_db, measured.pitch_st or 0.0, measured.pitch_range_st or 0.0)
            assert np.isfinite(numbers).all()


def test_the_window_may_be_written_over_after_the_step(after_start: Arousal) -> None:
    samples = np.rint(shout(3) * 32768).astype(np.int16)
    one, other = copy.deepcopy(after_start), copy.deepcopy(after_start)
    buffer = np.empty(256, np.int16)
    told = []
    for window in samples[: len(samples) // 256 * 256].reshape(-1, 256):
        buffer[:] = window
        told.append(one.step(buffer, True))
        buffer[:] = 0
    assert [measured for measured in told if measured is not None] == hear(other, shout(3))


@pytest.mark.parametrize("track", ["agent", "mixed", "", "Caller"])
def test_nobody_else_is_measured(track: str) -> None:
    with pytest.raises(CoreMisuse, match="nobody measures the arousal"):
        Arousal(track, 8000)  # type: ignore[arg-type]


def test_the_types_leave_no_room_for_an_agents_arousal() -> None:
    assert set(typing.get_args(ScoredTrack)) == {"caller", "third_party"}
    assert typing.get_type_hints(Arousal.__init__)["track"] == ScoredTrack
    assert typing.get_type_hints(ArousalMeasured)["track"] == ScoredTrack
    measured = Arousal("caller", 8000, ArousalParameters(baseline_s=2))
    wire = msgspec.json.encode(hear(measured, voice(5))[-1])
    assert decode(wire).track == "caller"  # type: ignore[union-attr]
    with pytest.raises(msgspec.ValidationError):
        decode(wire.replace(b'"track":"caller"', b'"track":"agent"'))


def test_mypy_refuses_an_agents_arousal(tmp_path: Path) -> None:
    api = pytest.importorskip("mypy.api", reason="mypy is not installed")
    source = "from assistant.signals.arousal import Arousal\nArousal({!r}, 8000)\n"
    (tmp_path / "wrong.py").write_text(source.format("agent"))
    (tmp_path / "right.py").write_text(source.format("caller"))
    root = Path(__file__).resolve().parents[2]
    report, _, status = api.run(["--config-file", str(root / "pyproject.toml"), str(tmp_path / "wrong.py"), str(tmp_path / "right.py")])
    assert status == 1
    assert report.count("error:") == 1
    assert 'wrong.py:2: error: Argument 1 to "Arousal" has incompatible type' in report


def test_windows_and_rates_of_another_kind_are_refused() -> None:
    for window in (np.zeros(512, np.int16), np.zeros((1, 256), np.int16), np.zeros(256, np.float32)):
        with pytest.raises(CoreMisuse, match="a window is int16"):
            Arousal("caller", 8000).step(window, True)  # type: ignore[arg-type]
    with pytest.raises(AudioFormatError):
        Arousal("caller", 44100)


@pytest.mark.parametrize(
    "wrong",
    [{"pitch_step_st": 0.0}, {"tilt_weight": -1.0}, {"pace_step": 1.0}, {"baseline_s": 1}, {"baseline_s": 30}, {"settle_below": 0.6},
     {"steepness": float("nan")}],
)  # fmt: skip
def test_parameters_out_of_range_name_the_field(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"arousal.{next(iter(wrong))}"):
        ArousalParameters(**wrong)  # type: ignore[arg-type]


def test_strong_anger_is_told_from_calm_after_level_normalisation_and_mu_law(shared: Path) -> None:
    """RAVDESS is for evaluation only: no weight or step comes from it."""
    from scripts.evaluate_arousal import evaluate_ravdess, levelled, loud_windows, pooled_auc

    folder = shared / "data" / "audio" / "anger" / "ravdess"
    if not folder.is_dir():
        pytest.skip("the folder `shared` holds no RAVDESS clips")
    by_actor = evaluate_ravdess(folder, levelled, loud_windows, REPORTING_ACTORS)
    assert set(by_actor) == set(REPORTING_ACTORS)
    assert pooled_auc(by_actor, "arousal") >= 0.85
    assert all(pooled_auc({actor: scores}, "arousal") >= 0.85 for actor, scores in by_actor.items())
    assert not any(one.raised_voice for scores in by_actor.values() for stretch in scores.stretches["calm"] for one in stretch)
