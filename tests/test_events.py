"""Events on the wire: whatever is made can be sent and read back, and fits the schema."""

from typing import get_args, get_type_hints

import jsonschema
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant import events

KINDS = get_args(events.AnyEvent)
TEXT = st.text(max_size=20)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, FINITE)


SCHEMA = events.schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def _made(kind: type) -> st.SearchStrategy[events.AnyEvent]:
    """Every field drawn, defaults too."""
    return st.builds(kind, **{name: st.from_type(hint) for name, hint in get_type_hints(kind).items()})


@given(event=st.one_of([_made(kind) for kind in KINDS]), wire_id=st.integers(1, 2**52))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_every_event_survives_the_wire_and_fits_the_schema(event: events.AnyEvent, wire_id: int) -> None:
    sent = events.encode(event, wire_id)
    assert events.decode(sent) == event
    loose = msgspec.json.decode(sent)
    assert loose["id"] == wire_id
    VALIDATOR.validate(loose)


@pytest.mark.parametrize("broken", [b"", b"{}", b'{"type":"nothing"}', b'{"type":"speech_started","track":"dog","start_s":0}'])
def test_anything_else_is_refused(broken: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        events.decode(broken)


def test_event_names_are_snake_case() -> None:
    assert [kind.__struct_config__.tag for kind in KINDS][:3] == ["call_started", "speech_started", "speech_ended"]
