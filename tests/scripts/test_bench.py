"""The benchmark times what it says it times, and runs."""

import asyncio
import json
import random
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from assistant.config import Config
from assistant.engine import load_models
from assistant.events import AnyEvent, CallEnded, CardShown, Interruption, Reason, Utterance, UtteranceScored, Word, WordsPartial
from scripts import bench
from scripts.benchmark.calls import bench_audio, shifted
from scripts.benchmark.cost import BareVosk, run_pipeline
from scripts.benchmark.figures import NotMeasured, Part, Target, quantile
from scripts.benchmark.latency import phrase_end, waits
from scripts.benchmark.server import serving
from scripts.benchmark.slowed import SlowedRecogniser
from scripts.benchmark.streams import WatchedCall, lag_by_thirds, push_calls, watch_calls

WORDS = [Word(text=text, start_s=10.0 + i, end_s=10.8 + i, confidence=1.0) for i, text in enumerate(["you", "are", "a", "liar"])]
FINAL = Utterance(utterance_id="u1", track="caller", start_s=10.0, end_s=13.8, text="you are a liar", confidence=1.0, words=WORDS)


def _watched(*received: tuple[float, AnyEvent]) -> WatchedCall:
    """A call whose audio left in chunks of 40 ms, each sent 5 ms after its end, from clock 100 on."""
    sent = [(k * 0.04, 100.0 + k * 0.04 + 0.005) for k in range(1, 500)]
    return WatchedCall(20.0, sent, list(received))


def test_the_end_of_a_phrase_is_that_of_its_last_quoted_word_in_the_final_utterance() -> None:
    assert phrase_end("you are", 99.0, FINAL) == 11.8
    assert phrase_end("you are a liar", 99.0, FINAL) == 13.8


def test_a_quote_that_differs_from_the_final_words_ends_with_the_last_word_begun_before_it() -> None:
    assert phrase_end("you are the", 12.5, FINAL) == 12.8
    assert phrase_end("…are a", 11.9, FINAL) == 11.8
    assert phrase_end("you are the", 9.0, FINAL) is None
    assert phrase_end("you are the", None, FINAL) is None


def test_a_phrase_without_final_words_is_not_timed() -> None:
    assert phrase_end("you are", 11.0, None) is None
    assert phrase_end("you are", 11.0, Utterance(utterance_id="u1", track="caller", start_s=1, end_s=2, text="", confidence=1.0)) is None


def test_a_moment_is_spoken_when_the_chunk_that_holds_it_was_sent_less_the_rest_of_the_chunk() -> None:
    call = _watched()
    assert call.spoken_at(0.04) == pytest.approx(100.045)
    assert call.spoken_at(0.05) == pytest.approx(100.055)
    assert call.spoken_at(0.0) == pytest.approx(100.005)


def test_a_card_is_timed_from_the_end_of_its_words_in_media_time_to_the_client() -> None:
    reason = Reason(rule="ladder.insult", what="insult", utterance_id="u1", track="caller", quote="you are a", start_s=10.0, end_s=12.9)
    card = CardShown(t_s=13.0, card_id="c1", card="ladder.note", title="", say="", reasons=[reason], priority=1, ttl_s=1.0, policy="")
    (wait,) = waits(_watched((113.2, card), (114.0, FINAL)), Config().turns)
    assert (wait.kind, wait.what) == ("card", "ladder.note")
    assert wait.media_s == pytest.approx(0.2)
    assert wait.work_s == pytest.approx(0.195)
    assert wait.wait_s == pytest.approx(0.395)


def test_a_card_that_the_prompt_budget_held_back_is_told_apart() -> None:
    words = WordsPartial(t_s=11.9, utterance_id="u1", track="caller", start_s=10.0, end_s=11.9, text="you are")
    reason = Reason(rule="acknowledge.upset", what="upset", utterance_id="u1", track="caller", quote="you are", start_s=10.0, end_s=11.9)
    final = msgspec.structs.replace(FINAL, t_s=14.0)

    def kind(shown_s: float) -> str:
        card = CardShown(t_s=shown_s, card_id="c", card="acknowledge", title="", say="", reasons=[reason], priority=1, ttl_s=1.0, policy="")
        return waits(_watched((112.0, words), (114.2, final), (118.0, card)), Config().turns)[0].kind

    assert kind(12.3) == "card"
    assert kind(14.0) == "card"
    assert kind(17.5) == "held_card"


def test_a_hostile_partial_score_is_timed_from_the_words_that_it_judged() -> None:
    words = WordsPartial(t_s=11.9, utterance_id="u1", track="caller", start_s=10.0, end_s=11.9, text="you are")
    scored = [
        UtteranceScored(
            t_s=12.0,
            utterance_id="u1",
            track="caller",
            partial=True,
            scores={},
            level=level,
            target=None,
            p_abuse=0,
            abuse=False,
            start_s=10.0,
            end_s=11.9,
            text="you are",
        )
        for level in (1, 2)
    ]
    (wait,) = waits(_watched((112.0, words), (112.1, scored[0]), (112.2, scored[1]), (114.0, FINAL)), Config().turns)
    assert (wait.kind, wait.quote) == ("partial_score", "you are")
    assert wait.wait_s == pytest.approx(112.2 - 111.805)


def test_an_interruption_is_timed_once_from_the_moment_at_which_its_definition_was_fulfilled() -> None:
    event = Interruption(
        t_s=6.1, interruption_id="i1", start_s=5.0, by="caller", of="agent", kind="competitive", cut_off=False, overlap_s=1
    )
    won = msgspec.structs.replace(event, t_s=5.7, interruption_id="i2", cut_off=True)
    lasting, winning = waits(_watched((106.2, event), (106.4, event), (106.5, won)), Config().turns)
    assert lasting.media_s == pytest.approx(0.1)
    assert winning.media_s == pytest.approx(0.2)


def test_figures_say_whether_their_target_is_met() -> None:
    part = Part("p", "P")
    part.add_spread("wait", "wait", [0.1, 0.2, 0.9], Target(200.0), Target(600.0))
    assert [(figure.value, figure.verdict) for figure in part.figures] == [(200.0, "met"), (900.0, "missed"), (900.0, "")]
    assert not Target(0.9, below=True).met(0.9)
    assert quantile(list(range(1, 101)), 0.95) == 95


def test_nothing_seen_is_not_measured_instead_of_zero() -> None:
    with pytest.raises(NotMeasured, match="not one wait"):
        Part("p", "P").add_spread("wait", "wait", [])
    with pytest.raises(NotMeasured, match="no number"):
        Part("p", "P").add("x", "x", float("nan"))


def test_a_part_that_fails_is_said_and_ends_the_run_with_code_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(quick: bool, tick: object) -> list[Part]:
        raise NotMeasured("no such luck")

    monkeypatch.setitem(bench.PARTS, "startup", bench.Measure(fails, 1.0, 1.0))
    assert bench.main(["--quick", "--only", "startup", "--json", str(tmp_path / "out.json")]) == 1
    assert "no such luck" in capsys.readouterr().out
    assert "no such luck" in json.loads((tmp_path / "out.json").read_text())["parts"]["startup"]["failed"]


@pytest.mark.model
@pytest.mark.slow
def test_the_cost_of_pipeline_and_bare_vosk_is_measured() -> None:
    config, audio = Config(), bench_audio(quick=True)
    audio = replace(audio, samples=audio.samples[: 6 * audio.rate_hz])
    models = load_models(config.models)
    spent = run_pipeline(models, config.call_settings(), audio)
    assert 0.0 < sum(spent.stages.values()) < spent.cpu_s
    assert 0.0 < spent.decoded_s <= 2 * audio.duration_s
    slowed = replace(models, recogniser=SlowedRecogniser(models.recogniser, 0.2))
    assert run_pipeline(slowed, config.call_settings(), audio).cpu_s > 0.2 * spent.decoded_s
    assert BareVosk(models, config).run(audio, 0.05) > 0.05 * 2 * audio.duration_s


@pytest.mark.model
@pytest.mark.server
@pytest.mark.slow
def test_calls_are_watched_through_a_real_server() -> None:
    audio = bench_audio(quick=True)
    audio = replace(audio, samples=audio.samples[: 8 * audio.rate_hz])
    assert shifted(audio, random.Random(1)).duration_s > audio.duration_s

    async def watch(stagger_s: float) -> None:
        async with server.watched() as usage:
            calls = await watch_calls(server, audio, 2, random.Random(1), stagger_s, lambda _: None)
        assert usage.cpu_s > 0.0
        assert max(usage.memory_mb) > 20.0
        for call in calls:
            assert isinstance(call.received[-1][1], CallEnded)
        first, last = lag_by_thirds(calls)
        assert min(first + last) > -0.05
        assert await push_calls(server, audio, 2) > 0.0

    with serving() as server:
        asyncio.run(watch(0.5))


@pytest.mark.model
@pytest.mark.slow
def test_a_quick_run_of_the_classifier_alone_prints_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench.main(["--quick", "--only", "classifier", "--json", str(tmp_path / "out.json")]) == 0
    figures = json.loads((tmp_path / "out.json").read_text())["parts"]["classifier"]["figures"]
    assert figures["batch_1_ms"]["value"] > 0.0
    assert "a text, alone" in capsys.readouterr().out
