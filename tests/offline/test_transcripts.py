"""Timed transcripts: what is read, what is refused and how that is told."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.call import SaidLine
from assistant.events import encode_lines
from assistant.offline.transcripts import (
    LARGEST_BYTES,
    TranscriptError,
    claims_to_be_transcript,
    parse_transcript,
    read_transcript,
)
from tests.offline.files import CALM, said, transcript
from tests.support.plain_answers import new_call, run_steps

SECRET = "myveryownwords"


def test_lines_come_in_the_order_of_the_call() -> None:
    read = parse_transcript(
        transcript(said("caller", 3, 4.5, "two", confidence=0.5), said("agent", 0.25, 2, "one"), said("agent", 3, 3.5, "three"))
    )
    assert read.tracks == ("agent", "caller")
    assert read.lines == (
        SaidLine("agent", 0.25, 2.0, "one", 1.0),
        SaidLine("agent", 3.0, 3.5, "three", 1.0),
        SaidLine("caller", 3.0, 4.5, "two", 0.5),
    )
    assert read.duration_s == 4.5


def test_a_call_without_words_is_a_call() -> None:
    assert parse_transcript(transcript(tracks=("mixed",))).duration_s == 0.0


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_unicode_coding_is_read(coding: str) -> None:
    data = json.dumps({"tracks": ["caller"], "utterances": [said("caller", 0, 1, "caf\u00e9")]}, ensure_ascii=False).encode(coding)
    assert parse_transcript(data).lines[0].text == "caf\u00e9"


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    (line,) = parse_transcript(b'{"tracks":["caller"],"utterances":[{"track":"caller","start_s":0,"end_s":1,"text":"\\ud800x"}]}').lines
    assert line.text == "?x"


def test_keys_of_other_programs_are_passed_over() -> None:
    data = json.loads(transcript(said("caller", 0, 1, "hello", speaker_name="someone")))
    assert parse_transcript(json.dumps(data | {"version": 3}).encode()).lines[0].text == "hello"


LINE = said("caller", 1.0, 2.0, SECRET)
BAD_LINES: list[tuple[dict[str, Any], str]] = [
    (LINE | {"start_s": -0.5}, r"utterances\[1\]\.start_s: -0\.5"),
    (LINE | {"start_s": float("nan")}, r"utterances\[1\]\.start_s: nan"),
    (LINE | {"end_s": float("inf")}, r"utterances\[1\]\.end_s: inf"),
    (LINE | {"end_s": 0.5}, r"utterances\[1\]\.end_s: 0\.5 lies before start_s"),
    (LINE | {"end_s": 183000}, r"utterances\[1\]\.end_s: .* more than a day"),
    (LINE | {"start_s": "1.0"}, r"`float`.*utterances\[1\]\.start_s"),
    (LINE | {"start_s": True}, r"utterances\[1\]\.start_s"),
    (LINE | {"start_s": None}, r"utterances\[1\]\.start_s"),
    (LINE | {"start_s": 10**400}, r"utterances\[1\]\.start_s|out of range"),
    (LINE | {"text": 7}, r"`str`.*utterances\[1\]\.text"),
    (LINE | {"confidence": 1.5}, r"utterances\[1\]\.confidence: 1\.5"),
    (LINE | {"confidence": float("nan")}, r"utterances\[1\]\.confidence: nan"),
    (LINE | {"track": "third_party"}, r"utterances\[1\]\.track: 'third_party' is none of this call's tracks"),
    (LINE | {"track": ["caller"]}, r"utterances\[1\]\.track"),
    ({key: value for key, value in LINE.items() if key != "end_s"}, r"missing.*`end_s`.*utterances\[1\]"),
]


@pytest.mark.parametrize(("line", "told"), BAD_LINES, ids=[told for _, told in BAD_LINES])
def test_a_bad_line_is_named_and_not_quoted(line: dict[str, Any], told: str) -> None:
    with pytest.raises(TranscriptError, match=told) as refused:
        parse_transcript(transcript(said("agent", 0, 1, "hello"), line))
    assert SECRET not in str(refused.value)
    assert "$" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (CALM[:-20], "is not JSON: .* line 1"),
        (b"\xff\xfe\xfa", "is not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", r"`object`.*a timed transcript is \{.*utterances"),
        (b'{"utterances":[]}', "missing.*`tracks`"),
        (b'{"tracks":["agent"]}', "missing.*`utterances`"),
        (transcript(tracks=()), "tracks: names"),
        (transcript(tracks=("agent", "agent")), "tracks: names"),
        (transcript(tracks=("agent", "mixed")), "tracks: names"),
        (transcript(tracks=("agent", "customer")), "tracks: 'customer' is none of"),
        (b'{"tracks":"agent","utterances":[]}', "`array`.*tracks"),
    ],
)
def test_what_is_no_transcript_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(TranscriptError, match=told):
        parse_transcript(data)


def test_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_bytes(b"{")
    with pytest.raises(TranscriptError, match=r"bad\.json: is not JSON"):
        read_transcript(tmp_path / "bad.json")
    with pytest.raises(TranscriptError, match=r"none\.json: cannot be read \(No such file"):
        read_transcript(tmp_path / "none.json")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(TranscriptError, match="at most"):
        read_transcript(tmp_path / "huge.json")


@pytest.mark.parametrize(
    ("data", "claims"),
    [
        (CALM, True),
        (CALM[:-20], True),
        (transcript(said("nobody", -1, 0, "")), True),
        (b'{"call":{},"utterances":[]}', False),
        (b'[{"role":"agent"}]', False),
        (b"{", False),
        (b"", False),
    ],
)
def test_a_transcript_is_known_by_its_keys_even_when_broken(tmp_path: Path, data: bytes, claims: bool) -> None:
    (tmp_path / "some.json").write_bytes(data)
    assert claims_to_be_transcript(tmp_path / "some.json") is claims


times = st.floats(0, 30, allow_nan=False).map(lambda value: round(value, 3)) | st.sampled_from([0.0, 1.0, 1.001, 2.0])
lines = st.lists(
    st.builds(
        lambda track, start_s, length_s, text, confidence: said(track, start_s, start_s + length_s, text, confidence=confidence),
        st.sampled_from(["agent", "caller", "third_party"]),
        times,
        times,
        st.sampled_from(["please", "broken", "idiot", ""]),
        st.sampled_from([0.4, 1.0]),
    ),
    max_size=12,
)


@given(lines=lines, data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_order_of_lines_gives_the_same_events(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(lines))
    tracks = ("agent", "caller", "third_party")
    told = []
    for order in (lines, shuffled):
        call = new_call(tracks)
        told.append(encode_lines([*call.start(), *run_steps(call.recite(parse_transcript(transcript(*order, tracks=tracks)).lines))]))
    assert told[0] == told[1]


mistyped = st.tuples(st.integers(0, len(CALM)), st.binary(max_size=3)).map(lambda at: CALM[: at[0]] + at[1] + CALM[at[0] + 1 :])


@given(data=st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | mistyped)
@settings(max_examples=300, deadline=None)
def test_no_bytes_at_all_raise_another_error(data: bytes) -> None:
    with suppress(TranscriptError):
        parse_transcript(data)
