"""The pure call: any chunks, either channel order, failing models, transcripts, presses."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant import events as ev
from assistant.call import MONO_NOTICE, CallFacts, SaidLine
from assistant.errors import AudioFormatError, CoreMisuse
from assistant.events import AnyEvent, encode_lines
from tests.support.plain_answers import RATE, PlainAnswers, audio, new_call, run, run_steps

HOT = audio(
    ("agent", 0.5, 2.0, "please"),
    ("caller", 2.5, 4.3, "broken"),
    ("agent", 4.8, 8.0, "please"),
    ("caller", 7.2, 9.5, "idiot"),
    ("agent", 10.0, 11.2, "end this call if you"),
    ("caller", 12.0, 13.8, "idiot"),
    length_s=16.0,
)


def of(kind: type, events: list[AnyEvent]) -> list:
    return [event for event in events if isinstance(event, kind)]


def test_a_hot_call_tells_its_story() -> None:
    events = run(new_call(), [HOT])
    assert isinstance(events[0], ev.CallStarted)
    assert isinstance(events[-1], ev.CallEnded)
    assert [(u.track, u.text.split()[0]) for u in of(ev.Utterance, events)] == [
        ("agent", "please"),
        ("caller", "broken"),
        ("agent", "please"),
        ("caller", "idiot"),
        ("agent", "end"),
        ("caller", "idiot"),
    ]
    assert [(i.by, i.kind, i.cut_off) for i in of(ev.Interruption, events)][-1] == ("caller", "competitive", True)
    assert [step.step for step in of(ev.LadderMoved, events)] == ["note", "final_warning"]
    assert [given.how for given in of(ev.WarningGiven, events)] == ["heard"]
    assert max(heat.heat for heat in of(ev.HeatChanged, events)) > 50


def test_events_are_numbered_and_media_time_never_goes_back() -> None:
    events = run(new_call(), [HOT])
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert all(a.t_s <= b.t_s for a, b in pairwise(events))
    assert {event.call_id for event in events} == {"call"}


@pytest.mark.parametrize("size", [1, 13, 256, 257, 4001])
def test_chunk_size_does_not_matter(size: int) -> None:
    part = HOT[: 2 * RATE] if size == 1 else HOT
    whole = encode_lines(run(new_call(), [part]))
    assert encode_lines(run(new_call(), [part[i : i + size] for i in range(0, len(part), size)])) == whole


@given(cuts=st.lists(st.integers(0, len(HOT)), max_size=20))
@settings(max_examples=20, deadline=None)
def test_any_cutting_gives_the_same_bytes(cuts: list[int]) -> None:
    assert encode_lines(run(new_call(), np.split(HOT, sorted(cuts)))) == encode_lines(run(new_call(), [HOT]))


speech = st.tuples(
    st.sampled_from(["agent", "caller"]), st.floats(0.2, 8.0), st.floats(0.2, 3.0), st.sampled_from(["please", "broken", "idiot"])
)


@given(said=st.lists(speech, max_size=6))
@settings(max_examples=25, deadline=None)
def test_the_order_of_channels_does_not_matter(said: list[tuple[str, float, float, str]]) -> None:
    """The same voices with the channels the other way round: the same beliefs about each, in another order within a window."""
    spoken = [(track, start_s, min(start_s + lasts_s, 9.5), word) for track, start_s, lasts_s, word in said]
    forth = run(new_call(("agent", "caller")), [audio(*spoken, length_s=10.0, tracks=("agent", "caller"))])  # type: ignore[arg-type]
    back = run(new_call(("caller", "agent")), [audio(*spoken, length_s=10.0, tracks=("caller", "agent"))])  # type: ignore[arg-type]

    def told(events: list[AnyEvent]) -> list[str]:
        kept = of(ev.SpeechEnded, events) + of(ev.Interruption, events) + of(ev.HeatChanged, events) + of(ev.CardShown, events)
        blank = {"seq": 0}
        stripped = [msgspec.to_builtins(event) | blank for event in kept]
        for one in stripped:
            for reason in one.get("reasons", []):
                reason.pop("utterance_id", None)
        return sorted(repr(one) for one in stripped)

    assert told(forth) == told(back)


def test_silence_is_not_decoded() -> None:
    answers = PlainAnswers()
    run(new_call(), [audio(("caller", 30.0, 32.0, "please"), length_s=120.0)], answers)
    # The speech, its pre-roll and its tail; nothing of the other 117 s, nothing of the other track.
    assert answers.decoded_samples <= 2.7 * RATE


def test_no_first_word_is_clipped() -> None:
    answers = PlainAnswers()
    heard: list[np.ndarray] = []
    call = new_call()
    sound = audio(("caller", 1.0, 2.0, "please"), length_s=3.0)
    sound[round(0.9 * RATE) : round(1.0 * RATE), 1] = 200  # the soft start of the word, below what voice activity hears
    events = run(call, [sound], answers)
    heard = [wanted.samples for wanted in answers.asked if hasattr(wanted, "samples")]
    assert np.concatenate(heard).tolist().count(200) == round(0.1 * RATE)
    assert len(of(ev.Utterance, events)) == 1


def test_the_agent_is_never_judged() -> None:
    answers = PlainAnswers()
    events = run(new_call(), [audio(("agent", 0.5, 4.0, "idiot"), length_s=6.0)], answers)
    assert not any(type(wanted).__name__ == "ScoreWanted" for wanted in answers.asked)
    assert any(type(wanted).__name__ == "CuesWanted" for wanted in answers.asked)
    assert of(ev.UtteranceScored, events) == []
    assert of(ev.HeatChanged, events) == []


def test_partial_words_bring_a_card_before_the_end_of_speech() -> None:
    events = run(new_call(), [audio(("caller", 0.5, 6.0, "idiot"), length_s=8.0)])
    card = of(ev.CardShown, events)[0]
    assert card.card == "ladder.note"
    assert card.t_s < 3.0


def test_one_uncertain_utterance_never_moves_the_ladder() -> None:
    class Unsure(PlainAnswers):
        def _hear(self, wanted):  # type: ignore[no-untyped-def]
            hearing = super()._hear(wanted)
            words = tuple(type(w)(w.text, w.start_s, w.end_s, 0.4 if wanted.end else 0.0) for w in hearing.words)
            return type(hearing)(words if wanted.end else ())

    events = run(new_call(), [audio(("caller", 0.5, 3.0, "idiot"), length_s=5.0)], Unsure())
    assert of(ev.LadderMoved, events) == []
    assert len(of(ev.UtteranceScored, events)) == 1


def test_distress_locks_the_ladder_and_a_person_unlocks_it() -> None:
    call, answers = new_call(), PlainAnswers()
    call.start()
    sound = audio(("caller", 0.5, 2.0, "dying"), ("caller", 3.0, 5.0, "idiot"), length_s=6.0)
    events = run_steps(call.feed(sound), answers)
    assert len(of(ev.TerminationLocked, events)) == 1
    assert [card.card for card in of(ev.CardShown, events)][-1] == "crisis"
    assert of(ev.LadderMoved, events) == []
    assert len(of(ev.TerminationUnlocked, call.press("unlock"))) == 1
    later = run_steps(call.feed(audio(("caller", 0.5, 3.0, "idiot"), length_s=5.0)), answers)
    assert [step.step for step in of(ev.LadderMoved, later)] == ["note"]


@pytest.mark.parametrize(
    ("question", "stage"), [("VoiceWanted", "voice_activity"), ("DecodeWanted", "recognition"), ("ScoreWanted", "hostility")]
)
def test_a_failing_model_is_told_once_and_never_becomes_a_calm_score(question: str, stage: str) -> None:
    events = run(new_call(), [HOT], PlainAnswers(fails=question))
    told = of(ev.StageDegraded, events)
    assert {event.stage for event in told} == {stage}
    assert len(told) == (2 if stage == "recognition" else 1)
    assert of(ev.UtteranceScored, events) == []
    assert isinstance(events[-1], ev.CallEnded)


def test_where_the_network_of_asks_fails_all_else_goes_on() -> None:
    events = run(new_call(), [HOT], PlainAnswers(fails="AskWanted"))
    assert [(event.stage, event.recovered) for event in of(ev.StageDegraded, events)] == [("asks", False)]
    assert of(ev.UtteranceScored, events) != []


def test_a_stage_that_is_well_again_says_so() -> None:
    call, failing, well = new_call(), PlainAnswers(fails="ScoreWanted"), PlainAnswers()
    call.start()
    sound = audio(("caller", 0.5, 2.0, "broken"), length_s=3.0)
    assert [e.recovered for e in of(ev.StageDegraded, run_steps(call.feed(sound), failing))] == [False]
    assert [e.recovered for e in of(ev.StageDegraded, run_steps(call.feed(sound), well))] == [True]


def test_mono_withholds_interruptions_and_says_why() -> None:
    call = new_call(("mixed",))
    events = run(call, [HOT[:, :1]])
    assert MONO_NOTICE in events[0].notices  # type: ignore[union-attr]
    assert of(ev.Interruption, events) == []
    assert of(ev.TurnTaking, events) == []


def test_three_tracks_and_abuse_of_a_third_party_by_the_caller() -> None:
    sound = audio(
        ("third_party", 0.5, 4.0, "please"), ("caller", 2.0, 5.5, "idiot"), length_s=8.0, tracks=("agent", "caller", "third_party")
    )
    events = run(new_call(("agent", "caller", "third_party")), [sound])
    first = of(ev.Interruption, events)[0]
    assert (first.by, first.of) == ("caller", "third_party")
    assert [step.step for step in of(ev.LadderMoved, events)] == ["note"]


def test_speech_without_end_is_cut_into_utterances_and_stays_one_turn() -> None:
    sound = audio(("caller", 0.5, 50.0, "please"), ("agent", 30.0, 30.6, "please"), length_s=52.0)
    events = run(new_call(), [sound])
    assert len([u for u in of(ev.Utterance, events) if u.track == "caller"]) == 3
    assert [i.kind for i in of(ev.Interruption, events)] == ["backchannel"]
    assert of(ev.TurnTaking, events)[-1].tracks["caller"].longest_monologue_s == pytest.approx(49.5, abs=0.2)


LINES = [
    SaidLine("agent", 0.5, 2.0, "how can i help"),
    SaidLine("caller", 2.5, 6.0, "it is broken"),
    SaidLine("agent", 5.0, 8.0, "let me see"),
    SaidLine("caller", 8.5, 10.0, "you idiot"),
]


@given(st.permutations(LINES))
@settings(max_examples=10, deadline=None)
def test_a_transcript_may_come_in_any_order(lines: list[SaidLine]) -> None:
    first, second = new_call(), new_call()
    first.start()
    second.start()
    assert encode_lines(run_steps(first.recite(lines))) == encode_lines(run_steps(second.recite(LINES)))


def test_a_transcript_gives_words_interruptions_heat_and_cards() -> None:
    call = new_call()
    call.start()
    events = run_steps(call.recite(LINES))
    assert [u.text for u in of(ev.Utterance, events)] == ["how can i help", "it is broken", "let me see", "you idiot"]
    assert [(i.by, i.kind) for i in of(ev.Interruption, events)] == [("agent", "competitive")]
    assert [step.step for step in of(ev.LadderMoved, events)] == ["note"]


def test_an_empty_call_starts_and_ends() -> None:
    events = run(new_call(), [])
    assert [type(event).__name__ for event in events] == ["CallStarted", "TurnTaking", "CallEnded"]


@pytest.mark.parametrize(
    ("tracks", "rate"),
    [(("agent", "agent"), 8000), ((), 8000), (("mixed", "agent"), 8000), (("dog",), 8000), (("agent",), 11025)],
)
def test_a_call_that_cannot_be_worked_on_is_refused(tracks: tuple, rate: int) -> None:
    with pytest.raises(AudioFormatError):
        CallFacts(tracks, rate, "plain", "plain", "plain")


def test_our_own_mistakes_are_named() -> None:
    call = new_call()
    with pytest.raises(CoreMisuse, match="new"):
        next(call.feed(HOT))
    call.start()
    with pytest.raises(CoreMisuse, match="once"):
        call.start()
    with pytest.raises(CoreMisuse, match="shape"):
        next(call.feed(HOT[:, :1]))
    run_steps(call.finish())
    with pytest.raises(CoreMisuse, match="ended"):
        call.press("done", "c1")
