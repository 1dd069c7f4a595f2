"""Commands of live calls: demo, serve, stream, listen."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import LOCAL_INGEST, AgentName, ConfigFile, IngestUrl, Json, Token, progress_bar, settings

if TYPE_CHECKING:
    from rich.text import Text

    from assistant.audio.devices import Device
    from assistant.live.listen import Levels
    from assistant.timebase import Track


def demo(
    port: Annotated[int, typer.Option(help="Where to serve.")] = 8700,
    speed: Annotated[float, typer.Option(min=0.1, help="1 is as spoken, 2 twice as fast.")] = 1.0,
    headless: Annotated[bool, typer.Option("--headless", help="Print the agent's cards here; exit at the end of the call.")] = False,
    as_json: Json = False,
) -> None:
    """Play a bundled call through the live path and show the overlay."""
    from assistant.live import demo as play
    from assistant.live.run import configure_logging

    configure_logging(logging.WARNING)
    config = settings(None, port=port)
    asyncio.run(play.play_in_terminal(config, speed, as_json=as_json) if headless else play.play_in_browser(config, speed))


def serve(
    host: Annotated[str | None, typer.Option(help="Address to serve at [default: 127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve at [default: 8700].")] = None,
    config: ConfigFile = None,
) -> None:
    """Take live calls; serve overlay, board, events and API."""
    from assistant.live.run import configure_logging
    from assistant.live.run import serve as run_server

    configure_logging()
    wanted = settings(config, host, port)
    host_name = f"[{wanted.server.host}]" if ":" in wanted.server.host else wanted.server.host
    at = f"{host_name}:{wanted.server.port}"
    if wanted.server.host not in ("127.0.0.1", "localhost", "::1"):
        warning = f"calmline: warning: whoever reaches {at} can read the calls: put a proxy that asks who they are in front"
        print(warning, file=sys.stderr)
    asyncio.run(run_server(wanted, f"ready: board http://{at}/board, overlay http://{at}/overlay?agent=NAME, ingest ws://{at}/v1/ingest"))


def stream(
    recording: Annotated[Path, typer.Argument(help="A recording, two channels; or the caller's side, with --agent-channel FILE.")],
    url: IngestUrl = LOCAL_INGEST,
    token: Token = None,
    speed: Annotated[float, typer.Option(min=0.0, help="1 is as spoken, 0 as fast as the server takes it.")] = 1.0,
    agent_channel: Annotated[str, typer.Option(help="left, right, or the FILE of the agent's side.")] = "left",
    agent: AgentName = None,
    call_id: Annotated[str | None, typer.Option(help="The call's id; one is made otherwise.")] = None,
    as_json: Json = False,
) -> None:
    """Send a recording as a live call."""
    from assistant.audio.recordings import read_recording, recording_of
    from assistant.live.client import stream_call

    audio = read_recording(recording_of(recording, agent_channel))
    for notice in audio.notices:
        print(f"calmline: note: {notice}", file=sys.stderr)

    async def send() -> str:
        with progress_bar() as bar:
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

    sent_id = asyncio.run(send())
    print(json.dumps({"call_id": sent_id, "duration_s": round(audio.duration_s, 3)}) if as_json else f"sent as call {sent_id}")


def listen(
    agent_device: Annotated[str | None, typer.Option(help="The agent's microphone: number or part of its name.")] = None,
    caller_device: Annotated[str | None, typer.Option(help="The loopback of what the agent hears: number or part of its name.")] = None,
    url: IngestUrl = LOCAL_INGEST,
    token: Token = None,
    agent: AgentName = "me",
    duration_s: Annotated[float | None, typer.Option("--duration", help="Seconds of call; until Ctrl-C otherwise.")] = None,
    only: Annotated[str | None, typer.Option(help="agent or caller: send this side alone, where there is one device.")] = None,
    as_json: Json = False,
) -> None:
    """Send this desk's microphone and loopback as a live call."""
    import dataclasses

    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from assistant.errors import ConfigError
    from assistant.live.listen import run_listen

    if only is not None and only not in ("agent", "caller"):
        raise ConfigError(f"--only is agent or caller, not {only}")
    console = Console(stderr=True, highlight=False)
    with Live(Text("opening the devices"), console=console, refresh_per_second=8) as screen:

        def started(call_id: str, devices: "dict[Track, Device]") -> None:
            console.print(f"live as call {call_id}; Ctrl-C ends it")
            for track, device in devices.items():
                console.print(f"{track:>11}: {device.label}", markup=False)

        totals = asyncio.run(
            run_listen(
                _device(agent_device),
                _device(caller_device),
                url,
                agent,
                duration_s,
                lambda levels: screen.update(_meters(levels)),
                only=only,  # type: ignore[arg-type]  # checked above
                token=token,
                on_start=started,
            )
        )
    if as_json:
        print(json.dumps(dataclasses.asdict(totals)))
        return
    print(f"call {totals.call_id}: {totals.duration_s:.1f} s")
    for note in totals.notes:
        print(f"note: {note}")


def _device(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdigit() else text


def _meters(levels: "Levels") -> "Text":
    from rich.text import Text

    bars = []
    for track, db in levels.rms_db.items():
        filled = round(max(0.0, min(1.0, (db + 60) / 60)) * 20)
        bars.append(f"{track:>11} {'█' * filled}{'·' * (20 - filled)} {db:4.0f} dB")
    return Text(f"{levels.at_s:6.1f} s  " + "   ".join(bars))
