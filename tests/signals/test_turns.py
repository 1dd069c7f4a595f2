"""Interruptions by their definition: who began while the other held the floor, and what became of it. Times in seconds."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.signals.turns import Overlap, Turns
from assistant.timebase import Track, seconds

RATE = 8000
WINDOW = 256
HANG_OVER = 12
"""Windows by which an end is known later than it was."""


@dataclass(frozen=True)
class Said:
    track: Track
    start_s: float
    end_s: float


def play(
    said: list[Said], tracks: tuple[Track, ...] = ("agent", "caller"), faint: Sequence[Said] = ()
) -> tuple[Turns, list[tuple[float, Overlap]]]:
    """Speech through the turns window by window, as a call does it: ends are known after the hang-over.

    A track is faint within the stretches of `faint`.
    """
    turns = Turns(tracks, RATE)
    told: list[tuple[float, Overlap]] = []
    open_: dict[Track, Said] = {}
    last = max(round(one.end_s * RATE) for one in said) + (HANG_OVER + 2) * WINDOW
    waiting = sorted(said, key=lambda one: (one.start_s, tracks.index(one.track)))
    for now in range(WINDOW, last + WINDOW, WINDOW):
        now_s = now / RATE
        for track, one in list(open_.items()):
            if now >= round(one.end_s * RATE) + HANG_OVER * WINDOW:
                del open_[track]
                told += [(now_s, overlap) for overlap in turns.ended(track, round(one.end_s * RATE))]
        while waiting and round(waiting[0].start_s * RATE) <= now:
            one = waiting.pop(0)
            assert one.track not in open_, "the script lets a side speak twice at once"
            open_[one.track] = one
            turns.started(one.track, round(one.start_s * RATE), now)
        for track, one in open_.items():
            turns.voiced(track, min(now, max(round(one.start_s * RATE), round(one.end_s * RATE))))
        far = {one.track for one in faint if one.start_s <= now_s < one.end_s}
        told += [(now_s, overlap) for overlap in turns.settled(far)]
    return turns, told


def last_words(told: list[tuple[float, Overlap]]) -> list[Overlap]:
    """What was told last of each interruption."""
    return list({overlap.number: overlap for _, overlap in told}.values())


def kinds(told: list[tuple[float, Overlap]]) -> list[tuple[str, str, bool]]:
    return [(overlap.by, overlap.kind, overlap.cut_off) for overlap in last_words(told)]


def test_speech_in_turns_is_no_interruption() -> None:
    _, told = play([Said("agent", 0.0, 3.0), Said("caller", 3.3, 6.0), Said("agent", 6.1, 8.0)])
    assert told == []


def test_short_acknowledgement_is_a_backchannel() -> None:
    _, told = play([Said("agent", 0.0, 6.0), Said("caller", 2.0, 2.6)])
    assert kinds(told) == [("caller", "backchannel", False)]


def test_start_at_a_likely_end_is_cooperative() -> None:
    _, told = play([Said("agent", 0.0, 3.0), Said("caller", 2.7, 5.0)])
    assert kinds(told) == [("caller", "cooperative", False)]


def test_long_overlap_that_silences_is_a_cut_off() -> None:
    _, told = play([Said("agent", 0.0, 3.0), Said("caller", 2.2, 6.0)])
    assert kinds(told) == [("caller", "competitive", True)]


def test_long_overlap_that_does_not_silence_is_competitive_and_blocked() -> None:
    turns, told = play([Said("agent", 0.0, 9.0), Said("caller", 2.0, 4.5)])
    assert kinds(told) == [("caller", "competitive", False)]
    facts = turns.taking(RATE * 10).tracks
    assert facts["caller"].blocked_attempts == 1
    assert facts["agent"].blocked_attempts == 0


def test_giving_in_late_is_no_cut_off() -> None:
    _, told = play([Said("agent", 0.0, 4.5), Said("caller", 2.0, 7.0)])
    assert kinds(told) == [("caller", "competitive", False)]


def test_two_who_start_together_do_not_interrupt() -> None:
    _, told = play([Said("agent", 1.0, 4.0), Said("caller", 1.1, 5.0)])
    assert told == []


def test_competitive_is_told_within_two_windows_of_its_definition() -> None:
    _, told = play([Said("agent", 0.0, 9.0), Said("caller", 2.0, 6.0)])
    known_s, _ = told[0]
    assert 3.0 <= known_s <= 3.0 + 2 * WINDOW / RATE


def test_third_party_is_interrupted_too() -> None:
    _, told = play([Said("third_party", 0.0, 4.0), Said("caller", 2.0, 6.0)], ("agent", "caller", "third_party"))
    assert [(o.by, o.of) for o in last_words(told)] == [("caller", "third_party")]


def test_faint_speech_bids_for_no_floor_but_is_talk() -> None:
    caller = Said("caller", 2.0, 6.0)
    turns, told = play([Said("agent", 0.0, 9.0), caller], faint=[Said("caller", 0.0, 9.0)])
    assert told == []
    assert words(turns, caller, "wait a minute") == []
    facts = turns.taking(RATE * 10).tracks["caller"]
    assert (facts.interruptions, facts.backchannels, facts.blocked_attempts, facts.speech_s) == (0, 0, 0, 4.0)


def test_faint_speech_holds_no_floor() -> None:
    said = [Said("caller", 0.0, 9.0), Said("agent", 4.0, 7.0)]
    assert kinds(play(said)[1]) == [("agent", "competitive", False)]
    assert play(said, faint=[Said("caller", 2.0, 9.0)])[1] == []


def test_faint_speech_that_becomes_loud_counts_from_then_on() -> None:
    _, told = play([Said("agent", 0.0, 9.0), Said("caller", 1.0, 7.0)], faint=[Said("caller", 0.0, 4.0)])
    ((known_s, overlap),) = told
    assert (overlap.by, overlap.kind) == ("caller", "competitive")
    assert seconds(overlap.start, RATE) == pytest.approx(4.0, abs=2 * WINDOW / RATE)
    assert known_s == pytest.approx(5.0, abs=3 * WINDOW / RATE)


def test_a_soft_first_sound_belongs_to_the_bid() -> None:
    _, told = play([Said("agent", 0.0, 9.0), Said("caller", 2.0, 7.0)], faint=[Said("caller", 0.0, 2.2)])
    assert [overlap.start for _, overlap in told] == [2 * RATE]


def test_a_faint_moment_does_not_give_up_the_floor() -> None:
    said = [Said("agent", 0.0, 9.0), Said("caller", 2.0, 7.0)]
    assert kinds(play(said, faint=[Said("caller", 4.0, 4.25)])[1]) == kinds(play(said)[1])


def test_loud_speech_that_turns_faint_gave_up_where_it_did() -> None:
    turns, told = play([Said("agent", 0.0, 9.0), Said("caller", 2.0, 9.0)], faint=[Said("caller", 4.5, 9.0)])
    assert kinds(told) == [("caller", "competitive", False)]
    assert turns.taking(RATE * 10).tracks["caller"].blocked_attempts == 1


def test_facts_add_up() -> None:
    turns, _ = play([Said("agent", 0.0, 3.0), Said("caller", 2.0, 6.0)])
    facts = turns.taking(RATE * 7).tracks
    assert facts["agent"].speech_s == 3.0
    assert facts["caller"].speech_s == 4.0
    assert facts["caller"].talk_share == pytest.approx(4 / 7, abs=0.001)
    assert facts["agent"].overlap_ratio == pytest.approx(1 / 3, abs=0.001)
    assert facts["caller"].overlap_ratio == pytest.approx(1 / 4, abs=0.001)
    assert facts["caller"].interruptions == facts["caller"].cut_offs == 1
    assert facts["caller"].interruptions_per_min == pytest.approx(60 / 7, abs=0.01)


def test_pauses_do_not_break_a_monologue_but_an_answer_does() -> None:
    turns, _ = play([Said("agent", 0.0, 4.0), Said("agent", 5.0, 9.0), Said("caller", 10.0, 12.0), Said("agent", 12.5, 14.0)])
    assert turns.taking(RATE * 15).tracks["agent"].longest_monologue_s == 9.0


def test_the_rate_forgets_what_is_older_than_a_minute() -> None:
    turns, _ = play([Said("agent", 0.0, 3.0), Said("caller", 2.0, 6.0)])
    assert turns.taking(RATE * 63).tracks["caller"].interruptions_per_min == 0.0
    assert turns.taking(RATE * 63).tracks["caller"].interruptions == 1


def words(turns: Turns, one: Said, text: str) -> list[Overlap]:
    return turns.words(one.track, text, round(one.start_s * RATE), round(one.end_s * RATE))


def test_a_long_acknowledgement_becomes_a_backchannel_by_its_words() -> None:
    caller = Said("caller", 2.0, 3.4)
    turns, told = play([Said("agent", 0.0, 6.0), caller])
    assert kinds(told) == [("caller", "competitive", False)]
    (revised,) = words(turns, caller, "Yeah, yeah, okay, right.")
    assert (revised.number, revised.kind) == (last_words(told)[0].number, "backchannel")
    facts = turns.taking(RATE * 7).tracks["caller"]
    assert (facts.interruptions, facts.backchannels, facts.blocked_attempts) == (0, 1, 0)
    assert turns.taking(RATE * 7).last_minute["caller"].interruptions == 0


@pytest.mark.parametrize("text", ["no", "wait", "hang on", "excuse me", "stop it"])
def test_a_short_bid_is_no_backchannel(text: str) -> None:
    caller = Said("caller", 2.0, 2.6)
    turns, told = play([Said("agent", 0.0, 6.0), caller])
    assert kinds(told) == [("caller", "backchannel", False)]
    assert [one.kind for one in words(turns, caller, text)] == ["competitive"]
    facts = turns.taking(RATE * 7).tracks["caller"]
    assert (facts.interruptions, facts.backchannels, facts.blocked_attempts) == (1, 0, 1)


def test_words_that_confirm_change_nothing() -> None:
    caller = Said("caller", 2.0, 2.6)
    turns, _ = play([Said("agent", 0.0, 6.0), caller])
    assert words(turns, caller, "mm-hm") == []
    assert words(turns, caller, "") == []


def test_agreement_at_the_end_of_a_turn_cuts_nobody_off() -> None:
    caller = Said("caller", 2.2, 3.4)
    turns, told = play([Said("agent", 0.0, 3.0), caller])
    assert kinds(told) == [("caller", "competitive", True)]
    assert [(one.kind, one.cut_off) for one in words(turns, caller, "okay yeah thank you")] == [("cooperative", False)]
    assert turns.taking(RATE * 4).tracks["caller"].cut_offs == 0


def test_a_short_remark_is_cooperative() -> None:
    caller = Said("caller", 2.0, 2.8)
    turns, _ = play([Said("agent", 0.0, 6.0), caller])
    assert [one.kind for one in words(turns, caller, "on tuesday")] == ["cooperative"]


def test_words_said_along_are_a_completion() -> None:
    agent, caller = Said("agent", 0.0, 6.0), Said("caller", 2.0, 3.5)
    turns, _ = play([agent, caller])
    assert words(turns, caller, "four five six") == []
    assert [one.kind for one in words(turns, agent, "your number ends in four five six and so on")] == ["cooperative"]


def test_a_demand_that_silences_at_once_is_a_cut_off() -> None:
    caller = Said("caller", 2.7, 4.0)
    turns, _ = play([Said("agent", 0.0, 3.0), caller])
    assert [(one.kind, one.cut_off) for one in words(turns, caller, "wait a minute")] == [("competitive", True)]


def test_words_before_the_overlap_are_not_its_words() -> None:
    first = Said("caller", 2.0, 2.5)
    turns, _ = play([Said("agent", 0.0, 9.0), first, Said("caller", 5.0, 7.0)])
    assert words(turns, first, "yeah") == []
    assert turns.taking(RATE * 10).tracks["caller"].interruptions == 1


def test_who_goes_on_after_a_short_pause_was_not_cut_off() -> None:
    turns, told = play([Said("agent", 0.0, 3.0), Said("caller", 2.2, 6.0), Said("agent", 3.5, 8.0)])
    assert kinds(told) == [("caller", "competitive", False)]
    assert turns.taking(RATE * 9).tracks["caller"].cut_offs == 0
    assert turns.taking(RATE * 9).tracks["caller"].blocked_attempts == 1


def test_a_bid_that_pauses_is_one_bid() -> None:
    turns, told = play([Said("agent", 0.0, 9.0), Said("caller", 2.0, 4.0), Said("caller", 4.5, 6.0)])
    assert kinds(told) == [("caller", "competitive", False)]
    assert turns.taking(RATE * 10).tracks["caller"].blocked_attempts == 1


def test_two_acknowledgements_are_two_backchannels() -> None:
    _, told = play([Said("agent", 0.0, 9.0), Said("caller", 2.0, 2.6), Said("caller", 3.1, 3.8)])
    assert [kind for _, kind, _ in kinds(told)] == ["backchannel", "backchannel"]


def test_the_last_minute_forgets_and_the_call_does_not() -> None:
    turns, _ = play([Said("agent", 0.0, 4.0), Said("caller", 2.5, 5.0), Said("agent", 70.0, 80.0)])
    taking = turns.taking(RATE * 100)
    assert taking.tracks["caller"].speech_s == 2.5
    assert taking.tracks["caller"].interruptions == 1
    assert taking.last_minute["caller"].talk_share == 0.0
    assert taking.last_minute["caller"].interruptions == 0
    assert taking.last_minute["agent"].talk_share == 1.0
    assert taking.last_minute["agent"].longest_monologue_s == 10.0


def test_dead_air_is_silence_of_all_above_three_seconds() -> None:
    turns, _ = play([Said("agent", 1.0, 4.0), Said("caller", 6.5, 8.0), Said("agent", 13.0, 14.0)])
    taking = turns.taking(RATE * 16)
    assert taking.dead_air_s == taking.last_minute_dead_air_s == 5.0
    lasting = turns.taking(RATE * 80)
    assert lasting.dead_air_s == 71.0
    assert lasting.last_minute_dead_air_s == 60.0


def test_pace_counts_own_words_over_own_speech() -> None:
    agent = Said("agent", 0.0, 10.0)
    turns, _ = play([agent])
    assert turns.taking(RATE * 11).tracks["agent"].words_per_min is None
    words(turns, agent, "word " * 25)
    assert turns.taking(RATE * 11).tracks["agent"].words_per_min == 150.0
    assert turns.taking(RATE * 65).last_minute["agent"].words_per_min is None
    assert turns.taking(RATE * 11).tracks["caller"].words_per_min is None


def test_leakage_is_handed_on() -> None:
    turns, _ = play([Said("agent", 0.0, 2.0)])
    assert turns.taking(RATE * 3, {"agent": None, "caller": -20.0}).tracks["caller"].leakage_db == -20.0


def test_overlap_of_three_is_counted_once() -> None:
    tracks: tuple[Track, ...] = ("agent", "caller", "third_party")
    turns, _ = play([Said("agent", 0.0, 4.0), Said("caller", 2.0, 6.0), Said("third_party", 2.0, 6.0)], tracks)
    facts = turns.taking(RATE * 7)
    assert facts.tracks["agent"].overlap_ratio == 0.5
    assert facts.tracks["caller"].overlap_ratio == 1.0
    assert sum(one.talk_share for one in facts.tracks.values()) == pytest.approx(1.0, abs=0.002)


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    said = []
    for track in ("agent", "caller"):
        at = 0.0
        for _ in range(draw(st.integers(0, 5))):
            start = at + draw(st.integers(16, 120)) * WINDOW / RATE
            at = start + draw(st.integers(3, 150)) * WINDOW / RATE
            said.append(Said(track, start, at))
    return said


BOTH_END_AT_ONCE = [
    Said("caller", 0.512, 1.536),
    *(Said("agent", start_s, end_s) for start_s, end_s in ((0.512, 1.536), (2.048, 2.144), (2.656, 2.752), (3.264, 3.36), (3.872, 3.968))),
]


@settings(deadline=None)
@example(BOTH_END_AT_ONCE, [])
@given(conversations().filter(bool), conversations())
def test_swapping_the_channels_swaps_the_result(said: list[Said], faint: list[Said]) -> None:
    swap: dict[Track, Track] = {"agent": "caller", "caller": "agent"}
    turns, told = play(said, faint=faint)
    swapped_turns, swapped = play(
        [Said(swap[one.track], one.start_s, one.end_s) for one in said],
        faint=[Said(swap[one.track], one.start_s, one.end_s) for one in faint],
    )
    taking, mirrored = turns.taking(RATE * 120), swapped_turns.taking(RATE * 120)
    for facts, other in ((taking.tracks, mirrored.tracks), (taking.last_minute, mirrored.last_minute)):
        assert facts["agent"] == other["caller"]
        assert facts["caller"] == other["agent"]
    assert taking.dead_air_s == mirrored.dead_air_s

    def shape(overlaps: list[tuple[float, Overlap]], names: dict[Track, Track]) -> list[tuple[object, ...]]:
        return sorted((t, o.start, names[o.by], names[o.of], o.kind, o.cut_off, o.overlap) for t, o in overlaps)

    assert shape(told, {"agent": "agent", "caller": "caller"}) == shape(swapped, swap)


@settings(deadline=None)
@given(conversations().filter(bool), conversations())
def test_facts_stay_in_their_ranges(said: list[Said], faint: list[Said]) -> None:
    turns, told = play(said, faint=faint)
    total = {track: sum(one.end_s - one.start_s for one in said if one.track == track) for track in ("agent", "caller")}
    for track, facts in turns.taking(RATE * 200).tracks.items():
        assert 0.0 <= facts.talk_share <= 1.0
        assert 0.0 <= facts.overlap_ratio <= 1.0
        assert facts.cut_offs <= facts.interruptions
        assert facts.longest_monologue_s <= 200
        assert facts.speech_s == pytest.approx(total[track], abs=0.01)
    for known_s, overlap in told:
        assert seconds(overlap.start, RATE) <= known_s


@settings(deadline=None)
@given(conversations().filter(bool), st.sampled_from(["yeah okay", "no", "wait", "", "my account is closed", "mm-hm mm-hm"]))
def test_counts_are_those_of_the_last_names(said: list[Said], text: str) -> None:
    turns, told = play(said)
    revised = [(200.0, overlap) for one in said for overlap in words(turns, one, text)]
    last = last_words(told + revised)
    for track, facts in turns.taking(RATE * 200).tracks.items():
        own = [one for one in last if one.by == track]
        assert facts.interruptions == sum(one.kind == "competitive" for one in own)
        assert facts.backchannels == sum(one.kind == "backchannel" for one in own)
        assert facts.cooperative == sum(one.kind == "cooperative" for one in own)
        assert facts.cut_offs == sum(one.cut_off for one in own)
        assert 0 <= facts.blocked_attempts <= facts.interruptions


@settings(deadline=None)
@given(conversations().filter(bool))
def test_a_call_in_its_first_minute_is_its_last_minute(said: list[Said]) -> None:
    turns, _ = play(said)
    end_s = max(one.end_s for one in said)
    if end_s > 55.0:
        return
    taking = turns.taking(round(RATE * 58))
    for track, whole in taking.tracks.items():
        recent = taking.last_minute[track]
        assert (recent.talk_share, recent.overlap_ratio) == (whole.talk_share, whole.overlap_ratio)
        assert recent.longest_monologue_s == whole.longest_monologue_s
        assert (recent.interruptions, recent.cut_offs) == (whole.interruptions, whole.cut_offs)
    assert taking.dead_air_s == taking.last_minute_dead_air_s
