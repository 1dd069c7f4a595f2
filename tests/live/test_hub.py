"""Fan-out: numbering, who is sent what, resuming, and what is told of what was dropped."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.events import AnyEvent, CallEnded, CallStarted, HeatChanged, SpeechStarted, Utterance, UtteranceScored, WordsPartial
from assistant.live import hub as hub_module
from assistant.live.board_view import BOARD_TYPES
from assistant.live.hub import Batch, Hub, Topic

FIRST = 1_000


def started(call_id: str = "c") -> AnyEvent:
    return CallStarted(
        call_id=call_id, tracks=["agent", "caller"], sample_rate_hz=8000, engine="vosk", model="m", classifier="k", policy="p"
    )


def heat(call_id: str = "c", value: float = 30.0) -> AnyEvent:
    return HeatChanged(call_id=call_id, heat=value, level="tense", trend=0.0)


def words(call_id: str = "c", text: str = "you are hopeless") -> AnyEvent:
    return Utterance(call_id=call_id, utterance_id="u1", track="caller", start_s=0.0, end_s=1.0, text=text, confidence=1.0)


def ended(call_id: str = "c") -> AnyEvent:
    return CallEnded(call_id=call_id, duration_s=1.0, why="stopped")


def filled(limit: int, count: int, call_id: str = "c") -> Topic:
    topic = Topic(limit)
    for wire_id in range(1, count + 1):
        topic.append(wire_id, call_id, b"%d" % wire_id)
    return topic


def read_all(topic: Topic, last_id: int = 0, limit: int = 256) -> tuple[list[int], int]:
    """The messages after `last_id` as numbers, and how many were said to be lost."""
    seen, lost = [], 0
    while (batch := topic.after(last_id, limit)) is not None:
        seen += [int(message) for message in batch.messages]
        lost += batch.dropped
        last_id = batch.last_id
    return seen, lost


def heard(batch: Batch | None) -> list[dict[str, Any]]:
    assert batch is not None
    return [json.loads(message) for message in batch.messages]


def test_a_viewer_reads_in_order_and_in_batches() -> None:
    topic = filled(limit=1000, count=600)
    batch = topic.after(0, 256)
    assert batch is not None
    assert (len(batch.messages), batch.last_id, batch.dropped) == (256, 256, 0)
    assert read_all(topic) == (list(range(1, 601)), 0)
    assert topic.after(600) is None


@given(cuts=st.lists(st.integers(1, 40), max_size=20), limit=st.integers(1, 60))
def test_reading_on_after_any_cuts_gives_all_once(cuts: list[int], limit: int) -> None:
    topic = filled(limit=1000, count=200)
    seen: list[int] = []
    for take in cuts:
        batch = topic.after(seen[-1] if seen else 0, limit)
        seen += [] if batch is None else [int(message) for message in batch.messages[:take]]
    rest, lost = read_all(topic, seen[-1] if seen else 0, limit)
    assert (seen + rest, lost) == (list(range(1, 201)), 0)


@given(limit=st.integers(10, 50), count=st.integers(1, 200), read_to=st.integers(1, 200), batch=st.integers(1, 60))
def test_what_a_slow_viewer_missed_is_counted_exactly(limit: int, count: int, read_to: int, batch: int) -> None:
    topic = filled(limit, count)
    assert len(topic.ids) <= limit
    read_to = min(read_to, count)
    seen, lost = read_all(topic, read_to, batch)
    held = [wire_id for wire_id in range(read_to + 1, count + 1) if wire_id in topic.ids]
    assert seen == held
    # What is remembered of the dropped is bounded, too: beyond that the count is at least so many.
    missed = count - read_to - len(held)
    assert lost == missed or (missed > lost >= topic.limit)


def test_a_viewer_that_had_read_all_is_told_of_no_gap() -> None:
    topic = filled(limit=20, count=20)
    assert read_all(topic, 5)[1] == 0
    topic.append(21, "c", b"21")
    assert read_all(topic, 20) == ([21], 0)


def test_a_gap_is_told_once() -> None:
    topic = filled(limit=20, count=40)
    first = topic.after(5, 4)
    assert first is not None
    assert first.dropped > 0
    second = topic.after(first.last_id, 4)
    assert second is not None
    assert second.dropped == 0


def test_calls_long_over_are_forgotten_with_no_gap_for_who_never_saw_them() -> None:
    topic = filled(limit=100, count=10, call_id="old")
    topic.append(11, "new", b"11")
    topic.forget_calls({"old"})
    batch = topic.after(0, fresh=True)
    assert batch is not None
    assert (batch.messages, batch.dropped) == ([b"11"], 0)


def test_who_saw_the_begin_of_a_forgotten_call_is_told_that_its_end_is_missing() -> None:
    topic = filled(limit=100, count=10, call_id="old")
    topic.forget_calls({"old"})
    batch = topic.after(4)
    assert batch is not None
    assert (batch.messages, batch.dropped) == ([], 6)
    assert topic.after(batch.last_id) is None
    assert topic.after(10) is None
    assert topic.after(4, fresh=True) is None


def test_what_was_forgotten_between_other_calls_is_counted_where_it_lay() -> None:
    topic = Topic(100)
    for wire_id in range(1, 11):
        topic.append(wire_id, "old" if wire_id % 2 else "new", b"%d" % wire_id)
    topic.forget_calls({"old"})
    for limit in (1, 2, 3, 100):
        assert read_all(topic, 4, limit) == ([6, 8, 10], 3)


def test_ids_grow_over_all_calls_and_the_message_carries_its_id() -> None:
    hub = Hub(FIRST)
    for call_id in ("a", "b"):
        hub.open_call(call_id, None)
    for call_id in ("a", "b", "a"):
        hub.publish(call_id, None, [heat(call_id), heat(call_id)])
    assert [event["id"] for event in heard(hub.board.after(0))] == list(range(FIRST, FIRST + 6))
    topic = hub.call("a")
    assert topic is not None
    assert [event["id"] for event in heard(topic.after(0))] == [FIRST, FIRST + 1, FIRST + 4, FIRST + 5]
    assert hub.call("none") is None


def test_an_event_goes_to_its_call_its_agent_and_the_board() -> None:
    hub = Hub(FIRST)
    hub.open_call("c", "anna")
    hub.publish("c", "anna", [started(), words(), heat(), ended()])
    call = hub.call("c")
    assert call is not None
    kinds = ["call_started", "utterance", "heat_changed", "call_ended"]
    assert [event["type"] for event in heard(call.after(0))] == kinds
    assert [event["type"] for event in heard(hub.agent("anna").after(0))] == kinds
    assert [event["type"] for event in heard(hub.board.after(0))] == ["call_started", "heat_changed", "call_ended"]
    assert hub.agent("bert").after(0) is None


def test_the_board_is_sent_no_kind_that_carries_a_transcript() -> None:
    for kind in (WordsPartial, Utterance, UtteranceScored, SpeechStarted):
        assert kind.__struct_config__.tag not in BOARD_TYPES


def test_a_viewer_without_a_past_begins_at_the_agents_current_call() -> None:
    hub = Hub(FIRST)
    for call_id in ("first", "second"):
        hub.open_call(call_id, "anna")
        hub.publish(call_id, "anna", [started(call_id), words(call_id), ended(call_id)])
    batch = hub.agent("anna").after(hub.agent_call_from("anna"), fresh=True)
    assert [event["call_id"] for event in heard(batch)] == ["second"] * 3
    assert hub.agent_call_from("nobody") == FIRST + 5


def test_the_hub_knows_the_ids_of_its_own_run() -> None:
    hub = Hub(FIRST)
    hub.open_call("c", None)
    hub.publish("c", None, [heat(), heat()])
    assert [hub.knows(wire_id) for wire_id in (5, FIRST - 2, FIRST - 1, FIRST + 1, FIRST + 2)] == [False, False, True, True, False]


def test_a_waiting_viewer_is_woken_and_others_need_not_have_read() -> None:
    async def scenario() -> None:
        hub = Hub(FIRST)
        hub.open_call("c", None)
        topic = hub.call("c")
        assert topic is not None
        waiting = [asyncio.create_task(topic.read(FIRST - 1)) for _ in range(3)]
        watched = asyncio.create_task(topic.watched())
        await watched
        assert not any(task.done() for task in waiting)
        hub.publish("c", None, [heat()])
        batches = await asyncio.wait_for(asyncio.gather(*waiting), 10)
        assert [len(heard(batch)) for batch in batches] == [1, 1, 1]

    asyncio.run(scenario())


def test_publishing_never_waits_for_a_viewer_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "CALL_LOG", 50)
    hub = Hub(FIRST)
    hub.open_call("c", None)
    topic = hub.call("c")
    assert topic is not None
    slow_at, quick_at, quick = FIRST, FIRST - 1, 0
    for _ in range(500):
        hub.publish("c", None, [heat()])
        batch = topic.after(quick_at)
        assert batch is not None
        assert batch.dropped == 0
        quick, quick_at = quick + len(batch.messages), batch.last_id
    assert quick == 500
    behind = topic.after(slow_at)
    assert behind is not None
    assert behind.dropped > 0
    assert len(topic.messages) <= 50


def test_the_viewers_of_a_call_are_let_go_after_its_last_event() -> None:
    async def scenario() -> None:
        hub = Hub(FIRST)
        hub.open_call("c", "anna")
        topic = hub.call("c")
        assert topic is not None
        hub.publish("c", "anna", [started(), ended()])
        hub.close_call("c")
        batch = await topic.read(FIRST - 1)
        assert len(heard(batch)) == 2
        assert await topic.read(FIRST + 1) is None
        board = asyncio.create_task(hub.board.read(FIRST + 1))
        await asyncio.wait({board}, timeout=0)
        assert not board.done()
        hub.close()
        assert await asyncio.wait_for(board, 10) is None

    asyncio.run(scenario())


def test_a_forgotten_call_is_gone() -> None:
    hub = Hub(FIRST)
    for call_id in ("a", "b"):
        hub.open_call(call_id, "anna")
        hub.publish(call_id, "anna", [started(call_id)])
        hub.close_call(call_id)
    hub.forget_calls({"a"})
    assert hub.call("a") is None
    assert [event["call_id"] for event in heard(hub.board.after(FIRST - 1, fresh=True))] == ["b"]
    assert [event["call_id"] for event in heard(hub.agent("anna").after(FIRST - 1, fresh=True))] == ["b"]


def test_how_a_call_began_outlives_a_log_that_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "CALL_LOG", 50)
    hub = Hub(FIRST)
    hub.open_call("c", "sam")
    hub.publish("c", "sam", [started(), *(words() for _ in range(500))])
    topic = hub.call("c")
    assert topic is not None
    batch = topic.after(0)
    assert heard(batch)[0]["type"] == "call_started"
    assert batch is not None
    assert batch.dropped >= 50
    hub.agent("sam").forget_calls({"c"})
    assert hub.agent("sam").after(0, fresh=True) is None


def test_an_agent_whom_nobody_views_any_longer_is_not_kept() -> None:
    hub = Hub(FIRST)
    topic = hub.agent("nobody")
    topic.readers += 1
    hub.leave("nobody")
    assert hub.agent("nobody") is topic
    topic.readers -= 1
    hub.leave("nobody")
    assert hub.agent("nobody") is not topic
