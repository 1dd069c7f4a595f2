"""Event streams over real websockets: who sees what, resuming, presses, and viewers that misbehave."""

import json
import random
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection

from assistant.config import Config
from assistant.engine import Models
from assistant.events import encode_lines
from assistant.live import hub as hub_module
from assistant.live.board_view import BOARD_TYPES
from assistant.signals.hostility import LABELS, Judgement, Text
from tests.support.server import WAIT_S, LiveServer, closing, cut, offline, received, until, wire_id, without_ids

Samples = npt.NDArray[np.int16]
MakeServer = Callable[..., LiveServer]
pytestmark = [pytest.mark.server, pytest.mark.model]

CALL_ENDED = b'"type":"call_ended"'


def press(**fields: Any) -> str:
    return json.dumps({"type": "press"} | fields)


def take(stream: ClientConnection, count: int) -> list[bytes]:
    """At most `count` messages, fewer where the stream ends."""
    taken = []
    for message in received(stream):
        taken.append(message)
        if len(taken) == count:
            break
    return taken


@pytest.fixture
def agent(call_id: str) -> str:
    """An agent of this test's own."""
    return call_id


def test_agent_and_call_are_sent_the_same_messages(server: LiveServer, scene: Samples, call_id: str, agent: str) -> None:
    with server.ws(f"/v1/agents/{agent}/events") as overlay:
        server.send_call(scene, call_id=call_id, agent=agent)
        messages = server.follow(f"/v1/calls/{call_id}/events")
        assert take(overlay, len(messages)) == messages


def test_ids_grow_and_seq_counts(server: LiveServer, scene: Samples, call_id: str) -> None:
    server.send_call(scene, call_id=call_id)
    events = [json.loads(message) for message in server.follow(f"/v1/calls/{call_id}/events")]
    ids = [event["id"] for event in events]
    assert ids == sorted(set(ids))
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_the_board_sees_every_call_and_never_words(server: LiveServer, scene: Samples, call_id: str) -> None:
    with server.ws("/v1/board/events") as board:
        server.send_call(scene, call_id=call_id)
        seen = [event for event in until(board, "call_ended", call_id=call_id) if event["call_id"] == call_id]
    assert {event["type"] for event in seen} <= BOARD_TYPES
    assert {"call_started", "heat_changed", "call_ended"} <= {event["type"] for event in seen}
    assert not any({"text", "words"} & event.keys() for event in seen)


def test_an_agents_name_may_hold_any_letters(server: LiveServer, call_id: str) -> None:
    with server.ws("/v1/agents/Zo%C3%AB%20O'Neil/events") as overlay:
        with server.peer() as peer:
            peer.start(call_id=call_id, agent="Zoë O'Neil")
            peer.stop()
        assert until(overlay, "call_started", call_id=call_id)[-1]["agent"] == "Zoë O'Neil"


def test_a_fresh_viewer_of_an_agent_sees_the_current_call_from_its_start(
    server: LiveServer, scene: Samples, call_id: str, agent: str
) -> None:
    server.send_call(scene[:8000], call_id=call_id + ".0", agent=agent)
    with server.peer() as peer:
        peer.start(call_id=call_id + ".1", agent=agent)
        peer.audio(scene)
        with server.ws(f"/v1/agents/{agent}/events") as overlay:
            peer.stop()
            messages = server.follow(f"/v1/calls/{call_id}.1/events")
            assert take(overlay, len(messages)) == messages


def test_a_stream_that_is_cut_anywhere_resumes_with_no_gap_and_no_double(
    server: LiveServer, models: Models, scene: Samples, call_id: str
) -> None:
    server.send_call(scene, call_id=call_id)
    whole = server.follow(f"/v1/calls/{call_id}/events")
    assert without_ids(whole) == encode_lines(offline(models, scene, call_id))
    for seed in range(8):
        chance = random.Random(seed)
        seen: list[bytes] = []
        while not (seen and CALL_ENDED in seen[-1]):
            with server.ws(f"/v1/calls/{call_id}/events?after={wire_id(seen[-1]) if seen else 0}") as viewer:
                seen += take(viewer, chance.randint(1, 20))
                cut(viewer)
        assert seen == whole


@pytest.mark.parametrize("seed", range(2))
def test_an_agents_live_stream_that_is_cut_resumes_with_no_gap_and_no_double(
    server: LiveServer, scene: Samples, call_id: str, agent: str, seed: int
) -> None:
    chance = random.Random(seed)
    seen: list[bytes] = []
    sending = threading.Thread(target=server.send_call, args=(scene,), kwargs={"call_id": call_id, "agent": agent})
    sending.start()
    while not (seen and CALL_ENDED in seen[-1]):
        with server.ws(f"/v1/agents/{agent}/events?after={wire_id(seen[-1]) if seen else 0}") as viewer:
            for _ in range(chance.randint(1, 9)):
                seen.append(bytes(viewer.recv(WAIT_S, decode=False)))
                if CALL_ENDED in seen[-1]:
                    break
            cut(viewer)
    sending.join(WAIT_S)
    assert seen == server.follow(f"/v1/calls/{call_id}/events")


def test_the_board_resumes_where_it_was(server: LiveServer, scene: Samples, call_id: str) -> None:
    with server.ws("/v1/board/events") as board:
        server.send_call(scene, call_id=call_id + ".0")
        last_id = until(board, "call_ended", call_id=call_id + ".0")[-1]["id"]
    server.send_call(scene[:8000], call_id=call_id + ".1")
    with server.ws(f"/v1/board/events?after={last_id}") as board:
        resumed = until(board, "call_ended", call_id=call_id + ".1")
    assert {event["call_id"] for event in resumed} == {call_id + ".1"}
    assert resumed[0]["type"] == "call_started"
    assert all(event["id"] > last_id for event in resumed)


@pytest.mark.parametrize("after", [7, 2**62])
def test_a_viewer_of_another_run_is_told_that_its_past_is_unknown(
    server: LiveServer, scene: Samples, call_id: str, agent: str, after: int
) -> None:
    server.send_call(scene[:8000], call_id=call_id, agent=agent)
    messages = server.follow(f"/v1/calls/{call_id}/events")
    for path in (f"/v1/agents/{agent}/events", f"/v1/calls/{call_id}/events"):
        with server.ws(f"{path}?after={after}") as viewer:
            gap = json.loads(viewer.recv(WAIT_S))
            assert (gap["type"], gap["dropped"]) == ("resume_gap", None)
            assert take(viewer, len(messages)) == messages
        # Whoever is cut off right after it loses nothing either.
        with server.ws(f"{path}?after={gap['id']}") as viewer:
            assert take(viewer, len(messages)) == messages
    with server.ws(f"/v1/board/events?after={after}") as board:
        assert json.loads(board.recv(WAIT_S))["type"] == "resume_gap"


def test_a_viewer_that_the_log_has_moved_past_is_told_how_many_it_missed(
    make_server_with: MakeServer, models: Models, scene: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "CALL_LOG", round(0.6 * len(offline(models, scene, "c"))))
    server = make_server_with()
    call_id = server.send_call(scene, agent="anna")
    whole = take_until_ended(server, "/v1/agents/anna/events")
    missed = 0
    for past in (1, 5, 10):
        gap, *rest = server.follow(f"/v1/calls/{call_id}/events?after={wire_id(whole[past - 1])}")
        told = json.loads(gap)
        assert (told["type"], told["dropped"]) == ("resume_gap", len(whole) - past - len(rest))
        assert told["id"] < wire_id(rest[0])
        assert rest == whole[-len(rest) :]
        missed += told["dropped"]
    gap, first, *rest = server.follow(f"/v1/calls/{call_id}/events")
    # How the call began is kept, whatever else the log has lost.
    assert first == whole[0]
    told = json.loads(gap)
    assert told["dropped"] == len(whole) - 1 - len(rest)
    missed += told["dropped"]
    assert f"calmline_viewer_missed_events_total {float(missed)}" in server.get("/metrics").text


def take_until_ended(server: LiveServer, path: str) -> list[bytes]:
    messages: list[bytes] = []
    with server.ws(path) as viewer:
        while not (messages and CALL_ENDED in messages[-1]):
            messages.append(bytes(viewer.recv(WAIT_S, decode=False)))
    return messages


def test_a_viewer_that_does_not_read_delays_nobody_and_loses_nothing(server: LiveServer, scene: Samples, call_id: str, agent: str) -> None:
    # Whether its buffers fill up depends on the kernel; the hub's own tests hold the case in which they do.
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    small.connect(("127.0.0.1", server.port))
    with (
        server.ws(f"/v1/agents/{agent}/events", sock=small, max_queue=1) as slow,
        server.ws(f"/v1/agents/{agent}/events") as quick,
    ):
        server.send_call(np.concatenate([scene] * 2), call_id=call_id, agent=agent)
        messages = server.follow(f"/v1/calls/{call_id}/events")
        assert take(quick, len(messages)) == messages
        assert take(slow, len(messages)) == messages


def test_a_viewer_that_vanishes_is_forgotten(make_server_with: MakeServer, scene: Samples) -> None:
    server = make_server_with()
    gauge = 'calmline_viewers{kind="board"}'
    with server.ws("/v1/board/events") as board:
        server.send_call(scene[:8000])
        until(board, "call_ended")
        assert f"{gauge} 1.0" in server.get("/metrics").text
        cut(board)
    while f"{gauge} 0.0" not in server.get("/metrics").text:
        pass


def test_a_call_that_is_not_known_has_no_stream(server: LiveServer) -> None:
    with pytest.raises(InvalidStatus) as refused, server.ws("/v1/calls/never/events"):
        pass
    assert refused.value.response.status_code == 403


def test_a_place_that_is_no_number_is_refused(server: LiveServer) -> None:
    with pytest.raises(InvalidStatus), server.ws("/v1/board/events?after=yesterday"):
        pass


# Presses.


def test_a_press_on_the_agents_stream_reaches_the_call(server: LiveServer, call_id: str, agent: str) -> None:
    with server.ws(f"/v1/agents/{agent}/events") as overlay, server.peer() as peer:
        peer.start(call_id=call_id, agent=agent)
        overlay.send(press(call_id=call_id, action="warning_given"))
        assert until(overlay, "warning_given")[-1]["how"] == "pressed"
        peer.stop()
    assert b'"type":"warning_given"' in b"".join(server.follow(f"/v1/calls/{call_id}/events"))


@pytest.mark.parametrize("action", ["not_helpful", "done"])
def test_a_card_is_cleared_for_the_reason_that_was_pressed(
    server: LiveServer, scene: Samples, call_id: str, agent: str, action: str
) -> None:
    with server.ws(f"/v1/agents/{agent}/events") as overlay, server.peer() as peer:
        peer.start(call_id=call_id, agent=agent)
        peer.audio(scene)
        peer.audio(np.zeros((16000, 2), np.int16))
        card_id = until(overlay, "card_shown", card="ladder.note")[-1]["card_id"]
        overlay.send(press(call_id=call_id, action=action, card_id=card_id))
        assert until(overlay, "card_cleared", card_id=card_id)[-1]["why"] == action
        peer.stop()


def test_unlocking_what_is_not_locked_and_unknown_cards_change_nothing(
    server: LiveServer, models: Models, scene: Samples, call_id: str, agent: str
) -> None:
    with server.ws(f"/v1/agents/{agent}/events") as overlay, server.peer() as peer:
        peer.start(call_id=call_id, agent=agent)
        until(overlay, "call_started")
        overlay.send(press(call_id=call_id, action="unlock"))
        overlay.send(press(call_id=call_id, action="done", card_id="no such card"))
        overlay.send(press(call_id=call_id, action="not_helpful"))
        overlay.send(press(call_id="no such call", action="done"))
        # A ping is answered once what was sent before it was read.
        assert overlay.ping().wait(WAIT_S)
        peer.audio(scene)
        peer.stop()
    events = [json.loads(message) for message in server.follow(f"/v1/calls/{call_id}/events")]
    assert [event["action"] for event in events if event["type"] == "pressed"] == ["unlock", "done", "not_helpful"]
    plain = [json.loads(line) for line in encode_lines(offline(models, scene, call_id, agent=agent)).splitlines()]
    assert [unnumbered(event) for event in events if event["type"] != "pressed"] == [unnumbered(event) for event in plain]


def unnumbered(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what a press in between moves on. A live call knows when its promises are due."""
    numbered = {"id", "seq", "due", "reasons", "card_id"}
    return {key: value for key, value in event.items() if key not in numbered}


def test_a_press_for_another_agents_call_is_passed_over(server: LiveServer, scene: Samples, call_id: str, agent: str) -> None:
    with (
        server.ws(f"/v1/agents/{agent}/events") as own,
        server.ws(f"/v1/agents/{agent}.other/events") as other,
        server.peer() as peer,
    ):
        peer.start(call_id=call_id, agent=agent)
        other.send(press(call_id=call_id, action="warning_given"))
        # The stream stays open, and what was sent before the ping was read.
        assert other.ping().wait(WAIT_S)
        peer.audio(scene[:8000])
        peer.stop()
        assert not any(event["type"] == "warning_given" for event in until(own, "call_ended"))


def test_a_press_after_the_end_of_the_call_changes_nothing(server: LiveServer, call_id: str, agent: str) -> None:
    with server.ws(f"/v1/agents/{agent}/events") as overlay:
        with server.peer() as peer:
            peer.start(call_id=call_id, agent=agent)
            peer.stop()
        before = server.follow(f"/v1/calls/{call_id}/events")
        overlay.send(press(call_id=call_id, action="warning_given"))
        assert overlay.ping().wait(WAIT_S)
    assert server.follow(f"/v1/calls/{call_id}/events") == before


@pytest.mark.parametrize(
    "nonsense",
    [
        "hello",
        "{}",
        "[]",
        b"\x00\x01",
        '{"type":"press"}',
        press(call_id="c", action="hang_up"),
        press(call_id="c", action="done", extra=1),
        press(call_id=7, action="done"),
        '{"type":"press","call_id":"c","action":"done","card_id":' + "[" * 200_000,
        '{"type":"start","tracks":["agent"],"encoding":"l16","sample_rate_hz":8000}',
    ],
)
def test_nonsense_on_a_stream_closes_it_with_what_is_understood(server: LiveServer, agent: str, nonsense: str | bytes) -> None:
    with server.ws(f"/v1/agents/{agent[:20]}/events") as overlay:
        overlay.send(nonsense)
        code, reason = closing(overlay)
    assert code == 1008
    assert '"type":"press"' in reason


# Whatever is said is an insult, and a supervisor must agree even to the first step.


class Severe:
    """Judges everything to be an insult."""

    name = "severe"

    def judge(self, texts: Sequence[Text]) -> list[Judgement]:
        p = dict.fromkeys(LABELS, 0.01) | {"insult": 0.99}
        return [Judgement(p, 3, "person", 0.99, True, None) for _ in texts]


@pytest.fixture
def strict(make_server_with: MakeServer, models: Models, tmp_path: Path) -> LiveServer:
    path = tmp_path / "strict.toml"
    path.write_text('version = "strict"\n[ladder.insult.approvers]\nnote = "supervisor"\nwarning = "supervisor"\n', "utf-8")
    severe = replace(models, words=replace(models.words, classifier=Severe()))
    return make_server_with(use=severe, config=msgspec.structs.replace(Config(), policy=str(path)))


@pytest.fixture
def waiting(strict: LiveServer, scene: Samples) -> Iterator[tuple[LiveServer, ClientConnection]]:
    """A live call `hot` of anna in which a step waits for a supervisor, and anna's stream from there on."""
    with strict.ws("/v1/agents/anna/events") as overlay, strict.peer() as peer:
        peer.start(call_id="hot", agent="anna")
        peer.audio(scene)
        moved = until(overlay, "ladder_moved")[-1]
        assert (moved["step"], moved["approver"], moved["policy"]) == ("note", "supervisor", "strict")
        yield strict, overlay
        peer.stop()


def line_of(server: LiveServer, call_id: str) -> dict[str, Any]:
    (line,) = [call for call in server.json("/v1/calls")["calls"] if call["call_id"] == call_id]
    return line  # type: ignore[no-any-return]


@pytest.mark.parametrize("path", ["/v1/board/events", "/v1/calls/hot/events"])
def test_a_supervisor_approves_a_step_that_waits(waiting: tuple[LiveServer, ClientConnection], path: str) -> None:
    server, overlay = waiting
    assert line_of(server, "hot")["waiting_approval"] == "note"
    with server.ws(path) as viewer:
        until(viewer, "ladder_moved", approver="supervisor")
        viewer.send(press(call_id="hot", action="approve"))
        assert until(viewer, "step_approved")[-1]["step"] == "note"
    seen = until(overlay, "step_approved")
    assert not [event for event in seen if event["type"] == "card_shown" and event["card"].startswith("ladder.")]
    assert line_of(server, "hot")["waiting_approval"] is None


def test_an_agent_cannot_approve_and_is_told_who_can(waiting: tuple[LiveServer, ClientConnection]) -> None:
    server, overlay = waiting
    overlay.send(press(call_id="hot", action="approve"))
    refused = until(overlay, "press_refused")[-1]
    assert (refused["call_id"], refused["action"], "id" in refused) == ("hot", "approve", False)
    assert "supervisor" in refused["why"]
    assert line_of(server, "hot")["waiting_approval"] == "note"


@pytest.mark.parametrize("action", ["done", "not_helpful", "warning_given", "unlock", "mute", "unmute"])
def test_supervisors_press_nothing_in_an_agents_place(server: LiveServer, call_id: str, action: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        for path in ("/v1/board/events", f"/v1/calls/{call_id}/events"):
            with server.ws(path) as viewer:
                viewer.send(press(call_id=call_id, action=action))
                assert "agent" in until(viewer, "press_refused", action=action)[-1]["why"]
        peer.stop()
    assert b'"type":"pressed"' not in b"".join(server.follow(f"/v1/calls/{call_id}/events"))


def test_what_cannot_be_approved_is_refused_and_the_stream_goes_on(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer, server.peer() as other:
        peer.start(call_id=call_id)
        other.start(call_id=call_id + ".x")
        with server.ws("/v1/board/events") as board, server.ws(f"/v1/calls/{call_id}/events") as viewer:
            for stream, wanted, why in (
                (board, "never", "No such call"),
                (board, call_id, "No step"),
                (viewer, call_id, "No step"),
                (viewer, call_id + ".x", "No such call"),
            ):
                stream.send(press(call_id=wanted, action="approve"))
                assert why in until(stream, "press_refused", call_id=wanted)[-1]["why"]
        peer.stop()
        other.stop()


def test_muting_is_told_and_no_card_comes_until_unmuted(strict: LiveServer, scene: Samples) -> None:
    with strict.ws("/v1/agents/anna/events") as overlay, strict.peer() as peer:
        peer.start(call_id="quiet", agent="anna")
        overlay.send(press(call_id="quiet", action="mute"))
        assert until(overlay, "pressed")[-1]["action"] == "mute"
        peer.audio(scene)
        seen = until(overlay, "ladder_moved")
        overlay.send(press(call_id="quiet", action="unmute"))
        seen += until(overlay, "pressed", action="unmute")
        peer.stop()
    assert not [event for event in seen if event["type"] == "card_shown"]


# Who may connect.

PATHS = ["/v1/ingest", "/v1/board/events", "/v1/agents/anna/events"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example", "http://[", ""])
def test_pages_of_other_sites_are_refused(server: LiveServer, path: str, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused, server.ws(path, additional_headers={"Origin": origin}):
        pass
    assert refused.value.response.status_code == 403


def test_a_call_s_stream_refuses_other_sites(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.stop()
    path = f"/v1/calls/{call_id}/events"
    with pytest.raises(InvalidStatus), server.ws(path, additional_headers={"Origin": "https://evil.example"}):
        pass


@pytest.mark.parametrize("path", PATHS)
def test_our_own_pages_are_let_in(server: LiveServer, path: str) -> None:
    with server.ws(path, additional_headers={"Origin": f"http://127.0.0.1:{server.port}"}) as stream:
        assert stream.response is not None
        assert stream.response.status_code == 101


@pytest.mark.parametrize("path", PATHS)
def test_a_websocket_under_an_unknown_host_name_is_refused(server: LiveServer, path: str) -> None:
    # As a page of a site whose name was made to point here would ask.
    address = f"ws://rebound.example:{server.port}{path}"
    from websockets.sync.client import connect

    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as raw:
        options: dict[str, Any] = {"sock": raw, "proxy": None, "origin": f"http://rebound.example:{server.port}"}
        with pytest.raises(InvalidStatus) as refused, connect(address, **options):
            pass
    assert refused.value.response.status_code == 403
