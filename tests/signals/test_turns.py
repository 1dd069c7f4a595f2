"""Interruptions by their definition: who began while the other held the floor, and what became of it. Times in seconds."""

from dataclasses import dataclass

import pytest
from hypothesis import given
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


def play(said: list[Said], tracks: tuple[Track, ...] = ("agent", "caller")) -> tuple[Turns, list[tuple[float, Overlap]]]:
    """Speech through the turns window by window, as a call does it: ends are known after the hang-over."""
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
        told += [(now_s, overlap) for overlap in turns.settled()]
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
    facts = turns.facts(RATE * 10)
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


def test_facts_add_up() -> None:
    turns, _ = play([Said("agent", 0.0, 3.0), Said("caller", 2.0, 6.0)])
    facts = turns.facts(RATE * 7)
    assert facts["agent"].speech_s == 3.0
    assert facts["caller"].speech_s == 4.0
    assert facts["caller"].talk_share == pytest.approx(4 / 7, abs=0.001)
    assert facts["agent"].overlap_ratio == pytest.approx(1 / 3, abs=0.001)
    assert facts["caller"].overlap_ratio == pytest.approx(1 / 4, abs=0.001)
    assert facts["caller"].interruptions == facts["caller"].cut_offs == 1
    assert facts["caller"].interruptions_per_min == pytest.approx(60 / 7, abs=0.01)


def test_pauses_do_not_break_a_monologue_but_an_answer_does() -> None:
    turns, _ = play([Said("agent", 0.0, 4.0), Said("agent", 5.0, 9.0), Said("caller", 10.0, 12.0), Said("agent", 12.5, 14.0)])
    assert turns.facts(RATE * 15)["agent"].longest_monologue_s == 9.0


def test_the_rate_forgets_what_is_older_than_a_minute() -> None:
    turns, _ = play([Said("agent", 0.0, 3.0), Said("caller", 2.0, 6.0)])
    assert turns.facts(RATE * 63)["caller"].interruptions_per_min == 0.0
    assert turns.facts(RATE * 63)["caller"].interruptions == 1


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    said = []
    for track in ("agent", "caller"):
        at = 0.0
        for _ in range(draw(st.integers(0, 5))):
            start = at + draw(st.integers(16, 120)) * WINDOW / RATE
            at = start + draw(st.integers(3, 150)) * WINDOW / RATE
            said.append(Said(track, start, at))  # type: ignore[arg-type]
    return said


@given(conversations().filter(bool))
def test_swapping_the_channels_swaps_the_result(said: list[Said]) -> None:
    swap: dict[Track, Track] = {"agent": "caller", "caller": "agent"}
    turns, told = play(said)
    swapped_turns, swapped = play([Said(swap[one.track], one.start_s, one.end_s) for one in said])
    facts, swapped_facts = turns.facts(RATE * 120), swapped_turns.facts(RATE * 120)
    assert facts["agent"] == swapped_facts["caller"]
    assert facts["caller"] == swapped_facts["agent"]

    def shape(overlaps: list[tuple[float, Overlap]], names: dict[Track, Track]) -> list[tuple[object, ...]]:
        return sorted((t, o.start, names[o.by], names[o.of], o.kind, o.cut_off, o.overlap) for t, o in overlaps)

    assert shape(told, {"agent": "agent", "caller": "caller"}) == shape(swapped, swap)


@given(conversations().filter(bool))
def test_facts_stay_in_their_ranges(said: list[Said]) -> None:
    turns, told = play(said)
    total = {track: sum(one.end_s - one.start_s for one in said if one.track == track) for track in ("agent", "caller")}
    for track, facts in turns.facts(RATE * 200).items():
        assert 0.0 <= facts.talk_share <= 1.0
        assert 0.0 <= facts.overlap_ratio <= 1.0
        assert facts.cut_offs <= facts.interruptions
        assert facts.longest_monologue_s <= 200
        assert facts.speech_s == pytest.approx(total[track], abs=0.01)
    for known_s, overlap in told:
        assert seconds(overlap.start, RATE) <= known_s
