"""The demo: a server, a bundled call played through its own ingest, and the overlay, in a browser or in the terminal."""

import asyncio
import os
import sys
import webbrowser
from importlib import resources
from pathlib import Path
from typing import Final

import uvicorn
from rich.console import Console
from rich.panel import Panel
from rich.text import Text
from websockets.asyncio.client import ClientConnection, connect

from assistant.audio.recordings import CallAudio, Recording, read_recording
from assistant.config import Config
from assistant.events import (
    AnyEvent,
    CallEnded,
    CallStarted,
    CardShown,
    HeatChanged,
    Interruption,
    LadderMoved,
    Reason,
    StageDegraded,
    Utterance,
    WarningGiven,
    decode,
)
from assistant.live.client import stream_call
from assistant.live.run import running

AGENT: Final = "demo"
WAIT_FOR_VIEWER_S: Final = 10.0


def demo_audio() -> CallAudio:
    """The bundled call: (n, 2) int16 at 8 kHz, agent and caller, both synthetic voices."""
    with resources.as_file(resources.files("assistant") / "data" / "demo_call.flac") as path:
        return read_recording(Recording("demo", file=Path(path)))


async def play_in_terminal(config: Config, speed: float, *, as_json: bool) -> None:
    """Plays the call once and prints what the agent would see; returns at the end of the call."""
    console = Console()
    host, port = config.server.host, config.server.port
    async with running(config), connect(f"ws://{host}:{port}/v1/agents/{AGENT}/events", max_queue=None, proxy=None) as stream:
        playing = asyncio.create_task(stream_call(f"ws://{host}:{port}/v1/ingest", demo_audio(), speed=speed, agent=AGENT))
        showing = asyncio.create_task(_show(stream, None if as_json else console))
        try:
            # A call that is refused has no end to wait for.
            for done in asyncio.as_completed((playing, showing)):
                await done
        finally:
            playing.cancel()
            showing.cancel()


async def _show(stream: ClientConnection, console: Console | None) -> None:
    """Prints the events of one call, as JSON lines where there is no `console`."""
    async for message in stream:
        event = decode(message)
        if console is None:
            print(message if isinstance(message, str) else message.decode(), flush=True)
        else:
            _print(console, event)
        if isinstance(event, CallEnded):
            return


async def play_in_browser(config: Config, speed: float) -> None:
    """Serves, plays the call when the overlay is opened (or after a while), and once more at each press of Enter."""
    host, port = config.server.host, config.server.port
    overlay, board = f"http://{host}:{port}/overlay?agent={AGENT}", f"http://{host}:{port}/board"
    async with running(config) as (server, node):
        print(f"overlay  {overlay}\nboard    {board}\nThe call begins when the overlay is opened. Ctrl-C stops.", flush=True)
        if _has_screen():
            await asyncio.to_thread(webbrowser.open, overlay)
            await asyncio.to_thread(webbrowser.open, board)
        stopping = asyncio.create_task(_stopping(server))
        watching = asyncio.create_task(node.hub.agent(AGENT).watched())
        await asyncio.wait({stopping, watching}, timeout=WAIT_FOR_VIEWER_S, return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        audio = demo_audio()
        while not stopping.done():
            print(f"playing the call, {audio.duration_s / speed if speed else 0:.0f} seconds", flush=True)
            playing = asyncio.create_task(stream_call(f"ws://{host}:{port}/v1/ingest", audio, speed=speed, agent=AGENT))
            await asyncio.wait({stopping, playing}, return_when=asyncio.FIRST_COMPLETED)
            if stopping.done():
                playing.cancel()
                break
            await playing
            print("the call is over; Enter plays it again, Ctrl-C stops", flush=True)
            await asyncio.wait({stopping, _enter()}, return_when=asyncio.FIRST_COMPLETED)


async def _stopping(server: uvicorn.Server) -> None:
    while not server.should_exit:
        await asyncio.sleep(0.1)


def _enter() -> asyncio.Future[None]:
    """Done when a person presses Enter; never where there is no terminal."""
    loop = asyncio.get_running_loop()
    pressed: asyncio.Future[None] = loop.create_future()
    if sys.stdin.isatty():

        def read() -> None:
            sys.stdin.readline()
            loop.remove_reader(sys.stdin)
            if not pressed.done():
                pressed.set_result(None)

        loop.add_reader(sys.stdin, read)
    return pressed


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _print(console: Console, event: AnyEvent) -> None:
    clock = f"{int(event.t_s // 60)}:{event.t_s % 60:04.1f}"
    match event:
        case CallStarted():
            for notice in event.notices:
                console.print(f"[bold]note[/] {notice}")
        case Utterance():
            console.print(Text(f"{clock}  {event.track:>7}: {event.text}", style="dim"))
        case HeatChanged():
            trend = "rising" if event.trend > 3 else "falling" if event.trend < -3 else "steady"
            console.print(Text(f"{clock}  heat {event.heat:.0f} {event.level}, {trend}"))
        case Interruption(kind="competitive"):
            how = "cut off" if event.cut_off else "talked over"
            console.print(Text(f"{clock}  the {event.by} {how} the {event.of}"))
        case CardShown():
            lines = [Text(event.say, style="bold"), *(Text(_because(reason), style="dim") for reason in event.reasons)]
            console.print(Panel(Text("\n").join(lines), title=f"{clock}  {event.title}", title_align="left"))
        case LadderMoved():
            console.print(Text(f"{clock}  ladder: {event.step.replace('_', ' ')} ({event.kind.replace('_', ' ')})"))
        case WarningGiven():
            console.print(Text(f"{clock}  the warning was given ({event.how})"))
        case StageDegraded():
            console.print(Text(f"{clock}  {event.stage}: {event.why}", style="bold"))
        case CallEnded():
            console.print(Text(f"{clock}  the call is over ({event.why})"))
        case _:
            pass


def _because(reason: Reason) -> str:
    when = "" if reason.start_s is None else f" at {int(reason.start_s // 60)}:{reason.start_s % 60:02.0f}"
    return f"because: {reason.what}{when}" + (f', "{reason.quote}"' if reason.quote else "")
