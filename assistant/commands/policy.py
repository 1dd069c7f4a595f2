"""Commands of the policy file: check, schema, explain, replay."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import ConfigFile, Json, clock, progress_bar, settings

if TYPE_CHECKING:
    from assistant.guidance.policy import Policy
    from assistant.offline.documents import Stored

PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A policy file; otherwise that of the settings, or the bundled one.")]
Team = Annotated[str | None, typer.Option(help="This team's policy.")]
Language = Annotated[str | None, typer.Option(help="The policy in this language, as de.")]


policy_app = typer.Typer(help="The policy file: what is advised, from which evidence.", no_args_is_help=True)


@policy_app.command("check")
def check(
    file: Annotated[Path | None, typer.Argument(help="A policy file; the bundled one otherwise.")] = None,
    team: Annotated[str | None, typer.Option(help="Check this team's policy; every team's otherwise.")] = None,
    language: Annotated[str | None, typer.Option(help="Check it in this language, as de; in each of the file's otherwise.")] = None,
    as_json: Json = False,
) -> None:
    """Read a policy file and name what is wrong in it: file, line, field and mend, a line for each."""
    from assistant.guidance.policy_faults import Fault, PolicyFaults
    from assistant.guidance.policy_file import open_policy

    faults: Sequence[Fault] = ()
    try:
        book = open_policy(file)
        if team is None and language is None:
            faults = tuple(book.faults())
        if not faults:
            policy = book.policy(team, language)
    except PolicyFaults as broken:
        faults = broken.faults
    if faults:
        told = {"ok": False, "faults": [dataclasses.asdict(fault) for fault in faults]}
        print(json.dumps(told) if as_json else PolicyFaults(list(faults)))
        raise typer.Exit(1)
    facts = {
        "ok": True,
        "version": policy.version,
        "cards": sorted(policy.cards),
        "rules": [rule.id for rule in policy.rules],
        "teams": book.teams,
        "languages": book.languages,
    }
    counts = f"{len(policy.cards)} cards, {len(policy.rules)} rules"
    names = f"teams: {', '.join(book.teams) or 'none'}; languages: {', '.join(book.languages)}"
    print(json.dumps(facts) if as_json else f"policy {policy.version} is in order: {counts}; {names}")


@policy_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from assistant.guidance.policy_schema import schema_text

    print(schema_text(), end="")


@policy_app.command("explain")
def explain(
    call: Annotated[Path, typer.Argument(metavar="CALL.json", help="A document that `calmline score` or the API wrote.")],
    policy: PolicyFile = None,
    team: Team = None,
    language: Language = None,
    every: Annotated[bool, typer.Option("--every", help="Also each time that a rule came close, not only the closest.")] = False,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Say why each card of a recorded call came, and why the likely others did not."""
    import msgspec
    from rich.console import Console

    from assistant.guidance.explain import explain as explained
    from assistant.offline.documents import DocumentError, read_document
    from assistant.offline.explained import as_text
    from assistant.offline.inputs import printable

    chosen = _policy(policy, config, team, language)
    try:
        stored = read_document(call)
    except DocumentError as wrong:
        raise DocumentError(f"{printable(str(call))} {printable(str(wrong))}") from wrong
    explanation = explained(chosen, stored.beliefs, stored.call.duration_s)
    notes = _notes(stored, chosen.version, [(came.t_s, came.card) for came in explanation.came])
    if as_json:
        print(json.dumps({"call": stored.call.name, "advised_by": stored.call.policy, "notes": notes, **msgspec.to_builtins(explanation)}))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{printable(stored.call.name)}, {clock(stored.call.duration_s)}, under policy {chosen.version}", markup=False)
    for note in notes:
        console.print(f"note: {note}", markup=False)
    for line in as_text(explanation, every=every):
        console.print(line)


@policy_app.command("replay")
def replay(
    calls: Annotated[list[Path], typer.Argument(metavar="CALLS...", help="Documents, or folders of them.")],
    policy: Annotated[Path, typer.Option(help="The new policy file.")],
    against: Annotated[Path | None, typer.Option(help="The old one; otherwise that of the settings, or the bundled one.")] = None,
    team: Team = None,
    language: Language = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    config: ConfigFile = None,
    as_json: Json = False,
) -> None:
    """Show what a changed policy would have advised on recorded calls, without their audio."""
    from rich.console import Console

    from assistant.offline import replayed as output
    from assistant.offline.replaying import run_replay

    new, old = _policy(policy, None, team, language), _policy(against, config, team, language)
    with progress_bar() as bar:
        task = bar.add_task("replaying", total=None)
        done = run_replay(calls, old, new, workers, lambda number, total: bar.update(task, completed=number, total=total))
    if as_json:
        print(json.dumps(output.as_json(done)))
        raise typer.Exit(done.exit_code)
    console = Console(highlight=False, soft_wrap=True)
    for file, why in done.passed_over:
        console.print(f"passed over: {file}: {why}", markup=False)
    if done.calls:
        console.print(f"old: {done.old}    new: {done.new}", markup=False)
        for version, count in done.advised_by_others.items():
            console.print(f"note: {count} calls were advised under {version} when they were live, not under {done.old}", markup=False)
        for line in output.by_call(done):
            console.print(line)
        console.print(output.figures(done))
    facts = done.totals()
    differ, read, over = facts["calls_that_differ"], facts["calls"], len(done.passed_over)
    console.print(f"{read} calls replayed, {differ} would differ, {over} passed over")
    raise typer.Exit(done.exit_code)


def _policy(file: Path | None, config: Path | None, team: str | None, language: str | None) -> "Policy":
    """The policy at `file`; else that of the settings, or the bundled one. Raises `ConfigError`."""
    from assistant.guidance.policy_file import load_policy

    named = settings(config).policy if file is None else None
    return load_policy(Path(named) if named is not None else file, team=team, language=language)


def _notes(stored: "Stored", version: str, came: list[tuple[float, str]]) -> list[str]:
    """What a reader must know before believing that this is what the agent saw."""
    if stored.call.policy != version:
        return [f"this call was advised under policy {stored.call.policy}, not under {version}: the agent saw what that one advised"]
    if [(card.t_s, card.card) for card in stored.guidance] != came:
        return ["the agent saw other cards than these: the policy, or Calmline itself, was changed without a new version"]
    return []
