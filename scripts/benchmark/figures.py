"""What a benchmark says: figures with their unit and target, and how they are printed. Pure but for the facts of the machine."""

import math
import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Tick = Callable[[float], None]
"""Told the share of a part that is done, in [0, 1]."""


class NotMeasured(Exception):
    """A figure could not be had; the text says why."""


@dataclass(frozen=True)
class Target:
    """The figure to reach: at most `limit`, or less than it."""

    limit: float
    below: bool = False

    def met(self, value: float) -> bool:
        return value < self.limit if self.below else value <= self.limit

    def __str__(self) -> str:
        return f"{'<' if self.below else '≤'} {self.limit:g}"


@dataclass(frozen=True)
class Figure:
    """One number. `key` names it in JSON, `label` on the screen."""

    key: str
    label: str
    value: float
    unit: str = ""
    target: Target | None = None

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where there is no target."""
        return "" if self.target is None else "met" if self.target.met(self.value) else "missed"


@dataclass
class Part:
    """The outcome of one part: its figures, what a reader must know of them, and more detail for the JSON."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)
    failed: str | None = None

    def add(self, key: str, label: str, value: float, unit: str = "", target: Target | None = None) -> None:
        """Adds a figure. Raises `NotMeasured` on a value that is no number."""
        if not math.isfinite(value):
            raise NotMeasured(f"{self.title}: {label} is no number")
        self.figures.append(Figure(key, label, value, unit, target))

    def add_spread(self, key: str, label: str, values: Sequence[float], p50: Target | None = None, p95: Target | None = None) -> None:
        """Adds p50, p95 and the largest of `values`, seconds, as milliseconds. Raises `NotMeasured` where there are none."""
        if not values:
            raise NotMeasured(f"{self.title}: not one {label} was seen")
        self.add(f"{key}_p50_ms", f"{label}, p50", 1000 * quantile(values, 0.5), "ms", p50)
        self.add(f"{key}_p95_ms", f"{label}, p95", 1000 * quantile(values, 0.95), "ms", p95)
        self.add(f"{key}_max_ms", f"{label}, largest of {len(values)}", 1000 * max(values), "ms")

    def document(self) -> dict[str, Any]:
        """The part as JSON-ready data."""
        figures = {}
        for figure in self.figures:
            shown: dict[str, Any] = {"value": round(figure.value, 6), "unit": figure.unit, "label": figure.label}
            if figure.target is not None:
                shown |= {"target": str(figure.target), "verdict": figure.verdict}
            figures[figure.key] = shown
        return {"title": self.title, "figures": figures, "notes": self.notes, "failed": self.failed, "detail": self.detail}


def quantile(values: Sequence[float], p: float) -> float:
    """The smallest of `values` that at least the share `p`, in (0, 1], of them does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(p * len(ordered)) - 1)]


def machine() -> dict[str, Any]:
    """What a reader must know of the machine; nothing that names it or its owner."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def print_table(console: Console, parts: Sequence[Part], heading: str) -> None:
    """All parts as one table, their notes beneath."""
    table = Table(title=escape(heading), title_justify="left", title_style="bold", show_lines=False)
    for column in ("figure", "value", "target", ""):
        table.add_column(column, justify="right" if column == "value" else "left", overflow="fold")
    for part in parts:
        table.add_section()
        table.add_row(f"[bold]{escape(part.title)}[/]", "", "", "")
        for figure in part.figures:
            target = "" if figure.target is None else f"{figure.target} {figure.unit}".rstrip()
            style = {"met": "[green]met[/]", "missed": "[red]missed[/]"}.get(figure.verdict, "")
            table.add_row(f"  {escape(figure.label)}", _value(figure), target, style)
        if part.failed is not None:
            table.add_row(f"  [red]not measured:[/] {escape(part.failed)}", "", "", "")
    console.print(table)
    for note in (note for part in parts for note in part.notes):
        console.print(f"  • {escape(note)}")


def _value(figure: Figure) -> str:
    size = abs(figure.value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 0.1 or size == 0 else 4
    return f"{figure.value:.{digits}f} {figure.unit}".rstrip()
