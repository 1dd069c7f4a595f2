"""`calmline policy replay`: stored calls under two policies, by several processes.

In: files of call documents, two policies. Out: each call compared, in the order of the files; what could not be read, and why.
Needs no model and no audio. A worker is given a handful of files at once, for a call takes it some milliseconds.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.guidance.compare import Compared, compare, totals
from assistant.guidance.policy import Policy
from assistant.offline.documents import DocumentError, find_documents, read_document
from assistant.offline.inputs import printable

FILES_AT_ONCE = 16

Outcome = Compared | tuple[str, str]
"""A call, or a file and why it was passed over."""


class ReplayFailed(AssistantError):
    """The batch as a whole came to nothing."""


@dataclass(frozen=True)
class Replayed:
    """A whole batch."""

    old: str
    new: str
    calls: tuple[Compared, ...]
    passed_over: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """1 only where no call could be read."""
        return 0 if self.calls else 1

    @property
    def advised_by_others(self) -> dict[str, int]:
        """The versions besides `old` under which calls were advised when they were live, and how many."""
        versions = [one.advised_by for one in self.calls if one.advised_by != self.old]
        return {version: versions.count(version) for version in sorted(set(versions))}

    def totals(self) -> dict[str, Any]:
        """The figures of all calls."""
        return totals(self.calls)


def run_replay(
    paths: Sequence[Path], old: Policy, new: Policy, workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> Replayed:
    """Every call in `paths` under both policies. `progress` is told how many files of how many are done."""
    files, missing = find_documents(paths)
    calls: list[Compared] = []
    passed_over = list(missing)
    if progress is not None:
        progress(0, len(files))
    for number, outcome in enumerate(_outcomes(files, old, new, workers), 1):
        if isinstance(outcome, Compared):
            calls.append(outcome)
        else:
            passed_over.append(outcome)
        if progress is not None:
            progress(number, len(files))
    return Replayed(old.version, new.version, tuple(calls), tuple(passed_over))


def replay_file(file: Path, old: Policy, new: Policy) -> Outcome:
    """One call; whatever is wrong with its document is its outcome."""
    try:
        stored = read_document(file)
        call = stored.call
        return compare(printable(call.name or file.stem), stored.beliefs, call.duration_s, call.policy, old, new)
    except DocumentError as wrong:
        return printable(str(file)), printable(str(wrong))
    except Exception as unforeseen:  # a call is a task: the others go on
        # The place and the kind alone: an error's text may quote what a caller said.
        place = traceback.extract_tb(unforeseen.__traceback__)[-1]
        return printable(str(file)), f"cannot be advised anew: {type(unforeseen).__name__} at {Path(place.filename).name}:{place.lineno}"


def _outcomes(files: Sequence[Path], old: Policy, new: Policy, workers: int) -> Iterator[Outcome]:
    batches = [files[begin : begin + FILES_AT_ONCE] for begin in range(0, len(files), FILES_AT_ONCE)]
    if workers == 1 or len(batches) < 2:
        yield from (replay_file(file, old, new) for file in files)
        return
    # Spawned, not forked: a fork copies locks that threads may hold.
    pool = ProcessPoolExecutor(min(workers, len(batches)), get_context("spawn"), _begin, (old, new))
    try:
        for outcomes in pool.map(_replay_batch, batches):
            yield from outcomes
    except BrokenProcessPool as broken:
        raise ReplayFailed("a process that replayed calls was killed; try fewer --workers") from broken
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_policies: list[Policy] = []
"""Of a worker process: the old one and the new one."""


def _begin(old: Policy, new: Policy) -> None:
    _policies[:] = [old, new]


def _replay_batch(files: Sequence[Path]) -> list[Outcome]:
    old, new = _policies
    return [replay_file(file, old, new) for file in files]
