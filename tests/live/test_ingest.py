"""The ingest over a real websocket: the contract, and what becomes of peers that break it."""

import json
import random
import re
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import soxr
from websockets.exceptions import ConnectionClosed, InvalidStatus

from assistant.config import Config, ModelSettings
from assistant.engine import Models
from assistant.errors import EngineFailed, PeerProtocolError
from assistant.events import AnyEvent, CallEnded, CallStarted, StageDegraded, decode, encode_lines
from assistant.live import live_call
from assistant.live.ingest.plain import MAX_MESSAGE_BYTES, Start, Stop, parse
from assistant.speech.asr import Hearing, RecogniserStream
from assistant.timebase import Track
from tests.support.server import WAIT_S, LiveServer, Peer, offline, pieces, received, served, start_message, until, without_ids

Samples = npt.NDArray[np.int16]
MakeServer = Callable[..., LiveServer]


def told(server: LiveServer, call_id: str) -> list[AnyEvent]:
    """All events of a call that is over, or will be."""
    return [decode(message) for message in server.follow(f"/v1/calls/{call_id}/events")]


# What is said: no server needed.


def test_start_is_read_with_and_without_its_optional_fields() -> None:
    plain = parse('{"type":"start","tracks":["agent","caller"],"encoding":"pcmu","sample_rate_hz":8000}')
    assert plain == Start(tracks=["agent", "caller"], encoding="pcmu", sample_rate_hz=8000)
    full = parse(start_message(agent="anna", caller_number="+44 20 7946 0000", call_id="c-1", metadata={"queue": ["a", 1]}))
    assert isinstance(full, Start)
    assert (full.agent, full.caller_number, full.call_id, full.metadata) == ("anna", "+44 20 7946 0000", "c-1", {"queue": ["a", 1]})
    assert parse('{"type":"stop"}') == Stop()


def test_fields_of_a_later_version_are_passed_over() -> None:
    assert parse('{"type":"stop","because":"bye"}') == Stop()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1007),
        ("hello", 1007),
        ('{"type":"start"', 1007),
        ('{"type":"stop","metadata":"\\ud800"}', 1007),
        ('{"type":"start","metadata":{"a":' + "[" * 200_000, 1007),
        ("[]", 1008),
        ("null", 1008),
        ("{}", 1008),
        ('{"type":"begin"}', 1008),
    ],
)
def test_text_that_is_no_message_is_refused(text: str, code: int) -> None:
    with pytest.raises(PeerProtocolError) as refused:
        parse(text)
    assert refused.value.code == code


# The contract.


@pytest.mark.server
@pytest.mark.model
@pytest.mark.parametrize(
    ("encoding", "rate_hz"),
    [("l16", 8000), ("pcmu", 8000), ("pcma", 8000), ("l16", 16000), ("pcmu", 16000), ("l16", 44100), ("pcma", 11025)],
)
def test_a_call_in_any_accepted_form_is_heard_as_offline(
    server: LiveServer, models: Models, scene: Samples, encoding: str, rate_hz: int, call_id: str
) -> None:
    sent = scene if rate_hz == 8000 else soxr.resample(scene, 8000, rate_hz)
    with server.peer() as peer:
        assert peer.start(encoding=encoding, sample_rate_hz=rate_hz, call_id=call_id) == call_id
        for piece in pieces(sent, 1117):
            peer.audio(piece)
        peer.stop()
    expected = offline(models, sent, call_id, rate_hz=rate_hz, encoding=encoding)  # type: ignore[arg-type]
    assert without_ids(server.follow(f"/v1/calls/{call_id}/events")) == encode_lines(expected)
    assert any(event.__struct_config__.tag == "utterance" for event in expected), "the scene has words"


@pytest.mark.server
@pytest.mark.model
def test_a_call_without_an_id_is_given_one(server: LiveServer) -> None:
    with server.peer() as first, server.peer() as second:
        ids = {first.start(), second.start()}
        assert len(ids) == 2
        assert all(re.fullmatch("[0-9a-f]{32}", call_id) for call_id in ids)
        first.stop()
        second.stop()


@pytest.mark.server
@pytest.mark.model
def test_optional_fields_are_taken_and_only_the_agent_is_told(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id, agent="Zoë O'Neil", caller_number="+15550100", metadata={"queue": "billing", "tags": [1, None]})
        peer.stop()
    messages = server.follow(f"/v1/calls/{call_id}/events")
    started = decode(messages[0])
    assert isinstance(started, CallStarted)
    assert started.agent == "Zoë O'Neil"
    assert b"+15550100" not in b"".join(messages)


@pytest.mark.server
@pytest.mark.model
def test_a_call_of_no_audio_starts_and_ends(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.data(b"")
        peer.stop()
    first, *_, last = told(server, call_id)
    assert isinstance(first, CallStarted)
    assert isinstance(last, CallEnded)
    assert (last.why, last.duration_s) == ("stopped", 0.0)


@pytest.mark.server
@pytest.mark.model
def test_a_third_party_is_heard_on_a_track_of_its_own(server: LiveServer, models: Models, scene: Samples, call_id: str) -> None:
    three = np.column_stack((scene[:, 0], np.zeros(len(scene), np.int16), scene[:, 1]))
    tracks: tuple[Track, ...] = ("agent", "caller", "third_party")
    server.send_call(three, call_id=call_id, tracks=list(tracks))
    lines = without_ids(server.follow(f"/v1/calls/{call_id}/events"))
    assert lines == encode_lines(offline(models, three, call_id, tracks=tracks))
    assert {said["track"] for said in server.json(f"/v1/calls/{call_id}")["utterances"]} == {"agent", "third_party"}


@pytest.mark.server
@pytest.mark.model
def test_mono_audio_is_taken_and_says_that_interruptions_are_withheld(server: LiveServer, scene: Samples, call_id: str) -> None:
    server.send_call(scene.astype(np.int32).sum(1, keepdims=True).clip(-32768, 32767).astype(np.int16), call_id=call_id, tracks=["mixed"])
    events = told(server, call_id)
    assert isinstance(events[0], CallStarted)
    assert any("interruptions are withheld" in notice for notice in events[0].notices)
    assert not any(event.__struct_config__.tag == "interruption" for event in events)
    assert any(event.__struct_config__.tag == "utterance" for event in events)


@pytest.mark.server
@pytest.mark.model
def test_a_call_is_stopped_only_when_all_of_it_is_scored(server: LiveServer, scene: Samples, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.audio(scene)
        peer.say('{"type":"stop"}')
        assert json.loads(peer.connection.recv(WAIT_S)) == {"type": "stopped"}
        assert server.json(f"/v1/calls/{call_id}/events")["events"][-1]["type"] == "call_ended"
        assert peer.closing() == (1000, "")


# Peers that break it: each case breaks the protocol on a connection of its own.


def before_start(text: str | bytes) -> Callable[[Peer], None]:
    def breaks(peer: Peer) -> None:
        peer.connection.send(text)

    return breaks


def after_start(message: str | bytes, **fields: object) -> Callable[[Peer], None]:
    def breaks(peer: Peer) -> None:
        peer.start(**fields)
        peer.connection.send(message)

    return breaks


BREACHES: dict[str, tuple[Callable[[Peer], None], int, str]] = {
    "not JSON": (before_start("hello there"), 1007, "not JSON"),
    "JSON without end": (before_start('{"type":"start"'), 1007, "not JSON"),
    "JSON nested without end": (before_start('{"type":"start","metadata":{"a":' + "[" * 200_000), 1007, "not JSON"),
    "a list": (before_start("[1,2]"), 1008, "Expected `object`"),
    "no type": (before_start('{"tracks":["agent"]}'), 1008, "type"),
    "unknown type": (before_start('{"type":"resume"}'), 1008, "$.type"),
    "field missing": (before_start(start_message(encoding=None)), 1008, "encoding"),
    "tracks of a wrong type": (before_start(start_message(tracks="agent")), 1008, "$.tracks"),
    "unknown track": (before_start(start_message(tracks=["agent", "dog"])), 1008, "$.tracks[1]"),
    "duplicate track": (before_start(start_message(tracks=["agent", "agent"])), 1003, "tracks"),
    "no tracks": (before_start(start_message(tracks=[])), 1003, "tracks"),
    "mixed and another": (before_start(start_message(tracks=["mixed", "caller"])), 1003, "tracks"),
    "unknown encoding": (before_start(start_message(encoding="opus")), 1008, "$.encoding"),
    "unknown rate": (before_start(start_message(sample_rate_hz=7999)), 1003, "7999 Hz"),
    "rate of nought": (before_start(start_message(sample_rate_hz=0)), 1003, "0 Hz"),
    "rate as text": (before_start(start_message(sample_rate_hz="8000")), 1008, "$.sample_rate_hz"),
    "empty call id": (before_start(start_message(call_id="")), 1008, "call_id"),
    "call id with a path": (before_start(start_message(call_id="../etc")), 1008, "call_id"),
    "call id too long": (before_start(start_message(call_id="x" * 65)), 1008, "call_id"),
    "agent with a slash": (before_start(start_message(agent="a/b")), 1008, "agent"),
    "agent too long": (before_start(start_message(agent="x" * 65)), 1008, "agent"),
    "agent half a character": (before_start('{"type":"start","agent":"\\ud800"}'), 1007, "not JSON"),
    "metadata of a wrong type": (before_start(start_message(metadata=[1])), 1008, "$.metadata"),
    "audio first": (before_start(bytes(320)), 1002, "first message"),
    "stop first": (before_start('{"type":"stop"}'), 1002, "first message"),
    "second start": (after_start(start_message()), 1002, "started already"),
    "not JSON in a call": (after_start("bye"), 1007, "not JSON"),
    "half a sample": (after_start(bytes(5)), 1007, "multiples of 4"),
    "one track short": (after_start(bytes(3), encoding="pcmu"), 1007, "multiples of 2"),
    "too big": (after_start(bytes(MAX_MESSAGE_BYTES + 4)), 1009, "too big"),
    "far too big": (after_start(bytes(3 * MAX_MESSAGE_BYTES)), 1009, "too big"),
    "text too big": (after_start("x" * (MAX_MESSAGE_BYTES + 1)), 1009, "too big"),
}


@pytest.mark.server
@pytest.mark.model
@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_answered_with_code_and_reason(server: LiveServer, breach: str) -> None:
    breaks, code, words = BREACHES[breach]
    with server.peer() as peer:
        breaks(peer)
        answered, reason = peer.closing()
    assert answered == code
    assert words in reason
    assert len(reason.encode()) <= 123


@pytest.mark.server
@pytest.mark.model
def test_bad_peers_leave_another_call_byte_for_byte_as_it_is(server: LiveServer, models: Models, scene: Samples, call_id: str) -> None:
    undisturbed = encode_lines(offline(models, scene, call_id))
    steps = iter(np.array_split(scene, len(BREACHES) + 2))
    noise = random.Random(1).randbytes(64_000)
    with server.peer() as good:
        good.start(call_id=call_id)
        for breaks, _, _ in BREACHES.values():
            good.audio(next(steps))
            with server.peer() as bad:
                breaks(bad)
                bad.closing()
        with server.peer() as bad:
            bad.start(encoding="pcmu")
            bad.data(noise)
            good.audio(next(steps))
            bad.vanish()
        for rest in steps:
            good.audio(rest)
        good.stop()
    assert without_ids(server.follow(f"/v1/calls/{call_id}/events")) == undisturbed


@pytest.mark.server
@pytest.mark.model
@pytest.mark.parametrize("encoding", ["l16", "pcmu", "pcma"])
def test_noise_for_audio_is_worked_off_like_any_call(server: LiveServer, encoding: str, call_id: str) -> None:
    noise = random.Random(2).randbytes(96_000)
    with server.peer() as peer:
        peer.start(encoding=encoding, call_id=call_id)
        for begin in range(0, len(noise), 3200):
            peer.data(noise[begin : begin + 3200])
        peer.stop()
    last = told(server, call_id)[-1]
    assert isinstance(last, CallEnded)
    assert last.why == "stopped"
    assert last.duration_s == len(noise) / (4 if encoding == "l16" else 2) / 8000


@pytest.mark.server
@pytest.mark.model
def test_a_peer_that_vanishes_ends_its_call_which_stays_readable(server: LiveServer, scene: Samples, call_id: str) -> None:
    with server.peer() as peer, server.ws(f"/v1/agents/{call_id}/events") as overlay:
        peer.start(call_id=call_id, agent=call_id)
        peer.audio(scene[:16000])
        peer.vanish()
        ended = until(overlay, "call_ended")[-1]
    assert ended["why"] == "connection lost"
    assert ended["duration_s"] == 2.0
    assert [call["live"] for call in server.json("/v1/calls")["calls"] if call["call_id"] == call_id] == [False]
    assert server.json(f"/v1/calls/{call_id}")["call"]["ended"] == "connection lost"


@pytest.mark.server
@pytest.mark.model
def test_a_peer_that_vanishes_after_its_stop_has_its_call_worked_off(
    server: LiveServer, scene: Samples, call_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.audio(scene)
        peer.say('{"type":"stop"}')
        peer.vanish()
    assert without_ids(server.follow(f"/v1/calls/{call_id}/events")).endswith(b'"why":"stopped"}\n')
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


@pytest.mark.server
@pytest.mark.model
def test_a_close_without_a_stop_is_a_lost_connection(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.connection.close()
    last = told(server, call_id)[-1]
    assert isinstance(last, CallEnded)
    assert last.why == "connection lost"


@pytest.mark.server
@pytest.mark.model
def test_a_breach_ends_the_call_for_its_viewers(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.data(b"123")
        assert peer.closing()[0] == 1007
    last = told(server, call_id)[-1]
    assert isinstance(last, CallEnded)
    assert last.why == "closed for cause"


@pytest.mark.server
@pytest.mark.model
def test_an_id_that_is_taken_is_refused_while_live_and_after(server: LiveServer, call_id: str) -> None:
    with server.peer() as first:
        first.start(call_id=call_id)
        for _ in range(2):
            with server.peer() as second:
                second.say(start_message(call_id=call_id))
                code, reason = second.closing()
            assert (code, call_id in reason) == (1008, True)
        first.stop()
    with server.peer() as third:
        third.say(start_message(call_id=call_id))
        assert third.closing()[0] == 1008


@pytest.mark.server
@pytest.mark.model
def test_calls_beyond_the_limit_are_told_to_try_again_later(make_server_with: MakeServer) -> None:
    server = make_server_with(max_calls=1)
    with server.peer() as first:
        first.start()
        with server.peer() as second:
            second.say(start_message())
            code, reason = second.closing()
        assert (code, "try again later" in reason) == (1013, True)
        first.stop()
    with server.peer() as third:
        third.start()
        third.stop()


@pytest.mark.server
@pytest.mark.model
def test_a_peer_that_says_nothing_is_closed_and_its_call_ended(make_server_with: MakeServer) -> None:
    server = make_server_with(idle_s=0.2)
    with server.peer() as silent:
        code, reason = silent.closing()
    assert (code, "nothing came for 0.2 s" in reason) == (1008, True)
    with server.peer() as fallen_silent:
        call_id = fallen_silent.start()
        assert fallen_silent.closing() == (code, reason)
    last = told(server, call_id)[-1]
    assert isinstance(last, CallEnded)
    assert last.why == "closed for cause"


@pytest.mark.server
@pytest.mark.model
def test_an_ended_call_is_kept_for_as_long_as_is_set(make_server_with: MakeServer, call_id: str) -> None:
    server = make_server_with(keep_ended_s=0)
    for _ in range(2):
        with server.peer() as peer:
            peer.start(call_id=call_id)
            peer.stop()
    assert server.json("/v1/calls") == {"calls": []}
    assert server.get(f"/v1/calls/{call_id}").status_code == 404
    with pytest.raises(InvalidStatus), server.ws(f"/v1/calls/{call_id}/events"):
        pass


@pytest.mark.server
@pytest.mark.model
def test_before_the_models_are_loaded_peers_are_told_to_come_back(models: Models) -> None:
    loaded = threading.Event()

    def loader(_: ModelSettings) -> Models:
        assert loaded.wait(WAIT_S)
        return models

    with served(loader, until_ready=False) as server:
        try:
            assert server.get("/healthz").status_code == 200
            waiting = server.get("/readyz")
            assert (waiting.status_code, waiting.json()["status"]) == (503, "loading")
            assert server.json("/v1/calls") == {"calls": []}
            with server.peer() as early:
                code, reason = early.closing()
            assert (code, "still loading" in reason) == (1013, True)
        finally:
            loaded.set()
        while server.get("/readyz").status_code != 200:
            pass
        with server.peer() as peer:
            peer.start()
            peer.stop()


@pytest.mark.server
def test_a_server_whose_models_are_missing_says_which() -> None:
    from assistant.engine import load_models

    missing = Config(models=ModelSettings(recogniser="./no/such/model"))
    with served(load_models, until_ready=False, config=missing) as server:
        while (answer := server.get("/readyz")).json()["status"] == "loading":
            pass
        assert answer.status_code == 503
        assert "no/such/model" in answer.json()["why"]
        with server.peer() as peer:
            assert peer.closing()[0] == 1013


# What the shell does with an engine: a recogniser that watches, waits or breaks, in place of Vosk.


class Watched:
    """A recogniser that runs `on_audio` for each chunk, then hears nothing."""

    name = "watched"
    sample_rate_hz = 8000
    limits = ""

    def __init__(self, on_audio: Callable[[], None]) -> None:
        self._on_audio = on_audio

    def stream(self, sample_rate_hz: int) -> RecogniserStream:
        return self

    def accept(self, samples: Samples) -> Hearing | None:
        self._on_audio()
        return None

    def finish(self) -> Hearing:
        return Hearing(())


@pytest.mark.server
@pytest.mark.model
def test_recognition_runs_on_pool_threads_only(make_server_with: MakeServer, models: Models, scene: Samples) -> None:
    threads: set[str] = set()
    server = make_server_with(use=replace(models, recogniser=Watched(lambda: threads.add(threading.current_thread().name))))
    server.send_call(scene)
    assert threads
    assert all(name.startswith("calmline-engine") for name in threads)


@pytest.mark.server
@pytest.mark.model
def test_the_server_answers_while_recognition_is_stuck(make_server_with: MakeServer, models: Models, scene: Samples) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    def on_audio() -> None:
        stuck.set()
        assert go_on.wait(WAIT_S)

    server = make_server_with(use=replace(models, recogniser=Watched(on_audio)))
    try:
        with server.peer() as peer:
            call_id = peer.start()
            peer.audio(scene)
            assert stuck.wait(WAIT_S)
            assert server.get("/healthz").status_code == 200
            assert server.json("/v1/calls")["calls"][0]["live"]
            with server.ws(f"/v1/calls/{call_id}/events") as viewer:
                assert json.loads(viewer.recv(WAIT_S))["type"] == "call_started"
            go_on.set()
            peer.stop()
    finally:
        go_on.set()


@pytest.mark.server
@pytest.mark.model
def test_a_sender_is_held_back_while_its_inbox_is_full(make_server_with: MakeServer, models: Models, scene: Samples) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    def on_audio() -> None:
        stuck.set()
        assert go_on.wait(WAIT_S)

    server = make_server_with(use=replace(models, recogniser=Watched(on_audio)))
    audio = np.concatenate([scene] * 12)
    try:
        with server.peer() as peer:
            peer.start()
            sending = threading.Thread(target=lambda: [*map(peer.audio, pieces(audio, 8000))])
            sending.start()
            assert stuck.wait(WAIT_S)
            go_on.set()
            sending.join(WAIT_S)
            assert not sending.is_alive()
            peer.stop()
    finally:
        go_on.set()
    # Nothing was dropped: the call is as long as what was sent.
    (call,) = server.json("/v1/calls")["calls"]
    assert call["duration_s"] == len(audio) / 8000


@pytest.mark.server
@pytest.mark.model
def test_a_flood_of_presses_is_bounded(make_server_with: MakeServer, models: Models, scene: Samples) -> None:
    stuck, go_on = threading.Event(), threading.Event()

    def on_audio() -> None:
        stuck.set()
        assert go_on.wait(WAIT_S)

    server = make_server_with(use=replace(models, recogniser=Watched(on_audio)))
    try:
        with server.peer() as peer, server.ws("/v1/agents/anna/events") as overlay:
            call_id = peer.start(agent="anna")
            peer.audio(scene)
            assert stuck.wait(WAIT_S)
            for _ in range(3 * live_call.PRESSES):
                overlay.send(json.dumps({"type": "press", "call_id": call_id, "action": "warning_given"}))
            # A ping is answered once what was sent before it was read.
            assert overlay.ping().wait(WAIT_S)
            go_on.set()
            peer.stop()
    finally:
        go_on.set()
    assert [event.__struct_config__.tag for event in told(server, call_id)].count("warning_given") == live_call.PRESSES


@pytest.mark.server
@pytest.mark.model
def test_an_engine_that_fails_is_told_of_and_the_call_goes_on(make_server_with: MakeServer, models: Models, scene: Samples) -> None:
    def fail() -> None:
        raise EngineFailed("out of tune")

    server = make_server_with(use=replace(models, recogniser=Watched(fail)))
    events = told(server, server.send_call(scene))
    degraded = [event for event in events if isinstance(event, StageDegraded)]
    assert {(event.stage, event.why, event.recovered) for event in degraded} == {("recognition", "out of tune", False)}
    assert isinstance(events[-1], CallEnded)
    assert events[-1].why == "stopped"


@pytest.mark.server
@pytest.mark.model
@pytest.mark.parametrize("then", ["audio", "stop"])
def test_a_fault_of_ours_ends_that_call_aloud_and_no_other(make_server_with: MakeServer, models: Models, scene: Samples, then: str) -> None:
    real = models.recogniser.stream
    broken = threading.Event()

    class BreaksOnce(Watched):
        def stream(self, sample_rate_hz: int) -> RecogniserStream:
            if not broken.is_set():
                broken.set()
                raise ZeroDivisionError
            return real(sample_rate_hz)

    server = make_server_with(use=replace(models, recogniser=BreaksOnce(lambda: None)))
    with server.peer() as unlucky, server.peer() as lucky:
        lost, kept = unlucky.start(), lucky.start()
        unlucky.audio(scene)
        events = told(server, lost)
        assert isinstance(events[-1], CallEnded)
        assert events[-1].why == "failed"
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        if then == "audio":
            unlucky.audio(scene[:160])
        else:
            unlucky.say('{"type":"stop"}')
        assert unlucky.closing()[0] == 1011
        lucky.audio(scene)
        lucky.stop()
    assert {call["call_id"]: call["live"] for call in server.json("/v1/calls")["calls"]} == {lost: False, kept: False}
    assert any(event.__struct_config__.tag == "utterance" for event in told(server, kept))


@pytest.fixture
def always_late() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_call, "LATE_S", -1.0)
        patch.setattr(live_call, "CAUGHT_UP_S", float("inf"))
        yield


@pytest.mark.server
@pytest.mark.model
def test_audio_that_waits_too_long_is_told_of_until_it_no_longer_does(
    make_server_with: MakeServer, always_late: None, scene: Samples
) -> None:
    server = make_server_with()
    events = told(server, server.send_call(scene[:16000]))
    lag = [event for event in events if isinstance(event, StageDegraded)]
    assert {event.stage for event in lag} == {"live"}
    assert "behind" in lag[0].why
    assert [event.recovered for event in lag] == [i % 2 == 1 for i in range(len(lag))]


@pytest.mark.server
@pytest.mark.model
def test_a_message_of_many_seconds_is_worked_off_in_pieces(server: LiveServer, models: Models, scene: Samples, call_id: str) -> None:
    long = np.concatenate([scene, scene])
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.audio(long)
        peer.stop()
    assert without_ids(server.follow(f"/v1/calls/{call_id}/events")) == encode_lines(offline(models, long, call_id))


@pytest.mark.server
@pytest.mark.model
def test_a_message_in_fragments_is_one_message(server: LiveServer, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id)
        peer.connection.send(iter([struct.pack("<h", 1), struct.pack("<h", 2)]))
        peer.stop()
    last = told(server, call_id)[-1]
    assert isinstance(last, CallEnded)


@pytest.mark.server
@pytest.mark.model
def test_bytes_that_are_no_websocket_leave_the_server_as_it_was(server: LiveServer) -> None:
    import socket

    for nonsense in (b"\x00" * 64, b"GET / HTTP/9.9\r\n\r\n", random.Random(3).randbytes(5000)):
        with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as raw:
            raw.sendall(nonsense)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    with server.peer() as peer:
        peer.connection.socket.sendall(random.Random(4).randbytes(200))
        with pytest.raises(ConnectionClosed):
            peer.connection.recv(WAIT_S)
    assert server.get("/healthz").status_code == 200


@pytest.mark.server
@pytest.mark.model
def test_calls_at_once_are_kept_apart(server: LiveServer, models: Models, scene: Samples) -> None:
    quiet = np.ascontiguousarray(scene[:, ::-1])
    ids = {"apart.1": scene, "apart.2": quiet, "apart.3": scene}
    with ExitStack() as open_peers:
        peers = {call_id: open_peers.enter_context(server.peer()) for call_id in ids}
        for call_id, peer in peers.items():
            peer.start(call_id=call_id)
        for at in range(0, len(scene), 4000):
            for call_id, peer in peers.items():
                peer.audio(ids[call_id][at : at + 4000])
        for peer in peers.values():
            peer.stop()
    for call_id, samples in ids.items():
        with server.ws(f"/v1/calls/{call_id}/events") as stream:
            assert without_ids(list(received(stream))) == encode_lines(offline(models, samples, call_id))
