"""When a promise is due."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.signals.cues.due import due_time, due_words
from assistant.signals.cues.numbers import in_digits

TUESDAY = datetime(2026, 11, 24, 10, 30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("i'll ring you tomorrow before ten", "tomorrow before ten"),
        ("you'll have it on the fourteenth of march", "on the fourteenth of march"),
        ("he'll be there in twenty minutes", "in twenty minutes"),
        ("we'll send it by friday afternoon then", "by friday afternoon"),
        ("it will be back within three working days", "within three working days"),
        ("i'll call you at half past four", "at half past four"),
        ("an engineer will be with you between two and six this afternoon", "between two and six this afternoon"),
        ("what happened on friday was wrong and i'll ring you on monday", "on monday"),
        ("i'll have that done for you by the end of the day", "by the end of the day"),
        ("i'll be in touch in a week's time", "in a week's time"),
        ("give me ten minutes and i'll ring you", "give me ten minutes"),
        ("we'll have somebody out a week on tuesday", "a week on tuesday"),
        ("you'll have it before christmas", "before christmas"),
        ("your bill's going to be adjusted by twenty two pounds", None),
        ("i'll get back to you about the one you wanted", None),
        ("", None),
    ],
)
def test_the_words_that_say_when(text: str, words: str | None) -> None:
    assert due_words(text) == words


@pytest.mark.parametrize(
    ("words", "day", "at"),
    [
        ("tomorrow before ten", (11, 25), (10, 0)),
        ("tomorrow", (11, 25), (17, 0)),
        ("tomorrow morning", (11, 25), (12, 0)),
        ("first thing", (11, 25), (10, 0)),
        ("in twenty minutes", (11, 24), (10, 50)),
        ("inside half an hour", (11, 24), (11, 0)),
        ("within the hour", (11, 24), (11, 30)),
        ("by friday afternoon", (11, 27), (17, 0)),
        ("by thursday week", (12, 3), (17, 0)),
        ("on tuesday", (12, 1), (17, 0)),
        ("within three working days", (11, 27), (17, 0)),
        ("in three to five working days", (12, 1), (17, 0)),
        ("at half past four", (11, 24), (16, 30)),
        ("at quarter to nine", (11, 24), (20, 45)),
        ("between two and four tomorrow", (11, 25), (16, 0)),
        ("by nine tonight", (11, 24), (21, 0)),
        ("today", (11, 24), (17, 0)),
        ("by the twenty third", (12, 23), (17, 0)),
        ("at twelve noon on the first", (12, 1), (12, 0)),
        ("by the end of the month", (11, 30), (17, 0)),
        ("next week", (12, 4), (17, 0)),
        ("tomorrow at fourteen hundred", (11, 25), (14, 0)),
        ("before the end of the day", (11, 24), (17, 0)),
        ("by end of play", (11, 24), (17, 0)),
        ("by evening", (11, 24), (20, 0)),
        ("later on today", (11, 24), (17, 0)),
        ("by the weekend", (11, 27), (17, 0)),
        ("over the weekend", (11, 29), (17, 0)),
        ("before the month's out", (11, 30), (17, 0)),
        ("in a quarter of an hour", (11, 24), (10, 45)),
        ("in three quarters of an hour", (11, 24), (11, 15)),
        ("within the half hour", (11, 24), (11, 0)),
        ("in the next couple of hours", (11, 24), (12, 30)),
        ("over the next few days", (11, 27), (17, 0)),
        ("give me a day", (11, 25), (17, 0)),
        ("in two weeks' time", (12, 8), (17, 0)),
        ("inside of a week", (12, 1), (17, 0)),
        ("a week on tuesday", (12, 8), (17, 0)),
        ("a fortnight today", (12, 8), (17, 0)),
        ("two weeks from thursday", (12, 10), (17, 0)),
        ("a week tomorrow at ten", (12, 2), (10, 0)),
        ("before christmas", (12, 25), (17, 0)),
        ("on christmas eve", (12, 24), (17, 0)),
    ],
)
def test_the_time_that_words_mean(words: str, day: tuple[int, int], at: tuple[int, int]) -> None:
    assert due_time(words, TUESDAY) == datetime(2026, *day, *at)


def test_what_is_past_is_moved_on() -> None:
    evening = TUESDAY.replace(hour=18)
    assert due_time("at four", evening) == datetime(2026, 11, 25, 16)
    assert due_time("today", evening) == datetime(2026, 11, 24, 23, 59)
    assert due_time("end of the day", evening) == datetime(2026, 11, 24, 23, 59)
    assert due_time("on the fourteenth of march", TUESDAY) == datetime(2027, 3, 14, 17)
    assert due_time("by the end of january", TUESDAY) == datetime(2027, 1, 31, 17)
    assert due_time("by the twenty ninth of february", datetime(2028, 3, 5)) == datetime(2029, 2, 28, 17)
    assert due_time("before christmas", datetime(2026, 12, 27, 9)) == datetime(2027, 12, 25, 17)
    assert due_time("by the weekend", datetime(2026, 11, 28, 9)) == datetime(2026, 12, 4, 17)


def test_the_time_zone_stays() -> None:
    zone = timezone(timedelta(hours=2))
    assert due_time("on the fourteenth of march", TUESDAY.replace(tzinfo=zone)) == datetime(2027, 3, 14, 17, tzinfo=zone)


@pytest.mark.parametrize("words", ["", "soon", "when he is back", "the thirty second"])
def test_what_cannot_be_told_is_none(words: str) -> None:
    assert due_time(words, TUESDAY) is None


SPOKEN = [
    *(
        "i'll",
        "the",
        "at",
        "by",
        "on",
        "in",
        "half",
        "past",
        "quarter",
        "to",
        "two",
        "ten",
        "twenty",
        "first",
        "thirty",
        "march",
        "february",
        "ninth",
    ),
    *("monday", "tomorrow", "noon", "week", "working", "days", "end", "of", "month", "between", "and", "next", "midnight", "today"),
    *(
        "weekend",
        "christmas",
        "fortnight",
        "a",
        "give me",
        "end of the",
        "day",
        "couple of",
        "few",
        "hour",
        "over",
        "day's out",
        "month's out",
    ),
]


@given(st.lists(st.sampled_from(SPOKEN), max_size=10), st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)))
def test_a_due_time_lies_ahead(spoken: list[str], said_at: datetime) -> None:
    words = due_words(" ".join(spoken))
    due = due_time(words, said_at) if words else None
    assert due is None or said_at < due < said_at + timedelta(days=800)


def test_numbers_in_digits() -> None:
    assert in_digits("the twenty third at ten thirty") == "the 23rd at 10 30"
    assert in_digits("forty five minutes first thing") == "45 minutes 1st thing"
