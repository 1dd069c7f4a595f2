"""Calls scored by several processes on this machine. One that dies takes no call with it but the one it was at.

In: calls. Out: outcomes as they are finished, each with the number of its call. A process loads the models once.
"""

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from assistant.errors import AssistantError
from assistant.offline.outcomes import CallFailed, Outcome

# The models' libraries count their threads when they are imported: a worker imports them only after it has said "one".
if TYPE_CHECKING:
    from assistant.config import Config
    from assistant.offline.inputs import CallInput

LEAVE_S: Final = 5.0
"""A process whose end of the link is closed, or that was told to end, gets so long before it is made to."""


class _Worker:
    """One process, and the call that it is at."""

    def __init__(self, config: "Config", out: Path) -> None:
        # Spawned, not forked: a fork copies locks that threads of the models' libraries may hold.
        context = get_context("spawn")
        self.link, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._out = out
        self.number = -1
        self._name = ""
        self._send((config, out))

    def take(self, number: int, call: "CallInput") -> None:
        """The next call; the answer comes by `link`."""
        self.number, self._name = number, call.name
        self._send(call)

    def obituary(self) -> CallFailed:
        """What became of the call of a process that closed its end of `link`."""
        from assistant.offline.one_call import part_file

        self.leave()
        part_file(self._out, self._process.pid or 0).unlink(missing_ok=True)
        code = self._process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return CallFailed(self._name, f"the process that scored it {how}")

    def leave(self) -> None:
        """Ends a process that has no call to work on, and waits until it is gone."""
        self.link.close()
        self._process.join(LEAVE_S)
        self.stop()

    def stop(self) -> None:
        """Ends the process, whatever it is at, and waits until it is gone."""
        self.link.close()
        for end in (self._process.terminate, self._process.kill):
            if self._process.exitcode is None:
                end()
                self._process.join(LEAVE_S)

    def _send(self, message: object) -> None:
        # Where it is dead already, the end of `link` tells of it.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.link.send(message)


def score_in_processes(calls: Sequence["CallInput"], config: "Config", out: Path, workers: int) -> Iterator[tuple[int, Outcome]]:
    """Outcomes as they are finished, each with the place of its call in `calls`.

    Raises what a worker raised: `ModelLoadError` or `ConfigError`, with which no call could be scored. No process is left over,
    also where the caller stops early.
    """
    waiting = deque(enumerate(calls))
    at_work: dict[Connection, _Worker] = {}

    def put_to_work(worker: _Worker) -> None:
        worker.take(*waiting.popleft())
        at_work[worker.link] = worker

    try:
        for _ in range(min(workers, len(calls))):
            put_to_work(_Worker(config, out))
        while at_work:
            for link in wait(list(at_work)):
                assert isinstance(link, Connection)
                worker = at_work[link]
                outcome = _answer(worker)
                if outcome is None:
                    del at_work[link]
                    yield worker.number, worker.obituary()
                    if waiting:
                        put_to_work(_Worker(config, out))
                    continue
                yield worker.number, outcome
                if waiting:
                    put_to_work(worker)
                else:
                    del at_work[link]
                    worker.leave()
    finally:
        for worker in at_work.values():
            worker.stop()


def _answer(worker: _Worker) -> Outcome | None:
    """What a worker says of its call; None where it died. Raises what it raised."""
    try:
        answer: Outcome | AssistantError = worker.link.recv()
    except (EOFError, OSError):
        return None
    if isinstance(answer, AssistantError):
        raise answer
    return answer


def _serve(link: Connection) -> None:
    """A worker process: calls in, outcomes out, until the other end is closed."""
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    # An interrupt reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from assistant.offline.one_call import Scorer

    try:
        scorer = Scorer(*link.recv())
        while True:
            link.send(scorer.score(link.recv()))
    except AssistantError as wrong:
        link.send(wrong)
    except (EOFError, OSError):
        # The parent is done, or gone.
        return
