"""What several commands share: options, settings, progress."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from assistant.config import Config

Json = Annotated[bool, typer.Option("--json", help="Print facts as JSON.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Settings, a TOML file (docs/operations.md).")]
IngestUrl = Annotated[str, typer.Option("--url", help="The server's ingest.")]
Token = Annotated[str | None, typer.Option(envvar="CALMLINE_TOKEN", help="Sent as a bearer token; better in the environment.")]
AgentName = Annotated[str | None, typer.Option("--agent", help="Whose overlay shows the call.")]

LOCAL_INGEST = "ws://127.0.0.1:8700/v1/ingest"


def settings(path: Path | None, host: str | None = None, port: int | None = None) -> "Config":
    """The settings of a file with what the command line says instead. Raises `ConfigError`."""
    import msgspec

    from assistant.config import load_config

    config = load_config(path)
    given = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return msgspec.structs.replace(config, server=msgspec.structs.replace(config.server, **given))


def progress_bar() -> "Progress":
    """A bar on standard error, so that what a command prints can be piped."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeRemainingColumn()
    return Progress(*columns, console=Console(stderr=True))


def clock(t_s: float) -> str:
    """Media time for people: 1:07."""
    return f"{int(t_s // 60)}:{int(t_s % 60):02d}"
