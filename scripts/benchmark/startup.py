"""How long a person waits at the start: each in a fresh process, from its start, the interpreter's own start included.

In: nothing. Out: wall seconds, the median of some runs.
"""

import statistics
import subprocess
import sys
import time

from scripts.benchmark.figures import NotMeasured, Part, Target, Tick
from scripts.benchmark.server import calmline, free_port, stop, wait_until_ready


def measure_startup(quick: bool, tick: Tick) -> list[Part]:
    """`import assistant`, `calmline --help`, and the demo until it takes calls."""
    runs = 3 if quick else 5
    part = Part("startup", f"Start-up, wall time, median of {runs}")
    imports, helps, demos = [], [], []
    for run in range(runs):
        imports.append(_wall_s([sys.executable, "-c", "import assistant"]))
        helps.append(_wall_s(calmline("--help")))
        demos.append(_demo_ready_s())
        tick((run + 1) / runs)
    part.add("import_s", "import assistant", statistics.median(imports), "s", Target(0.3, below=True))
    part.add("help_s", "calmline --help", statistics.median(helps), "s", Target(0.5, below=True))
    part.add("demo_ready_s", "calmline demo until it takes calls", statistics.median(demos), "s", Target(3.0))
    part.detail = {"import_s": imports, "help_s": helps, "demo_ready_s": demos}
    return [part]


def _wall_s(command: list[str]) -> float:
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise NotMeasured(f"{command[-1]} ended with code {done.returncode}")
    return time.perf_counter() - began


def _demo_ready_s() -> float:
    port = free_port()
    command = calmline("demo", "--headless", "--speed", "50", "--port", str(port))
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until_ready(process, port, 0.01)
        return time.perf_counter() - began
    finally:
        stop(process)
