"""Measures Calmline on this machine and prints a table: `python scripts/bench.py [--quick] [--json FILE] [--only PART ...]`.

Ends with code 1 where something could not be measured; a target that is missed is printed as such and is no failure.
"""

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from assistant import __version__
from scripts.benchmark.cost import measure_cost
from scripts.benchmark.figures import Part, Tick, machine, print_table
from scripts.benchmark.guidance import measure_guidance
from scripts.benchmark.judge import measure_classifier
from scripts.benchmark.load import measure_live
from scripts.benchmark.startup import measure_startup

BUSY_SHARE = 0.25
"""A load above this share of the cores before the run is said beneath the table: times are then not the product's own."""


class Measure(NamedTuple):
    """A part's function, and about how many seconds it takes: the bar's scale, not a limit."""

    run: Callable[[bool, Tick], list[Part]]
    quick_s: float
    full_s: float


PARTS = {
    "startup": Measure(measure_startup, 9.0, 15.0),
    "classifier": Measure(measure_classifier, 4.0, 6.0),
    "guidance": Measure(measure_guidance, 2.0, 6.0),
    "cost": Measure(measure_cost, 35.0, 110.0),
    "live": Measure(measure_live, 110.0, 510.0),
}


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    chosen = options.only or list(PARTS)
    facts = machine()
    errors = Console(stderr=True)
    parts: list[Part] = []
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=errors) as bar:
        task = bar.add_task("", total=sum(_seconds(name, options.quick) for name in chosen))
        done_s = 0.0
        for name in chosen:
            seconds = _seconds(name, options.quick)
            bar.update(task, description=name, completed=done_s)

            def tick(share: float, before_s: float = done_s, takes_s: float = seconds) -> None:
                bar.update(task, completed=before_s + share * takes_s)

            parts += _measured(name, options.quick, tick)
            done_s += seconds
        bar.update(task, description="done", completed=done_s)
    now = datetime.now(UTC)
    what = "quick run" if options.quick else "full run"
    heading = f"Calmline {__version__}, {what}, {now:%Y-%m-%d %H:%M} UTC, {facts['cores']} cores of {facts['processor']}"
    print_table(Console(width=None if sys.stdout.isatty() else 120), parts, heading)
    if (facts["load_before"] or 0.0) > BUSY_SHARE * facts["cores"]:
        print(f"  • The machine was busy before this run (load {facts['load_before']}): read ratios, not times.")
    if options.json is not None:
        document = {
            "version": __version__,
            "date": now.isoformat(timespec="seconds"),
            "quick": options.quick,
            "machine": facts,
            "parts": {part.name: part.document() for part in parts},
        }
        text = json.dumps(document, indent=1) + "\n"
        if str(options.json) == "-":
            sys.stdout.write(text)
        else:
            options.json.write_text(text, "utf-8")
    return 1 if any(part.failed is not None for part in parts) else 0


def _measured(name: str, quick: bool, tick: Tick) -> list[Part]:
    try:
        return PARTS[name].run(quick, tick)
    except Exception as failed:
        # The edge of one part: what is wrong with it is printed, makes the run fail, and leaves the other parts their figures.
        return [Part(name, name.capitalize(), failed=f"{type(failed).__name__}: {failed}")]


def _seconds(name: str, quick: bool) -> float:
    return PARTS[name].quick_s if quick else PARTS[name].full_s


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Measures Calmline on this machine.")
    parser.add_argument("--quick", action="store_true", help="under 3 minutes instead of under 12, with fewer repetitions")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too; - for standard output")
    parser.add_argument("--only", choices=list(PARTS), nargs="+", metavar="PART", help=f"only some of: {', '.join(PARTS)}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
