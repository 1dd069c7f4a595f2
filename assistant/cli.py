"""The command `calmline`: puts the commands together, and turns what went wrong into one line."""

import sys
from typing import Annotated

import typer

from assistant import __version__
from assistant.commands import live, machine, offline, policy
from assistant.errors import AssistantError

app = typer.Typer(
    help="Calmline: real-time call sentiment and de-escalation, on your own machines.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    live.demo,
    live.serve,
    live.stream,
    live.listen,
    machine.devices,
    machine.doctor,
    offline.score,
    offline.signals,
    offline.classify,
    offline.evaluate,
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(machine.models_app, name="models")
app.add_typer(policy.policy_app, name="policy")


def main() -> None:
    """Runs the command; what went wrong is one line on standard error, and exit status 1."""
    try:
        app()
    except AssistantError as wrong:
        print(f"calmline: {wrong}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to say.
        sys.stderr.close()
        sys.exit(0)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"calmline {__version__}")
        raise typer.Exit


@app.callback()
def root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False) -> None:
    """Calmline: real-time call sentiment and de-escalation, on your own machines."""
