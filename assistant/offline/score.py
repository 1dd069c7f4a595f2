"""`calmline score`: recordings and transcripts in, one JSON document a call out, by the engine that hears live calls.

A call that cannot be scored is told of at the end and stops nothing.
"""

import time
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from assistant.audio.recordings import SIDES
from assistant.config import Config
from assistant.errors import ConfigError
from assistant.offline.inputs import NAMED_IN_A_NOTE, CallInput, find_calls
from assistant.offline.one_call import Scorer
from assistant.offline.outcomes import CallFailed, CallScored, OnProgress, Outcome, Progress, ScoreSummary
from assistant.offline.workers import score_in_processes

ENGINES: Final = ("local",)
FORMATS: Final = ("json",)


def run_score(
    paths: Sequence[Path],
    out: Path,
    *,
    workers: int = 1,
    engine: str = "local",
    formats: Sequence[str] = FORMATS,
    report: bool = False,
    agent_channel: str = "left",
    config: Config | None = None,
    progress: OnProgress | None = None,
) -> ScoreSummary:
    """Scores every call in `paths` and writes `out`/<name>.json for each; documents that are there already are replaced.

    Args:
        paths: recordings, pairs, folders (searched with all below) and timed transcripts.
        out: the folder for the documents; made if it is not there.
        workers: processes, at least 1; with 1 the work is done in this one.
        engine: `local`.
        formats: `json`.
        report: not built yet; False.
        agent_channel: the agent's side of two-channel recordings, `left` or `right`.
        config: the settings; None for the defaults.
        progress: called once before the first call and after each, in this thread.

    Raises:
        ConfigError: an argument or a setting is wrong, or `out` cannot be a folder.
        ModelLoadError: a model that the calls need is missing or broken.
    """
    began = time.perf_counter()
    if engine not in ENGINES:
        raise ConfigError(f"--engine {engine}: not there yet; --engine local works")
    for wanted in formats:
        if wanted not in FORMATS:
            raise ConfigError(f"--format {wanted}: not there yet; --format json works")
    if not formats:
        raise ConfigError("--format: names no format; --format json works")
    if report:
        raise ConfigError("--report: not there yet; leave it out, and each call's JSON document is written")
    if workers < 1:
        raise ConfigError(f"--workers is at least 1, not {workers}")
    if agent_channel not in SIDES:
        raise ConfigError(f"--agent-channel is left or right, not {agent_channel}")
    settings = config if config is not None else Config()
    settings.call_settings()
    found = find_calls(paths, out, SIDES[agent_channel])
    if found.calls:
        _make_folder(out)
    outcomes: dict[int, Outcome] = {}
    if progress is not None:
        progress(Progress(0, len(found.calls)))
    # Closed at once, so that no worker outlives an error or an interrupt.
    with closing(_outcomes(found.calls, settings, out, workers)) as finished:
        for number, outcome in finished:
            outcomes[number] = outcome
            if progress is not None:
                progress(Progress(len(outcomes), len(found.calls), outcome))
    in_order = [outcomes[number] for number in range(len(found.calls))]
    done = tuple(outcome for outcome in in_order if isinstance(outcome, CallScored))
    failed = tuple((outcome.name, _why(outcome, out)) for outcome in in_order if isinstance(outcome, CallFailed))
    return ScoreSummary(
        done=done,
        failed=(*found.failed, *failed),
        notes=(*found.notes, *_gathered(done)),
        audio_s=round(sum(call.duration_s for call in done if call.from_audio), 3),
        wall_s=round(time.perf_counter() - began, 3),
    )


def _why(failed: CallFailed, out: Path) -> str:
    earlier = out / f"{failed.name}.json"
    return f"{failed.why}; {earlier.name} is of an earlier run" if earlier.is_file() else failed.why


def _gathered(done: Sequence[CallScored]) -> list[str]:
    """What is to be said about calls; what holds for many is said once."""
    names: dict[str, list[str]] = {}
    for call in done:
        for note in call.notes:
            names.setdefault(note, []).append(call.name)
    return [f"{', '.join(of) if len(of) <= NAMED_IN_A_NOTE else f'{len(of)} calls'}: {note}" for note, of in names.items()]


def _outcomes(calls: Sequence[CallInput], config: Config, out: Path, workers: int) -> Generator[tuple[int, Outcome], None, None]:
    if workers == 1:
        scorer = Scorer(config, out)
        yield from ((number, scorer.score(call)) for number, call in enumerate(calls))
    else:
        yield from score_in_processes(calls, config, out, workers)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as broken:
        raise ConfigError(f"--out {out}: cannot be a folder for the documents ({broken.strerror})") from broken
