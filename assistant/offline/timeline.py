"""One call's signals as a timeline that a person can read.

In: the events of one call, in the order of their `seq`. Out: `TimelineRow`s in the order in which things happened, and a table of them
for the terminal. A track is told by word and by column, never by colour alone; an agent's rows hold no scores, since there are none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.events import (
    AnyEvent,
    ArousalMeasured,
    CallEnded,
    CardCleared,
    CardShown,
    CueHeard,
    HeatChanged,
    Interruption,
    LadderCooled,
    LadderMoved,
    LineQuality,
    StageDegraded,
    StepApproved,
    TerminationLocked,
    TerminationUnlocked,
    Utterance,
    UtteranceScored,
    WarningGiven,
)

_STYLES = {
    "cue": "cyan",
    "interruption": "yellow",
    "raised voice": "yellow",
    "abuse": "red",
    "heat": "bold",
    "card": "green",
    "ladder": "bold red",
    "degraded": "bold red",
}


@dataclass(frozen=True)
class TimelineRow:
    """One thing that happened. `t_s`: when it began, in seconds of the call. `track`: whose doing, None for the assistant's own."""

    t_s: float
    track: str | None
    what: str
    """Its kind in a word or two: `speech`, `cue`, `interruption`, `raised voice`, `abuse`, `heat`, `line`, `card`, `ladder`, `call`, ..."""
    text: str


def timeline(events: Iterable[AnyEvent]) -> list[TimelineRow]:
    """The rows of one call. Of what is revised (an interruption, a score) only the last version is told."""
    rows: dict[str, TimelineRow] = {}
    raised: set[str] = set()
    level = "calm"
    for number, event in enumerate(events):
        key = f"event {number}"
        match event:
            case Interruption():
                key = f"interruption {event.interruption_id}"
            case UtteranceScored():
                key = f"score {event.utterance_id}"
            case ArousalMeasured():
                if event.raised_voice == (event.track in raised):
                    continue
                raised ^= {event.track}
            case HeatChanged():
                if event.level == level:
                    continue
                level = event.level
            case _:
                pass
        rows.pop(key, None)
        for row in _row(event):
            rows[key] = row
    return sorted(rows.values(), key=lambda row: row.t_s)


def _row(event: AnyEvent) -> Iterator[TimelineRow]:
    match event:
        case Utterance():
            yield TimelineRow(event.start_s, event.track, "speech", event.text)
        case UtteranceScored(abuse=True, partial=False):
            yield TimelineRow(event.start_s, event.track, "abuse", f"{_kinds(event.scores)} (p {event.p_abuse:.2f})")
        case CueHeard():
            when = f" [{event.due or event.detail}]" if event.due or event.detail else ""
            yield TimelineRow(event.start_s, event.track, "cue", f"{_words(event.cue)}{when} ({event.rule}, p {event.p:.2f})")
        case Interruption(kind="competitive"):
            cut_off = ", cut off" if event.cut_off else ""
            yield TimelineRow(event.start_s, event.by, "interruption", f"over {_words(event.of)}, {event.overlap_s:.1f} s{cut_off}")
        case ArousalMeasured():
            yield TimelineRow(event.t_s, event.track, "raised voice", "begins" if event.raised_voice else "ends")
        case LineQuality():
            yield TimelineRow(event.t_s, None, "line", f"{event.quality}{_because([one.what for one in event.reasons])}")
        case HeatChanged():
            yield TimelineRow(
                event.t_s, None, "heat", f"{event.level}, {event.heat:.0f}{_because([one.what for one in event.reasons[:2]])}"
            )
        case CardShown():
            yield TimelineRow(event.t_s, None, "card", f"{event.title}: {event.say}")
        case CardCleared(why="not_helpful" | "withdrawn"):
            yield TimelineRow(event.t_s, None, "card", f"cleared, {_words(event.why)}")
        case StageDegraded():
            state = "recovered" if event.recovered else event.why
            yield TimelineRow(event.t_s, event.track, "degraded", f"{_words(event.stage)}: {state}")
        case CallEnded():
            yield TimelineRow(event.t_s, None, "call", f"ended, {event.why}")
        case _:
            yield from _ladder_row(event)


def _ladder_row(event: AnyEvent) -> Iterator[TimelineRow]:
    match event:
        case LadderMoved():
            waits = ", a supervisor must agree" if event.approver == "supervisor" else ""
            text = f"{_words(event.step)} for {_words(event.kind)}{waits}"
        case StepApproved():
            text = f"{_words(event.step)} agreed to"
        case LadderCooled():
            text = f"lower{_because([one.what for one in event.reasons])}"
        case WarningGiven():
            text = f"warning given, {event.how}"
        case TerminationLocked():
            text = f"ending the call locked{_because([one.what for one in event.reasons])}"
        case TerminationUnlocked():
            text = "ending the call unlocked"
        case _:
            return
    yield TimelineRow(event.t_s, None, "ladder", text)


def render(rows: Iterable[TimelineRow], console: Console) -> None:
    """Prints the rows as a table: the time, a column for each side, one for what the assistant did."""
    rows = list(rows)
    sides = ["agent", "caller"] if not any(row.track == "mixed" for row in rows) else ["mixed"]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    table.add_column("time", no_wrap=True)
    for side in (*sides, "assistant"):
        table.add_column(_words(side), ratio=3, overflow="fold")
    for row in rows:
        column = "assistant" if row.track is None else row.track if row.track in sides else sides[-1]
        cell = Text.assemble(
            (f"{_words(row.track)} " if row.track else "", "dim"), (f"{row.what}: ", _STYLES.get(row.what, "dim")), (row.text, "")
        )
        table.add_row(_clock(row.t_s), *(cell if side == column else "" for side in (*sides, "assistant")))
    console.print(table)


def _kinds(scores: dict[str, float]) -> str:
    """The kinds of abuse that stand out, the surest first."""
    kinds = sorted((kind for kind, p in scores.items() if p >= 0.5 and kind not in ("hostile", "distress")), key=lambda kind: -scores[kind])
    return ", ".join(_words(kind) for kind in kinds) or "abuse"


def _because(whats: list[str]) -> str:
    return f": {'; '.join(dict.fromkeys(whats))}" if whats else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(t_s, 60)
    return f"{int(minutes)}:{seconds:04.1f}"
