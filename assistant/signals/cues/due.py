"""When something that was promised is due: the words that say it, and the time they mean.

`due_words` is pure: recognised words in, the phrase out. `due_time` is not: it reads days with dateparser, and is called outside
the core, where the wall time of the call is known. Working days are Monday to Friday, and end at 17:00.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime, time, timedelta

from assistant.signals.cues.numbers import NUMBER, in_digits

_DAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_MONTH = rf"(?:{'|'.join(_MONTHS)})"
_ORDINAL = (
    r"(?:(?:twenty |thirty )?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|thirteenth|fourteenth"
    r"|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|\d{1,2}(?:st|nd|rd|th))"
)
_UNIT = r"(?:minute|hour|day|week|month|fortnight)s?"
_PART = r"(?:morning|afternoon|evening|night|teatime|lunchtime|dinner time|lunch time)"
_CLOSE = r"(?:close|end) of (?:play|business)"
_ENDED = r"(?:end of (?:(?:the|this) )?{0}|{0}(?:'s| is| runs) out)"
_END_OF_DAY, _END_OF_WEEK, _END_OF_MONTH = (_ENDED.format(unit) for unit in ("day", "week", "month"))
_END = rf"(?:{_END_OF_DAY}|{_END_OF_WEEK}|{_END_OF_MONTH}|end of (?:next (?:week|month)|today|tomorrow|{_DAY}|{_MONTH}))"
_POINT = rf"(?:the )?(?:noon|midday|midnight|lunch|lunchtime|teatime|dinner time|evening|{_CLOSE}|{_END})"
_FEAST = r"(?:christmas eve|christmas(?: day)?|boxing day|new year's eve|new year's day)"
_HALF = rf"(?:half past|quarter past|quarter to|{NUMBER} (?:minutes )?(?:past|to)|half) {NUMBER}"
_HALF_OF = r"(?:am|pm|a m|p m|in the morning|in the afternoon|in the evening|at night|tonight|noon|midday|midnight|sharp|on the dot)"
_CLOCK = (
    rf"(?:{_HALF}(?: {_HALF_OF})?|{NUMBER}(?: (?:fifteen|thirty|forty five|oh five))? (?:o'clock(?: {_HALF_OF})?"
    rf"|{_HALF_OF})|\d{{1,2}}:\d\d(?: ?(?:am|pm))?)"
)
_BARE_CLOCK = (
    rf"(?:{_CLOCK}|{NUMBER}(?: (?:fifteen|thirty|forty five|hundred))?(?![ :]?(?:one|two|three|four|five|six"
    rf"|seven|eight|nine|\d)\b)(?! (?:\w+ )?{_UNIT}\b)(?! (?:pounds?|quid|euros?|per|percent)))"
)
_AMOUNT = (
    r"(?:(?:the |a )?half(?: an)?|(?:the |a )?quarter(?: of an)?|(?:three|3) quarters of an"
    rf"|(?:a |another )?(?:couple of|few)|another|an|the|a|{NUMBER} (?:to|or) {NUMBER}|{NUMBER})"
)
_SPAN = (
    r"(?:(?:in|within|inside|inside of|after|over|give (?:me|us)) (?:about |around |roughly |the next |under )?"
    rf"(?:(?P<amount>{_AMOUNT}) )?(?P<working>(?:next )?(?:working |business )?)(?P<unit>{_UNIT})\b(?:'?s?'? time\b)?)"
)
_WEEKS_ON = rf"(?:a week|a fortnight|{NUMBER} weeks) (?:on |from |come )?(?:today|tomorrow|{_DAY})"
_WEEKEND = r"(?:(?:by|before|for|over|at|on|during) (?:the |this )?|this )weekend"
_NAMELESS_SPAN = re.sub(r"\?P<\w+>", "?:", _SPAN)
_DATE = (
    rf"(?:(?:the )?{_ORDINAL}(?: of)? {_MONTH}|{_MONTH} (?:the )?{_ORDINAL}|the {_ORDINAL}(?! (?:time|floor|one|two"
    r"|person|warning|line|bit|page|class)))"
)
_WHEN_DAY = (
    r"(?:(?:first thing )?(?:the )?day after tomorrow|first thing(?: (?:in the morning|tomorrow(?: morning)?"
    rf"|(?:on )?{_DAY}))?|tomorrow(?: {_PART})?"
    rf"|(?:later (?:on )?)?(?:today|tonight|this (?:{_PART}|week|{_DAY}))|next (?:week|month|{_DAY})|{_WEEKS_ON}|{_FEAST}"
    rf"|{_DAY}(?: week)?(?: {_PART})?(?: the {_ORDINAL})?|{_DATE}|(?:in|by) the (?:morning|afternoon|evening))"
)
_JOIN = r"(?:no later than|(?:by|before|on|at|until|till|from|for|after)(?: about| around)?|around|about)"
_ELEMENT = (
    rf"(?:{_NAMELESS_SPAN}|{_WEEKEND}|in {_MONTH}|between {_BARE_CLOCK} and {_BARE_CLOCK}|(?:{_JOIN} )?{_WHEN_DAY}"
    rf"|{_JOIN} {_POINT}|(?:{_JOIN} )?{_CLOCK}|(?:at|by|before|around|after|until|till|no later than|for) {_BARE_CLOCK})"
)
_PHRASE = re.compile(rf"\b{_ELEMENT}(?:(?: in)? {_ELEMENT})*\b")
_FUTURE = re.compile(r"\b(?:\w+'ll|will|shall|going to|gonna|be with|promise)\b")
_EDGES = re.compile(r"[^\w':]+")

_WORK_ENDS = time(17)
_FIRST = {"1st thing": time(10)}
_PART_ENDS = {
    "morning": time(12),
    "afternoon": time(17),
    "evening": time(20),
    "night": time(21),
    "tonight": time(21),
    "teatime": time(17),
    "lunchtime": time(13),
    "lunch time": time(13),
}
_POINTS = {
    "noon": time(12),
    "midday": time(12),
    "lunch": time(12),
    "midnight": time(23, 59),
    "dinner time": time(13),
    _CLOSE: _WORK_ENDS,
}
_FEASTS = {"christmas eve": (24, 12), "christmas": (25, 12), "boxing day": (26, 12), "new year's eve": (31, 12), "new year's day": (1, 1)}


def due_words(text: str) -> str | None:
    """The words that say when, after the first that looks ahead: `i'll ring you tomorrow before ten` -> `tomorrow before ten`."""
    said = " ".join(_EDGES.sub(" ", text.replace("\u2019", "'").lower()).split())
    ahead = _FUTURE.search(said)
    found = (_PHRASE.search(said, ahead.end()) if ahead else None) or _PHRASE.search(said)
    return found.group() if found else None


def due_time(words: str, said_at: datetime) -> datetime | None:
    """When `words` (of `due_words`) are due at the latest, said at `said_at`; its time zone, or none. None where it cannot be told.

    A day without a time ends at 17:00, a span at its longer end (`three to five working days` is five), `between two and four` at
    four. An hour from one to seven is in the afternoon. What would be past is moved on: to the afternoon, tomorrow, next week, next year.
    """
    said = in_digits(words.lower())
    if (span := _span(said, said_at)) is not None:
        return span
    at = _time(said)
    day = _day(said, said_at)
    if day is None and at is None:
        return None
    if day is None or day.date() == said_at.date():
        return _today(at, said, said_at)
    moment = _put(day, at or _WORK_ENDS)
    if moment > said_at:
        return moment
    return _a_year_later(moment) if re.search(rf"{_MONTH}|{_FEAST}", said) else moment + timedelta(days=7)


def _span(said: str, said_at: datetime) -> datetime | None:
    found = re.search(rf"\b{_SPAN}", said)
    if found is None:
        return None
    count = _count(found["amount"] or "")
    match found["unit"].removesuffix("s"):
        case "minute":
            return said_at + timedelta(minutes=count)
        case "hour":
            return said_at + timedelta(hours=count)
        case "day" if found["working"].strip() in ("working", "business"):
            return _put(_working_days(said_at, int(count)), _WORK_ENDS)
        case unit:
            days = {"day": 1, "week": 7, "fortnight": 14, "month": 30}[unit]
            return _put(said_at + timedelta(days=days * count), _WORK_ENDS)


def _count(amount: str) -> float:
    """How many of a unit: the longer end of `3 to 5`, a couple is two, a few three; no number or an article is one."""
    if number := re.search(r"\d+$", amount):
        return float(number[0])
    parts = {"quarters": 0.75, "quarter": 0.25, "half": 0.5, "couple": 2.0, "few": 3.0}
    return next((count for word, count in parts.items() if word in amount), 1.0)


def _working_days(day: datetime, count: int) -> datetime:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5
    return day


def _time(said: str) -> time | None:
    """The latest time of day that is said."""
    late = bool(re.search(r"\b(?:pm|p m|tonight|evening|at night|in the afternoon)\b", said))
    early = bool(re.search(r"\b(?:am|a m|in the morning|tomorrow morning|day morning)\b", said))
    if found := re.search(
        r"\b(half|quarter|\d+)(?: minutes)? (past|to) (\d+)\b(?! (?:days|weeks|working))",
        said.replace("half ", "half past ").replace("past past", "past"),
    ):
        minutes = {"half": 30, "quarter": 15}.get(found[1]) or int(found[1])
        hour = int(found[3]) - (found[2] == "to")
        return _clock(hour, minutes if found[2] == "past" else 60 - minutes, late, early)
    if found := re.search(r"\bbetween .+? and (\d+)(?:[ :](\d\d))?\b", said):
        return _clock(int(found[1]), int(found[2] or 0), late, early)
    if found := re.search(r"\b(\d{1,2})[ :]?([0-5]\d)\b", said):
        return _clock(int(found[1]), int(found[2]), late, early)
    if found := re.search(
        r"\b(?:(?:at|by|before|around|after|until|till|than|for) (\d{1,2})(?!\d|st|nd|rd|th)"
        r"|(\d{1,2}) (?:o'clock|am|pm|a m|p m|in the|tonight))\b",
        said,
    ):
        return _clock(int(found[1] or found[2]), 0, late, early)
    return next((at for words, at in (_FIRST | _POINTS | _PART_ENDS).items() if re.search(rf"\b{words}\b", said)), None)


def _clock(hour: int, minute: int, late: bool, early: bool) -> time | None:
    if hour > 24 or minute > 59:
        return None
    if hour < 12 and not early and (late or hour < 8):
        hour += 12
    return time(hour % 24, minute)


def _day(said: str, said_at: datetime) -> datetime | None:
    if (found := re.search(rf"\b(?:a|(\d+)) (week|fortnight)s? (?=(?:on |from |come )?(?:today|tomorrow|{_DAY}))", said)) is not None:
        day = _day(said[found.end() :], said_at)
        return day and day + timedelta(weeks=int(found[1] or 1) * (2 if found[2] == "fortnight" else 1))
    if re.search(rf"\b{_END_OF_DAY}\b", said):
        return said_at
    if re.search(rf"\b(?:{_END_OF_WEEK}|this week|(?:by|before|for) (?:the |this )?weekend)\b", said):
        return said_at + timedelta(days=(4 - said_at.weekday()) % 7)
    if "weekend" in said:
        return said_at + timedelta(days=6 - said_at.weekday())
    if re.search(r"\bnext week\b", said):
        return said_at + timedelta(days=11 - said_at.weekday())
    if re.search(r"\bnext month\b", said):
        return _month_end(said_at, 1)
    if re.search(rf"\b{_END_OF_MONTH}\b", said):
        return _month_end(said_at, 0)
    if (found := re.search(rf"\b(?:end of|in) ({_MONTH})\b", said)) is not None:
        return _month_end(said_at, (_MONTHS.index(found[1]) + 1 - said_at.month) % 12)
    if (feast := next((_FEASTS[name] for name in _FEASTS if name in said), None)) is not None:
        return said_at.replace(day=feast[0], month=feast[1])
    if re.search(r"\bday after tomorrow\b", said):
        return said_at + timedelta(days=2)
    if "tomorrow" in said or (
        re.search(r"\b1st thing\b|\b(?:in|by) the morning\b", said) and not re.search(rf"{_DAY}|{_MONTH}|\d[snrt][tdh]\b(?! thing)", said)
    ):
        return said_at + timedelta(days=1)
    found = re.search(rf"\b{_DAY}(?P<more> week)?(?P<date> the \d)?", said)
    if found is not None and found["date"] is None:
        return _weekday(said, said_at, found["more"] is not None)
    if re.search(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", said):
        return said_at
    return _dated(said, said_at)


def _weekday(said: str, said_at: datetime, week_later: bool) -> datetime:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    named = min((name for name in names if name in said), key=said.index)
    ahead = (names.index(named) - said_at.weekday()) % 7 or 7
    return said_at + timedelta(days=ahead + 7 * week_later)


def _month_end(day: datetime, later: int) -> datetime:
    year, month = day.year + (day.month - 1 + later) // 12, (day.month - 1 + later) % 12 + 1
    return day.replace(year=year, month=month, day=monthrange(year, month)[1])


def _a_year_later(day: datetime) -> datetime:
    return day.replace(year=day.year + 1, day=min(day.day, monthrange(day.year + 1, day.month)[1]))


def _dated(said: str, said_at: datetime) -> datetime | None:
    """A day of a month, read by dateparser; a bare `the 14th` is the next one."""
    found = re.search(rf"\b(\d{{1,2}})(?:st|nd|rd|th)(?:(?: of)? ({_MONTH}))?|\b({_MONTH}) (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?", said)
    if found is None:
        return None
    import dateparser  # here and not above: the core imports this module, and may not reach it

    day, month = found[1] or found[4], found[2] or found[3]
    base = said_at.replace(tzinfo=None)
    parse: Callable[..., datetime | None] = dateparser.parse
    settings = {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "current_period", "DATE_ORDER": "DMY"}
    for later in range(12):
        year, index = divmod(base.month - 1 + later, 12)
        named = month or datetime(base.year + year, index + 1, 1).strftime("%B")
        parsed = parse(f"{day} {named} {base.year + year if not month else base.year}", languages=["en"], settings=settings)
        if parsed is not None and (month or parsed.date() >= base.date()):
            return parsed.replace(tzinfo=said_at.tzinfo)
        if month:
            return None
    return None


def _today(at: time | None, said: str, said_at: datetime) -> datetime:
    """A time of today; later if it is past: in the afternoon, or tomorrow, but never past today where today was said."""
    moment = _put(said_at, at or _WORK_ENDS)
    bound = re.search(rf"\b(?:today|tonight|this (?:morning|afternoon|evening)|{_END_OF_DAY})\b", said) is not None
    if moment <= said_at and moment.hour < 12:
        moment += timedelta(hours=12)
    if moment <= said_at:
        moment = _put(said_at, time(23, 59)) if bound else _put(said_at + timedelta(days=1), at or _WORK_ENDS)
    return moment


def _put(day: datetime, at: time) -> datetime:
    return day.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
