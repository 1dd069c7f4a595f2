"""The cues of a call: what stands, who may say it, what is demanded again."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from assistant.events import CueHeard, Utterance, Word
from assistant.signals.cues.demands import MOST, Asked
from assistant.signals.cues.hear import Cues
from assistant.signals.cues.kinds import CUES
from assistant.timebase import TRACKS, Track

POLICY = ("I do want to help, but if you keep using that language I will have to end this call.",)


def said(text: str, track: Track = "caller", start_s: float = 10.0, *, words: bool = False, number: int = 1) -> Utterance:
    spoken = text.split()
    timed = [Word(text=word, start_s=start_s + place, end_s=start_s + place + 1, confidence=0.8) for place, word in enumerate(spoken)]
    return Utterance(
        utterance_id=f"u{number}",
        track=track,
        start_s=start_s,
        end_s=start_s + len(spoken),
        text=text,
        confidence=0.9,
        words=timed if words else [],
    )


def kinds(events: list[CueHeard]) -> list[str]:
    return [event.cue for event in events]


def test_a_score_of_one_half_stands() -> None:
    cues = Cues()
    (event,) = cues.heard(said("fetch me the organ grinder"), {"request_manager": 0.5, "apology": 0.49})
    assert (event.cue, event.rule, event.p, event.cue_id) == ("request_manager", "score", 0.5, "k1")
    assert (event.start_s, event.end_s, event.confidence, event.text) == (10.0, 15.0, 0.9, "fetch me the organ grinder")


def test_a_pattern_is_named_before_a_score_and_gives_the_times_of_its_words() -> None:
    (event,) = Cues().heard(said("well um you lied to me again", words=True), {"integrity_challenge": 0.7})
    assert (event.rule, event.p) == ("pattern:integrity_challenge.liar", 1.0)
    assert (event.start_s, event.end_s, event.confidence) == (12.0, 14.0, 0.8)


def test_words_that_do_not_fit_the_text_give_the_times_of_the_utterance() -> None:
    utterance = said("you lied to me", words=True)
    short = Utterance(utterance_id="u", track="caller", start_s=1, end_s=2, text=utterance.text, confidence=0.9, words=utterance.words[:2])
    (event,) = Cues().heard(short, {})
    assert (event.start_s, event.end_s) == (1, 2)


def test_a_cue_that_means_nothing_on_these_lips_is_not_heard() -> None:
    scores = dict.fromkeys(CUES, 0.9)
    assert "promise" not in kinds(Cues().heard(said("so"), scores))
    assert "promise" not in kinds(Cues().heard(said("so", "third_party"), scores))
    assert "request_refund" not in kinds(Cues().heard(said("so", "agent"), scores))
    assert set(kinds(Cues().heard(said("so", "mixed"), scores))) == set(CUES)


def test_a_vetoed_score_does_not_stand() -> None:
    assert kinds(Cues().heard(said("there's no rush"), {"request_rush": 0.95})) == []
    assert kinds(Cues().heard(said("this wait is killing me"), {"self_harm": 0.7})) == []
    assert kinds(Cues().heard(said("this wait is killing me"), {"self_harm": 0.95})) == ["self_harm"]


def test_a_second_kind_of_distress_must_be_surer() -> None:
    assert kinds(Cues().heard(said("so"), {"danger": 0.9, "medical": 0.79, "self_harm": 0.2})) == ["danger"]
    assert kinds(Cues().heard(said("so"), {"danger": 0.9, "medical": 0.8})) == ["medical", "danger"]
    assert kinds(Cues().heard(said("so"), {"danger": 0.5})) == ["danger"]
    assert kinds(Cues().heard(said("i smell gas"), {"medical": 0.79})) == ["danger"]


def test_water_in_a_street_is_no_danger_unless_somebody_is_in_it() -> None:
    assert kinds(Cues().heard(said("there is water running down the road"), {"danger": 0.999})) == []
    for more in ("and my car is stuck in it", "and a man was swept away", "and he's drowning"):
        assert kinds(Cues().heard(said(f"there is water running down the road {more}"), {"danger": 0.98})) == ["danger"]


def test_blame_is_no_doubt_of_honesty() -> None:
    assert kinds(Cues().heard(said("i know that it was your mistake what now"), {"integrity_challenge": 0.75})) == []
    assert kinds(Cues().heard(said("you told me it was paid"), {"integrity_challenge": 0.75})) == ["integrity_challenge"]


def test_sorry_is_an_apology_or_a_repair_by_context() -> None:
    assert kinds(Cues().heard(said("sorry"), {}, "it's one four double nine")) == ["repair"]
    assert kinds(Cues().heard(said("sorry"), {"apology": 0.8}, "you called me an idiot")) == ["apology"]


def test_a_promise_carries_the_words_that_say_when() -> None:
    (event,) = Cues().heard(said("i'll ring you back tomorrow before ten", "agent"), {})
    assert (event.cue, event.detail, event.due) == ("promise", "tomorrow before ten", None)


def test_the_same_request_again_is_a_repeated_demand() -> None:
    cues = Cues()
    assert kinds(cues.heard(said("get me your manager"), {})) == ["request_manager"]
    cues.heard(said("there is none on shift", "agent", 16), {})
    again = cues.heard(said("who is in charge there", start_s=30), {"request_manager": 0.8})
    assert kinds(again) == ["request_manager", "repeated_demand"]
    assert (again[1].detail, again[1].rule) == ("manager", "repeat:cue")


def test_the_same_request_in_the_same_breath_or_after_five_minutes_is_none() -> None:
    cues = Cues()
    cues.heard(said("get me your manager", start_s=10), {})
    assert kinds(cues.heard(said("get me your manager", start_s=17), {})) == ["request_manager"]
    assert kinds(cues.heard(said("get me your manager", start_s=400), {})) == ["request_manager"]


def ask(cues: Cues, text: str, start_s: float, *same: float, p: float = 0.9, track: Track = "caller") -> list[CueHeard]:
    """What is heard in an utterance that asks for something with `p`, and with `same` for the same as each of the earlier asks."""
    utterance = said(text, track, start_s)
    assert len(cues.asked_before(utterance) or ()) == len(same)
    return cues.heard(utterance, {}, asked=Asked(p, same))


def test_the_same_ask_in_other_words_is_a_repeated_demand() -> None:
    cues = Cues()
    assert ask(cues, "when is the engineer coming", 5) == []
    assert ask(cues, "what do i owe you", 20, 0.1) == []
    (again,) = ask(cues, "so what day will your man be here", 40, 0.7, 0.2)
    assert (again.cue, again.detail, again.rule, again.p) == ("repeated_demand", "when is the engineer coming", "repeat:meaning", 0.7)


def test_what_asks_for_nothing_or_for_something_else_is_no_repeated_demand() -> None:
    cues = Cues()
    ask(cues, "when is the engineer coming", 5)
    assert ask(cues, "i waited for the engineer all day", 20, 0.9, p=0.4) == []
    assert ask(cues, "what's the engineer called", 40, 0.4) == []
    assert cues.asked_before(said("x", start_s=60)) == ("when is the engineer coming", "what's the engineer called")


def test_the_rest_of_an_ask_does_not_repeat_it() -> None:
    cues = Cues()
    ask(cues, "when is the engineer coming", 5)
    assert ask(cues, "the engineer when does he come", 12, 0.9) == []
    assert [event.cue for event in ask(cues, "so when", 40, 0.6, 0.6)] == ["repeated_demand"]


def test_an_ask_is_forgotten_after_five_minutes() -> None:
    cues = Cues()
    ask(cues, "when is the engineer coming", 5)
    assert ask(cues, "when is the engineer coming", 320) == []


def test_without_the_network_of_asks_requests_are_compared_still() -> None:
    cues = Cues()
    cues.heard(said("get me your manager"), {})
    assert kinds(cues.heard(said("get me your manager", start_s=30), {})) == ["request_manager", "repeated_demand"]


def test_no_words_of_an_agent_or_of_mixed_sound_are_compared() -> None:
    assert Cues().asked_before(said("when is the engineer coming", "agent")) is None
    assert Cues().asked_before(said("when is the engineer coming", "mixed")) is None


@given(st.lists(st.tuples(st.floats(0, 60), st.booleans(), st.floats(0, 1)), max_size=40))
def test_asks_are_compared_with_what_is_remembered_whatever_comes(steps: list[tuple[float, bool, float]]) -> None:
    cues, at_s = Cues(), 0.0
    for gap_s, request, p in steps:
        at_s += gap_s
        utterance = said("get me your manager" if request else "when does he come", start_s=at_s)
        earlier = cues.asked_before(utterance)
        assert earlier is not None
        assert len(earlier) <= MOST
        cues.heard(utterance, {}, asked=Asked(p, tuple(p for _ in earlier)))


def test_who_was_asked_to_repeat_does_not_demand_again() -> None:
    cues = Cues()
    cues.heard(said("get me your manager", start_s=5), {})
    cues.heard(said("sorry i can't hear you", "agent", 12), {})
    assert kinds(cues.heard(said("get me your manager", start_s=20), {})) == ["request_manager"]
    assert kinds(cues.heard(said("get me your manager", start_s=40), {})) == ["request_manager", "repeated_demand"]


def test_sides_do_not_repeat_each_other_and_agents_demand_nothing() -> None:
    cues = Cues()
    ask(cues, "can you send the engineer for the boiler", 5)
    assert cues.heard(said("can you tell me where the boiler engineer should go", "agent", 20), {}) == []


def test_a_warning_in_the_policys_own_words_is_heard_by_its_meaning() -> None:
    text = "please mind how you speak i want to help but keep using language like that and i may have to hang up this call"
    (event,) = Cues(POLICY).heard(said(text, "agent"), {})
    assert (event.cue, event.rule) == ("warning", "policy_words")
    assert kinds(Cues().heard(said(text, "agent"), {})) == []


def test_what_the_policys_words_do_not_mean_is_no_warning() -> None:
    cues = Cues(POLICY)
    assert cues.heard(said("i am not going to end this call i want to help and keep at it if you like", "agent"), {}) == []
    assert cues.heard(said("i want to help so keep this call open", "agent"), {}) == []
    assert cues.heard(said("if you keep using that language i will have to end this call", "caller"), {}) == []


SCORES = st.dictionaries(st.sampled_from(CUES), st.floats(0, 1), max_size=4)
UTTERANCES = st.lists(
    st.tuples(
        st.sampled_from(TRACKS),
        st.lists(
            st.sampled_from(
                [
                    "i",
                    "want",
                    "my",
                    "money",
                    "back",
                    "manager",
                    "sorry",
                    "um",
                    "when",
                    "is",
                    "the",
                    "engineer",
                    "ring",
                    "me",
                    "one",
                    "two",
                    "again",
                ]
            ),
            max_size=9,
        ),
        SCORES,
    ),
    max_size=12,
)


def _run(utterances: list[tuple[Track, list[str], Mapping[str, float]]]) -> list[CueHeard]:
    cues = Cues(POLICY)
    events: list[CueHeard] = []
    for number, (track, words, scores) in enumerate(utterances):
        events += cues.heard(said(" ".join(words), track, 20.0 * number, words=True, number=number), scores)
    return events


@given(UTTERANCES)
def test_the_same_utterances_give_the_same_cues(utterances: list[tuple[Track, list[str], Mapping[str, float]]]) -> None:
    events = _run(utterances)
    assert events == _run(utterances)
    assert [event.cue_id for event in events] == [f"k{number}" for number in range(1, len(events) + 1)]
    assert all(event.start_s <= event.end_s and 0 <= event.p <= 1 and event.rule for event in events)
