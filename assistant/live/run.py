"""Runs the server: logging, uvicorn, and the wait until it is ready."""

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
import uvicorn

from assistant.config import Config
from assistant.engine import load_models
from assistant.errors import ConfigError, ModelLoadError
from assistant.live.ingest.plain import MAX_MESSAGE_BYTES
from assistant.live.server import ModelLoader, Node, create_app

STOP_S = 5


def configure_logging(level: int = logging.INFO) -> None:
    """Structured lines on standard error: for people on a terminal, JSON elsewhere. Never a word that a caller spoke."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def make_server(config: Config, loader: ModelLoader = load_models) -> uvicorn.Server:
    """A uvicorn server for these settings.

    The websocket layer takes somewhat larger messages than the ingest: where it refuses one itself it cuts the line in the midst of
    it, and the peer may never see why.
    """
    return uvicorn.Server(
        uvicorn.Config(
            create_app(config, loader),
            host=config.server.host,
            port=config.server.port,
            log_level="warning",
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=4 * MAX_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            timeout_graceful_shutdown=STOP_S,
        )
    )


def check_port(config: Config) -> None:
    """Raises `ConfigError` where the port is taken, before anything is loaded."""
    family = socket.AF_INET6 if ":" in config.server.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.server.host, config.server.port))
        except OSError as taken:
            raise ConfigError(
                f"cannot serve at {config.server.host}:{config.server.port} ({taken.strerror}); choose another with --port"
            ) from taken


@asynccontextmanager
async def running(config: Config, loader: ModelLoader = load_models) -> AsyncIterator[tuple[uvicorn.Server, Node]]:
    """A server in this event loop, ready to take calls. Raises `ConfigError` on a taken port, `ModelLoadError` on a model."""
    check_port(config)
    server = make_server(config, loader)
    node: Node = server.config.app.state.node  # type: ignore[union-attr]
    _mind_hangups(server, node)
    serving = asyncio.create_task(server.serve())
    try:
        while not (server.started and (node.centre is not None or node.broken is not None)):
            if serving.done():
                await serving
                raise ConfigError("the server stopped before it was ready")
            await asyncio.sleep(0.02)
        if node.broken is not None:
            raise ModelLoadError(node.broken)
        yield server, node
    finally:
        server.should_exit = True
        await serving


def _mind_hangups(server: uvicorn.Server, node: Node) -> None:
    """SIGHUP has the policy file read at once; where it says that the terminal was closed, it ends the server as ever."""
    if not hasattr(signal, "SIGHUP") or threading.current_thread() is not threading.main_thread():
        return
    had_terminal = _has_terminal()
    reading: set[asyncio.Task[None]] = set()

    def hung_up() -> None:
        if had_terminal and not _has_terminal():
            server.should_exit = True
        elif node.policy is not None:
            task = asyncio.create_task(node.policy.reread())
            reading.add(task)
            task.add_done_callback(reading.discard)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
    except OSError:
        return False
    return True


async def serve(config: Config, on_ready: str | None = None) -> None:
    """Serves until it is told to stop; prints `on_ready` once calls can be taken."""
    async with running(config) as (server, _):
        if on_ready is not None:
            print(on_ready, flush=True)
        while not server.should_exit:
            await asyncio.sleep(0.2)
