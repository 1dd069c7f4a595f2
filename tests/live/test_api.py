"""The HTTP side: health, figures, schema, calls, pages, and what is refused."""

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import numpy as np
import numpy.typing as npt
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assistant import __version__
from assistant.guidance.policy_file import load_policy
from tests.support.server import LiveServer

Samples = npt.NDArray[np.int16]
MakeServer = Callable[..., LiveServer]
pytestmark = [pytest.mark.server, pytest.mark.model]

ROUTES = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/v1/schema/events.json",
    "/v1/calls",
    "/v1/calls/{call_id}",
    "/v1/calls/{call_id}/events",
    "/v1/calls/{call_id}/transcript",
}


def figures(server: LiveServer) -> dict[tuple[str, ...], float]:
    """`/metrics` as {(name, label value, ...): value}."""
    families = text_string_to_metric_families(server.get("/metrics").text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def references(value: Any) -> set[str]:
    """Every `$ref` in a JSON document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_health_and_readiness_are_told(server: LiveServer) -> None:
    assert server.json("/healthz") == {"status": "ok", "version": __version__}
    assert server.json("/readyz") == {"status": "ready", "policy": load_policy().version, "warnings": []}


def test_the_openapi_document_names_every_route_and_no_reference_dangles(server: LiveServer) -> None:
    document = server.json("/openapi.json")
    assert document["openapi"].startswith("3.")
    assert document["info"] == {
        "title": "Calmline",
        "version": __version__,
        "description": document["info"]["description"],
    }
    assert document["paths"].keys() >= ROUTES
    for reference in references(document):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"] for operation in operations)


def test_every_event_of_a_stream_keeps_to_the_schema(server: LiveServer, demo_or_scene: Samples, call_id: str) -> None:
    schema = server.json("/v1/schema/events.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    server.send_call(demo_or_scene, call_id=call_id, agent="anna")
    messages = server.follow(f"/v1/calls/{call_id}/events")
    for message in messages:
        validator.validate(json.loads(message))
    for event in server.json(f"/v1/calls/{call_id}/events")["events"]:
        validator.validate(event)
    first = json.loads(messages[0])
    for broken in ({}, {"type": "call_ended"}, first | {"type": "no_such"}, first | {"tracks": ["dog"]}):
        assert not validator.is_valid(broken)


@pytest.fixture
def demo_or_scene(demo_audio: Any) -> Samples:
    """The whole demo: it has the most kinds of events."""
    samples: Samples = demo_audio.samples
    return samples


def test_a_call_can_be_read_while_live_and_after(server: LiveServer, scene: Samples, call_id: str) -> None:
    with server.peer() as peer:
        peer.start(call_id=call_id, agent="anna")
        (line,) = [call for call in server.json("/v1/calls")["calls"] if call["call_id"] == call_id]
        assert (line["live"], line["agent"], line["heat"], line["level"]) == (True, "anna", 0.0, "calm")
        assert (line["raised_voice"], line["line"], line["waiting_approval"]) == (False, "good", None)
        assert server.json(f"/v1/calls/{call_id}")["call"]["call_id"] == call_id
        peer.audio(scene)
        peer.stop()
    (line,) = [call for call in server.json("/v1/calls")["calls"] if call["call_id"] == call_id]
    document = server.json(f"/v1/calls/{call_id}")
    assert (line["live"], line["duration_s"]) == (False, len(scene) / 8000)
    assert line["heat"] == document["heat"][-1]["heat"]
    assert line["ladder_step"] == document["summary"]["ladder_step"]
    assert line["interruptions"] == document["summary"]["competitive_interruptions"]
    assert document["call"]["name"] == call_id
    assert document["call"]["ended"] == "stopped"
    transcript = server.json(f"/v1/calls/{call_id}/transcript")
    assert transcript == {"call_id": call_id, "utterances": document["utterances"]}
    assert transcript["utterances"]


def test_events_can_be_read_on_from_a_place(server: LiveServer, scene: Samples, call_id: str) -> None:
    server.send_call(scene, call_id=call_id)
    events = server.json(f"/v1/calls/{call_id}/events")["events"]
    assert not any(event["type"] == "words_partial" for event in events)
    middle = events[len(events) // 2]["seq"]
    assert server.json(f"/v1/calls/{call_id}/events?after={middle}")["events"] == [e for e in events if e["seq"] > middle]
    assert server.json(f"/v1/calls/{call_id}/events?after={events[-1]['seq']}") == {"events": []}
    assert server.get(f"/v1/calls/{call_id}/events?after=-1").status_code == 422
    assert server.get(f"/v1/calls/{call_id}/events?after=x").status_code == 422


@pytest.mark.parametrize("rest", ["", "/events", "/transcript"])
def test_a_call_that_is_not_known_is_not_found(server: LiveServer, rest: str) -> None:
    answer = server.get(f"/v1/calls/never{rest}")
    assert answer.status_code == 404
    assert "never" in answer.json()["detail"]


def test_live_calls_are_listed_first_and_the_hottest_of_them_first(make_server_with: MakeServer, scene: Samples) -> None:
    server = make_server_with()
    server.send_call(scene, call_id="over")
    with server.peer() as calm, server.peer() as hot:
        calm.start(call_id="calm")
        hot.start(call_id="hot")
        hot.audio(scene)
        with server.ws("/v1/calls/hot/events") as stream:
            while json.loads(stream.recv(30))["type"] != "heat_changed":
                pass
        assert [call["call_id"] for call in server.json("/v1/calls")["calls"]] == ["hot", "calm", "over"]
        calm.stop()
        hot.stop()


def test_the_figures_count_what_happened_and_hold_no_words(make_server_with: MakeServer, scene: Samples) -> None:
    server = make_server_with()
    call_id = server.send_call(scene, agent="anna-of-test", caller_number="+15550199")
    with server.peer() as bad:
        bad.say("nonsense")
        assert bad.closing()[0] == 1007
    with server.peer() as live:
        live.start()
        counted = figures(server)
        assert counted["calmline_calls_live",] == 1
        live.stop()
    counted = figures(server)
    assert counted["calmline_calls_live",] == 0
    assert counted["calmline_calls_total", "worked off"] == 2
    assert counted["calmline_ingest_closed_total", "1007"] == 1
    assert counted["calmline_audio_seconds_total",] == pytest.approx(len(scene) / 8000)
    assert counted["calmline_work_seconds_total",] > 0
    assert counted["calmline_lag_seconds_count",] >= 1
    events = [json.loads(message) for message in server.follow(f"/v1/calls/{call_id}/events")]
    for kind in ("utterance", "words_partial", "heat_changed"):
        assert counted["calmline_events_total", kind] == sum(event["type"] == kind for event in events)
    assert counted["calmline_events_total", "call_ended"] == 2
    cards = [event["card"] for event in events if event["type"] == "card_shown"]
    for card in cards:
        assert counted["calmline_cards_total", card] == cards.count(card)
    text = server.get("/metrics").text
    assert "+15550199" not in text
    assert "anna-of-test" not in text
    said = {word for event in events if event["type"] == "utterance" for word in event["text"].split() if len(word) > 6}
    assert said
    assert not [word for word in said if word in text]


@pytest.mark.parametrize("path", ["/healthz", "/v1/calls", "/board", "/openapi.json", "/static/base.css"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8700", "127.0.0.1.evil.example", "", "[::", "127.0.0.1@evil.example"])
def test_an_unknown_host_name_is_refused(server: LiveServer, path: str, host: str) -> None:
    assert server.get(path, Host=host).status_code == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:1234", "127.0.0.1", "[::1]:8700", "LOCALHOST"])
def test_names_of_this_machine_are_known(server: LiveServer, host: str) -> None:
    assert server.get("/healthz", Host=host).status_code == 200


def test_names_that_the_operator_allows_are_known(make_server_with: MakeServer) -> None:
    server = make_server_with(allowed_hosts=("calm.example",))
    assert server.get("/healthz", Host="calm.example").status_code == 200
    assert server.get("/healthz", Host="other.example").status_code == 421


@pytest.mark.parametrize("path", ["/", "/board", "/overlay?agent=anna", "/calls/any", "/static/base.css", "/healthz"])
def test_pages_may_load_nothing_from_elsewhere(server: LiveServer, path: str) -> None:
    answer = server.get(path)
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", answer.text)


def test_static_files_are_of_the_static_folder_only(server: LiveServer) -> None:
    for path in ("/static/../board.html", "/static/%2e%2e/board.html", "/static/..%2f..%2fserver.py"):
        assert server.get(path).status_code == 404
