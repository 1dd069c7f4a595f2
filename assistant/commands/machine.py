"""Commands about this machine: devices, doctor, models."""

import dataclasses
import json
import logging
from typing import Annotated

import typer

from assistant.commands.options import ConfigFile, Json, progress_bar, settings

models_app = typer.Typer(help="The models: which there are, getting one, checking it.", no_args_is_help=True)


def devices(as_json: Json = False) -> None:
    """List the sound devices that `listen` can use."""
    from assistant.audio.devices import list_devices

    found = list_devices()
    if as_json:
        print(json.dumps([dataclasses.asdict(device) for device in found]))
        return
    for device in found:
        marks = [mark for mark, there in (("default input", device.is_default_input), ("loopback", device.is_loopback)) if there]
        print(f"{device.label}  in {device.input_channels} out {device.output_channels}" + (f"  [{', '.join(marks)}]" if marks else ""))


def doctor(
    hear: Annotated[float, typer.Option("--hear", min=0.0, help="Seconds to listen to microphone and loopback.")] = 0.0,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Say what is installed, which model, whether it can hear, and how fast it is here."""
    from rich.console import Console

    from assistant.doctor import Check, run_doctor

    console = Console(highlight=False)

    def show(check: Check) -> None:
        word = {True: "[green]ok     [/]", False: "[red]wrong  [/]", None: "[yellow]absent [/]"}[check.ok]
        console.print(f"{word} {check.name}: ", end="")
        console.print(check.what, markup=False)
        if check.mend and check.ok is not True:
            console.print(f"        mend: {check.mend}", markup=False)

    checks = run_doctor(settings(config), hear_s=hear, on_check=None if as_json else show)
    if as_json:
        print(json.dumps([dataclasses.asdict(check) for check in checks]))
    raise typer.Exit(1 if any(check.ok is False for check in checks) else 0)


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """Name every model, where it lies, and what it is for."""
    from assistant.weights.manifest import list_models

    found = list_models()
    if as_json:
        facts = [dataclasses.asdict(info) | {"path": None if info.path is None else str(info.path)} for info in found]
        print(json.dumps(facts))
        return
    for info in found:
        where = "bundled" if info.bundled else f"at {info.path}" if info.path else "not here: calmline models get " + info.name
        size = f", {info.size_bytes / 1e6:.0f} MB" if info.size_bytes else ""
        print(f"{info.name}  ({info.kind}{size}, {info.licence or 'licence unknown'})  {where}\n    {info.description}")


@models_app.command("get")
def models_get(
    name: Annotated[str, typer.Argument(help="A name that `calmline models list` shows.")],
    source: Annotated[str | None, typer.Option(help="Archive, folder, URL or mirror in place of the official place.")] = None,
    as_json: Json = False,
) -> None:
    """Download a model (or take an archive or folder), check it, unpack it."""
    from assistant.live.run import configure_logging
    from assistant.weights.getting import get

    configure_logging(logging.INFO)
    with progress_bar() as bar:
        task = bar.add_task(name, total=None)
        folder = get(name, source=source, progress=lambda done, total: bar.update(task, completed=done, total=total))
    print(json.dumps({"name": name, "path": str(folder)}) if as_json else f"{name} is at {folder}")


@models_app.command("verify")
def models_verify(
    name: Annotated[str, typer.Argument(help="A bundled or downloaded model.")],
    as_json: Json = False,
) -> None:
    """Check a model's files against the checksums that were recorded."""
    from assistant.weights.sums import verify

    report = verify(name)
    if as_json:
        print(json.dumps(dataclasses.asdict(report) | {"path": str(report.path), "ok": report.ok}))
    elif report.ok:
        print(f"{name}: {report.checked} files as recorded")
    elif not report.recorded:
        print(f"{name}: no checksums were recorded in {report.path}, so nothing could be checked")
    else:
        print(f"{name}: changed {list(report.changed)}, missing {list(report.missing)}: get it again")
    raise typer.Exit(0 if report.ok else 1)
