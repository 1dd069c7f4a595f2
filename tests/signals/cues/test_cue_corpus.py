"""Lines with their cues are read as they stand, and what cannot be is refused by file and line."""

import pytest

from assistant.signals.cues.corpus import parse_cue_lines
from assistant.signals.hostility.corpus import CorpusError


def test_a_line_names_its_cues_and_who_speaks() -> None:
    rows = list(parse_cue_lines("# a | bank | tag\nA promise, apology | sorry i'll send\n- | sorry << agent: the name\n", "lines.txt"))
    assert [(row.text.speaker, sorted(row.cues), row.text.before) for row in rows] == [
        ("agent", ["apology", "promise"], None),
        ("caller", [], "the name"),
    ]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("request_lunch | bring me lunch", "unknown cue request_lunch"),
        ("promise | i will ring you", "the caller does not say promise"),
        ("A medical | have you chest pains", "the agent does not say medical"),
        ("no bar at all", "a line is"),
    ],
)
def test_a_line_that_is_none_is_named(row: str, complaint: str) -> None:
    with pytest.raises(CorpusError, match=f"lines.txt:2.*{complaint}"):
        list(parse_cue_lines(f"# a | bank | tag\n{row}\n", "lines.txt"))
