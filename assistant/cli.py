"""The command `calmline`. Thin: each command imports what it runs, so that `--help` is quick."""

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant import __version__
from assistant.errors import AssistantError

app = typer.Typer(
    help="Calmline: real-time call sentiment and de-escalation, on your own machines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="The models: which there are, getting one, checking it.", no_args_is_help=True)
policy_app = typer.Typer(help="The policy file: what is advised, from which evidence.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(policy_app, name="policy")

Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Settings, a TOML file (docs/operations.md).")]


def main() -> None:
    """Runs the command; what went wrong is one line on standard error."""
    try:
        app(standalone_mode=True)
    except AssistantError as wrong:
        print(f"calmline: {wrong}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"calmline {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Calmline: real-time call sentiment and de-escalation, on your own machines."""


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def _config(path: Path | None, host: str | None = None, port: int | None = None) -> Any:
    import msgspec

    from assistant.config import load_config

    config = load_config(path)
    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return msgspec.structs.replace(config, server=msgspec.structs.replace(config.server, **given))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Where to serve.")] = 8700,
    speed: Annotated[float, typer.Option(min=0.1, help="1 is as spoken, 2 twice as fast.")] = 1.0,
    headless: Annotated[bool, typer.Option("--headless", help="Print the agent's cards here; exit at the end of the call.")] = False,
    as_json: Json = False,
) -> None:
    """Play a bundled call through the live path and show the overlay."""
    import logging

    from assistant.live import demo as play
    from assistant.live.run import configure_logging

    configure_logging(logging.WARNING)
    config = _config(None, port=port)
    _run(play.play_in_terminal(config, speed, as_json=as_json) if headless else play.play_in_browser(config, speed))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to serve at [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve at [default: 8700].")] = None,
    config: ConfigFile = None,
) -> None:
    """Take live calls; serve overlay, board, events and API."""
    from assistant.live.run import configure_logging
    from assistant.live.run import serve as run_server

    configure_logging()
    settings = _config(config, host, port)
    server = settings.server
    if server.host not in ("127.0.0.1", "localhost", "::1"):
        print(
            f"calmline: warning: serving at {server.host}, and whoever reaches it can read the calls: "
            "put a proxy that asks who they are in front (docs/operations.md)",
            file=sys.stderr,
        )
    base = f"http://{server.host}:{server.port}"
    _run(
        run_server(
            settings, f"ready: board {base}/board, overlay {base}/overlay?agent=NAME, ingest ws://{server.host}:{server.port}/v1/ingest"
        )
    )


@app.command()
def stream(
    recording: Annotated[Path, typer.Argument(help="A recording, two channels; or the caller's, with --agent-channel FILE.")],
    url: Annotated[str, typer.Option(help="The server's ingest.")] = "ws://127.0.0.1:8700/v1/ingest",
    token: Annotated[str | None, typer.Option(envvar="CALMLINE_TOKEN", help="Sent as a bearer token; better in the environment.")] = None,
    speed: Annotated[float, typer.Option(min=0.0, help="1 is as spoken, 0 as fast as the server takes it.")] = 1.0,
    agent_channel: Annotated[str, typer.Option(help="left, right, or the FILE of the agent's side.")] = "left",
    agent: Annotated[str | None, typer.Option(help="Whose overlay shows the call.")] = None,
    call_id: Annotated[str | None, typer.Option(help="The call's id; one is made otherwise.")] = None,
    as_json: Json = False,
) -> None:
    """Send a recording as a live call."""
    from assistant.audio.recordings import read_recording, recording_of
    from assistant.live.client import stream_call

    audio = read_recording(recording_of(recording, agent_channel))

    async def send() -> str:
        with _progress() as bar:
            task = bar.add_task(recording.name, total=audio.duration_s)
            return await stream_call(
                url,
                audio,
                speed=speed,
                agent=agent,
                call_id=call_id,
                token=token,
                progress=lambda sent_s: bar.update(task, completed=sent_s),
            )

    sent_id = _run(send())
    print(json.dumps({"call_id": sent_id, "duration_s": round(audio.duration_s, 3)}) if as_json else f"sent as call {sent_id}")


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=False,
    )


@policy_app.command("check")
def policy_check(
    file: Annotated[Path | None, typer.Argument(help="A policy file; the bundled one otherwise.")] = None,
    as_json: Json = False,
) -> None:
    """Read a policy file and name what is wrong in it."""
    from assistant.guidance.policy import load_policy

    policy = load_policy(file)
    facts = {"version": policy.version, "cards": sorted(policy.cards)}
    print(json.dumps(facts) if as_json else f"policy {policy.version} is in order: {len(policy.cards)} cards")
