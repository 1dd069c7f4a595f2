"""A real server, `calmline serve` in a process of its own, and what it uses.

In: nothing but a free port. Out: its address, its CPU time and its memory over time.
"""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # ships no types

from scripts.benchmark.figures import NotMeasured

READY_S = 60.0
STOP_S = 15.0
SAMPLE_S = 0.2


def calmline(*arguments: str) -> list[str]:
    """The command line that runs the installed `calmline` with this Python."""
    script = Path(sys.executable).parent / "calmline"
    start = [str(script)] if script.is_file() else [sys.executable, "-c", "from assistant.cli import main; main()"]
    return [*start, *arguments]


def free_port() -> int:
    """A port on the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_ready(port: int) -> bool:
    """Whether the server at `port` says that it takes calls."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int, poll_s: float) -> None:
    """Returns when the server takes calls. Raises `NotMeasured` where it stops first or takes longer than `READY_S`."""
    until = time.monotonic() + READY_S
    while not is_ready(port):
        if process.poll() is not None:
            raise NotMeasured(f"the server stopped with code {process.returncode} before it was ready")
        if time.monotonic() > until:
            raise NotMeasured(f"the server was not ready after {READY_S:g} s")
        time.sleep(poll_s)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends the process, if need be by force."""
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Server:
    """A server that runs."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._process = psutil.Process(pid)

    def url(self, path: str) -> str:
        """A websocket address."""
        return f"ws://127.0.0.1:{self.port}{path}"

    @property
    def cpu_s(self) -> float:
        """CPU seconds used so far, all threads."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    @property
    def memory_mb(self) -> float:
        """Resident memory now, in MB of 1,000,000 bytes."""
        return float(self._process.memory_info().rss) / 1e6

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["Usage"]:
        """Watches the server for as long as the context lasts."""
        usage = Usage(memory_mb=[self.memory_mb])
        began, cpu_s, own_cpu_s = time.monotonic(), self.cpu_s, time.process_time()
        watching = asyncio.create_task(self._watch(usage))
        try:
            yield usage
        finally:
            watching.cancel()
            usage.wall_s = time.monotonic() - began
            usage.cpu_s = self.cpu_s - cpu_s
            usage.own_cpu_s = time.process_time() - own_cpu_s

    async def _watch(self, usage: "Usage") -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            usage.memory_mb.append(self.memory_mb)


class Usage:
    """What a server used over a while; `own_cpu_s` is what this process used, which plays the clients."""

    def __init__(self, memory_mb: list[float]) -> None:
        self.memory_mb = memory_mb
        self.wall_s = 0.0
        self.cpu_s = 0.0
        self.own_cpu_s = 0.0


@contextmanager
def serving() -> Iterator[Server]:
    """A fresh server with the settings as shipped. Raises `NotMeasured` where it does not come up."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(calmline("serve", "--port", str(port)), stdout=log, stderr=log)
        try:
            try:
                wait_until_ready(process, port, 0.05)
            except NotMeasured as broken:
                log.seek(0)
                raise NotMeasured(f"{broken}: {log.read()[-400:].decode(errors='replace')}") from broken
            yield Server(port, process.pid)
        finally:
            stop(process)
