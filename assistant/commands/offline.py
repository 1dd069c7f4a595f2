"""Commands of recordings and text: score, signals, classify, evaluate."""

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import ConfigFile, Json, clock, progress_bar, settings


def score(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Recordings, X_agent/X_caller pairs, folders, timed transcripts.")],
    out: Annotated[Path, typer.Option(help="Folder for one JSON document a call.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    engine: Annotated[str, typer.Option(help="local.")] = "local",
    formats: Annotated[str, typer.Option("--format", help="json.")] = "json",
    report: Annotated[bool, typer.Option("--report", help="Write an HTML report (not built yet).")] = False,
    agent_channel: Annotated[str, typer.Option(help="The agent's side of two-channel recordings: left or right.")] = "left",
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Score recordings and transcripts with the engine that hears live calls."""
    from assistant.offline.outcomes import CallFailed, CallScored, Progress
    from assistant.offline.score import run_score

    with progress_bar() as bar:
        task = bar.add_task("scoring", total=None)

        def show(progress: Progress) -> None:
            bar.update(task, total=progress.calls, completed=progress.finished)
            match progress.latest:
                case CallScored() as scored:
                    step = f", ladder: {scored.ladder_step.replace('_', ' ')}" if scored.ladder_step else ""
                    bar.console.print(
                        f"{scored.name}: {clock(scored.duration_s)}, peak heat {scored.peak_heat:.0f}{step}", highlight=False, markup=False
                    )
                case CallFailed() as failed:
                    bar.console.print(f"{failed.name}: failed", highlight=False, markup=False)
                case None:
                    pass

        summary = run_score(
            paths,
            out,
            workers=workers,
            engine=engine,
            formats=[one.strip() for one in formats.split(",") if one.strip()],
            report=report,
            agent_channel=agent_channel,
            config=settings(config),
            progress=show,
        )
    if as_json:
        print(json.dumps(dataclasses.asdict(summary)))
    else:
        for note in summary.notes:
            print(f"note: {note}")
        for name, why in summary.failed:
            print(f"failed: {name}: {why}")
        print(f"{len(summary.done)} calls scored, {len(summary.failed)} failed; {summary.audio_s:.0f} s of audio in {summary.wall_s:.1f} s")
        if summary.exit_code == 2:
            print("there was nothing to score: no recording and no transcript in what was named")
    raise typer.Exit(summary.exit_code)


def signals(
    path: Annotated[Path, typer.Argument(metavar="CALL", help="A recording, or a timed transcript.")],
    agent_channel: Annotated[str, typer.Option(help="The agent's side of a two-channel recording: left or right.")] = "left",
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Show what one call told: who talked over whom, cues, raised voices, heat and advice, as a timeline."""
    from rich.console import Console

    from assistant.audio.recordings import SIDES
    from assistant.errors import ConfigError
    from assistant.offline.inputs import find_calls
    from assistant.offline.one_call import Scorer
    from assistant.offline.timeline import render, timeline

    if agent_channel not in SIDES:
        raise ConfigError(f"--agent-channel is left or right, not {agent_channel}")
    nowhere = path.parent / ".calmline-none"  # nothing is written
    found = find_calls([path], nowhere, SIDES[agent_channel])
    for name, why in found.failed:
        raise ConfigError(f"{name}: {why}")
    if len(found.calls) != 1:
        raise ConfigError(f"{path}: holds {len(found.calls)} calls, and a timeline is of one")
    rows = timeline(Scorer(settings(config), nowhere).events(found.calls[0]))
    if as_json:
        print(json.dumps([dataclasses.asdict(row) for row in rows]))
    else:
        render(rows, Console(highlight=False))


def classify(
    model: Annotated[str | None, typer.Option(help="A checkpoint folder in place of the bundled classifier.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Texts judged at once.")] = 32,
) -> None:
    """Judge texts on standard input, one a line or JSON lines, for hostility; print JSON lines in the same order."""
    from assistant.config import ModelSettings
    from assistant.engine import load_hostility
    from assistant.signals.hostility import classify_stream

    classify_stream(sys.stdin.buffer, sys.stdout, load_hostility(ModelSettings(hostility=model)), batch, threads=os.cpu_count() or 1)


def evaluate(
    model: Annotated[str | None, typer.Option(help="A checkpoint folder in place of the bundled classifier.")] = None,
    corpus: Annotated[Path | None, typer.Option(help="A corpus folder; the bundled one otherwise.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the public sets of ordinary calls (docs/evaluation.md).")] = None,
    picture: Annotated[Path | None, typer.Option(help="Write the calibration as a picture, SVG, to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the classifier on test splits that were never trained or tuned on."""
    from assistant.config import ModelSettings
    from assistant.engine import load_hostility
    from assistant.signals.hostility import bundled_folder
    from assistant.signals.hostility.evaluate import evaluate as measure
    from assistant.signals.hostility.report import as_picture, as_text

    report = measure(load_hostility(ModelSettings(hostility=model)), corpus=corpus or bundled_folder() / "corpus", data=data)
    if picture is not None:
        picture.write_text(as_picture(report), "utf-8")
    print(json.dumps(report) if as_json else as_text(report))
