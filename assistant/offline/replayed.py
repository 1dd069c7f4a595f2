"""What two policies advise on many calls, as text for a terminal and as JSON. Colour is never the only sign."""

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from assistant.guidance.compare import Compared, Difference
from assistant.offline.explained import clock
from assistant.offline.replaying import Replayed

CALLS_SHOWN = 20
DIFFERENCES_SHOWN = 6


def as_json(replayed: Replayed) -> dict[str, Any]:
    """Everything: figures, each call that differs with all its differences, what was passed over."""
    differing = [
        {
            "name": one.name,
            "duration_s": one.duration_s,
            "advised_by": one.advised_by,
            "calm": one.calm,
            "differences": msgspec.to_builtins(one.differences),
        }
        for one in replayed.calls
        if one.differences
    ]
    return {
        "old": replayed.old,
        "new": replayed.new,
        "totals": replayed.totals(),
        "advised_by_others": replayed.advised_by_others,
        "calls": differing,
        "passed_over": [{"file": file, "why": why} for file, why in replayed.passed_over],
    }


def figures(replayed: Replayed) -> Table:
    """Old and new side by side, counts in a hundred calls."""
    totals = replayed.totals()
    old, new = totals["old"], totals["new"]
    table = Table(title="how often in 100 calls, and the rest below the line", title_justify="left")
    for column in ("", "old", "new", "difference"):
        table.add_column(column, justify="left" if column == "" else "right")
    table.add_row("warnings", *_pair(old["warnings_in_100_calls"], new["warnings_in_100_calls"]))
    for name in sorted({*old["steps"], *new["steps"]}):
        row = _pair(old["steps_in_100_calls"].get(name, 0.0), new["steps_in_100_calls"].get(name, 0.0))
        table.add_row(f"ladder: {name.replace('_', ' ')}", *row)
    for name in sorted({*old["cards"], *new["cards"]}):
        table.add_row(f"card: {name}", *_pair(old["cards_in_100_calls"].get(name, 0.0), new["cards_in_100_calls"].get(name, 0.0)))
    table.add_row("calls whose ladder was locked", *_pair(old["locked_calls_in_100"], new["locked_calls_in_100"]))
    table.add_section()
    table.add_row("cards an hour", *_pair(old["cards_an_hour"], new["cards_an_hour"]))
    calm = f"calm calls with a warning, of {totals['calm_calls']} in all"
    table.add_row(calm, *_pair(old["calm_calls_with_a_warning"], new["calm_calls_with_a_warning"]))
    delays = old["first_card_delay_median_s"], new["first_card_delay_median_s"]
    if None in delays:
        table.add_row("first cause to first card, median", *("none" if one is None else f"{one:.1f} s" for one in delays), "")
    else:
        table.add_row("first cause to first card, median", *_pair(*delays, unit=" s"))
    return table


def by_call(replayed: Replayed) -> Iterator[Text]:
    """The calls that differ, most differences first, as far as a screen takes them."""
    differing = sorted((one for one in replayed.calls if one.differences), key=lambda one: (-len(one.differences), one.name))
    for one in differing[:CALLS_SHOWN]:
        yield Text(one.name, style="bold")
        yield from _differences(one)
    if len(differing) > CALLS_SHOWN:
        yield Text(f"and {len(differing) - CALLS_SHOWN} more calls differ: --json gives all")


def _differences(one: Compared) -> Iterator[Text]:
    for difference in one.differences[:DIFFERENCES_SHOWN]:
        yield _difference(difference)
    if len(one.differences) > DIFFERENCES_SHOWN:
        yield Text(f"  and {len(one.differences) - DIFFERENCES_SHOWN} more")


def _difference(one: Difference) -> Text:
    name = f"ladder: {one.name.replace('_', ' ')}" if one.kind == "step" else one.name
    old_s, new_s = one.old_s, one.new_s
    if old_s is not None and new_s is not None:
        word = "later" if new_s > old_s else "sooner"
        return Text(f"  ~ {word:6} {clock(old_s):>7}  {name}, now at {clock(new_s)} ({one.rule})")
    if new_s is not None:
        return Text(f"  + more   {clock(new_s):>7}  {name} ({one.rule})", style="green")
    return Text(f"  - gone   {clock(old_s or 0.0):>7}  {name} ({one.rule})", style="red")


def _pair(old: float, new: float, unit: str = "") -> tuple[str, str, str]:
    change = new - old
    word = "" if abs(change) < 0.005 else f"{change:+.1f}{unit} {'more' if change > 0 else 'less'}"
    return f"{old:.1f}{unit}", f"{new:.1f}{unit}", word
