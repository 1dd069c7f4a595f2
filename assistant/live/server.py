"""The server of one machine: ingest, event streams, the API, the pages, health and figures.

Browsers of other sites cannot read calls: a websocket with an `Origin` that is not this server's, and any request under a host name
that is not known, is refused.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from fastapi import FastAPI, HTTPException, Query, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assistant import __version__
from assistant.call import CallSettings
from assistant.config import Config, ModelSettings
from assistant.engine import Models, load_models
from assistant.errors import AssistantError
from assistant.events import encode, schema
from assistant.live.calls import CallCentre
from assistant.live.hub import Hub
from assistant.live.ingest.plain import serve_ingest
from assistant.live.metrics import Metrics
from assistant.live.policy_watch import PolicyWatch
from assistant.live.presses import press_of_agent, press_of_supervisor
from assistant.live.record import CallRecord
from assistant.live.streams import Press, serve_stream

LOOPBACK = ("127.0.0.1", "localhost", "::1")
ModelLoader = Callable[[ModelSettings], Models]
CONTENT_POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

log = structlog.get_logger("calmline.server")


class Node:
    """What one server holds: made empty, ready once its models are loaded."""

    def __init__(self, config: Config, loader: ModelLoader = load_models) -> None:
        self.config = config
        self._loader = loader
        self.metrics = Metrics()
        self.hub = Hub(first_id=time.time_ns() // 1000)
        self.centre: CallCentre | None = None
        self.policy: PolicyWatch | None = None
        self._following: asyncio.Task[None] | None = None
        self.broken: str | None = None

    async def load(self) -> None:
        """Loads the models off the event loop; what is wrong is kept for `/readyz` and for whoever runs the server."""
        try:
            models, settings = await asyncio.to_thread(lambda: (self._loader(self.config.models), self.config.call_settings()))
        except AssistantError as broken:
            self.broken = str(broken)
            return
        self.open(models, settings)

    def open(self, models: Models, settings: CallSettings) -> None:
        """Ready to take calls."""
        server = self.config.server
        self.centre = CallCentre(
            models,
            settings,
            self.hub,
            self.metrics,
            threads=os.cpu_count() or 1,
            max_calls=server.max_calls,
            keep_ended_s=server.keep_ended_s,
        )
        self.policy = PolicyWatch(lambda: self.config.call_settings().policy, settings.policy, self.centre.change_policy)
        if self.config.policy is not None:
            self._following = asyncio.create_task(self.policy.run(), name="policy file")
        log.info("ready", recogniser=models.recogniser.name, classifier=models.words.classifier.name)

    async def close(self) -> None:
        """The server stops."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self.centre is not None:
            await self.centre.close()

    @property
    def policy_version(self) -> str | None:
        """The version of the policy under which calls that begin now are advised."""
        return None if self.policy is None else self.policy.policy.version

    @property
    def warnings(self) -> list[str]:
        """What whoever runs the server should mend, though calls can be taken."""
        return [self.policy.warning] if self.policy is not None and self.policy.warning else []

    def record(self, call_id: str) -> CallRecord:
        """A call that is live or kept. Raises 404."""
        record = self.centre.record(call_id) if self.centre is not None else None
        if record is None:
            raise HTTPException(404, f"no call {call_id} is live or ended a short while ago")
        return record


def create_app(config: Config, loader: ModelLoader = load_models) -> FastAPI:
    """The application; it has `loader` load its models when it starts."""
    node = Node(config, loader)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(node.load())
        yield
        await loading
        await node.close()

    app = FastAPI(
        title="Calmline",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        description="Live calls: their heat, words and cards. Event streams are websockets, see docs/events.md.",
    )
    app.state.node = node
    _guard(app, config)
    _health(app, node)
    _calls(app, node)
    _streams(app, node)
    _pages(app)
    return app


def _guard(app: FastAPI, config: Config) -> None:
    known = {*LOOPBACK, config.server.host, *config.server.allowed_hosts}

    @app.middleware("http")
    async def known_host(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        if _host(request.headers.get("host", "")) not in known:
            return JSONResponse({"detail": "this host name is not in [server] allowed_hosts"}, 421)
        response = await go_on(request)
        response.headers["Content-Security-Policy"] = CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        if request.url.path.startswith("/static"):
            response.headers["Cache-Control"] = "no-cache"
        return response

    app.state.known_hosts = known


def _host(authority: str) -> str | None:
    """The host of `host:port`."""
    try:
        return urlsplit(f"//{authority}").hostname
    except ValueError:
        return None


def _same_site(socket: WebSocket) -> bool:
    """Whether a websocket comes from this server's own pages, or from no browser at all (which sends no `Origin`)."""
    host = socket.headers.get("host", "")
    if _host(host) not in socket.app.state.known_hosts:
        return False
    origin = socket.headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == host
    except ValueError:
        return False


def _health(app: FastAPI, node: Node) -> None:
    @app.get("/healthz", summary="The process is up")
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @app.get("/readyz", summary="Calls can be taken", responses={503: {"description": "Not yet, or broken"}})
    async def readyz() -> JSONResponse:
        if node.centre is not None:
            return JSONResponse({"status": "ready", "policy": node.policy_version, "warnings": node.warnings})
        return JSONResponse({"status": "broken" if node.broken else "loading", "why": node.broken}, 503)

    @app.get("/metrics", summary="Figures in Prometheus form")
    async def metrics() -> Response:
        node.metrics.policy_warning.set(len(node.warnings))
        return Response(generate_latest(node.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/v1/schema/events.json", summary="JSON Schema of the events")
    async def event_schema() -> dict[str, Any]:
        return schema()


def _calls(app: FastAPI, node: Node) -> None:
    @app.get("/v1/calls", summary="Calls that are live or ended a short while ago, the hottest first")
    async def calls() -> dict[str, list[dict[str, Any]]]:
        records = node.centre.records if node.centre is not None else []
        order = sorted(records, key=lambda record: (record.ended_at is not None, -record.heat))
        return {"calls": [record.summary() for record in order]}

    @app.get("/v1/calls/{call_id}", summary="The call document so far")
    async def call(call_id: str) -> dict[str, Any]:
        return node.record(call_id).document()

    @app.get("/v1/calls/{call_id}/events", summary="The events of a call, without partial words")
    async def events(call_id: str, after: int = Query(0, ge=0, description="only events with a greater `seq`")) -> Response:
        kept = [encode(event) for event in node.record(call_id).events if event.seq > after]
        return Response(b'{"events":[' + b",".join(kept) + b"]}", media_type="application/json")

    @app.get("/v1/calls/{call_id}/transcript", summary="Who said what when")
    async def transcript(call_id: str) -> dict[str, Any]:
        document = node.record(call_id).document()
        return {"call_id": call_id, "utterances": document["utterances"]}


def _streams(app: FastAPI, node: Node) -> None:
    hub, metrics = node.hub, node.metrics

    @app.websocket("/v1/ingest")
    async def ingest(socket: WebSocket) -> None:
        if not _same_site(socket):
            await socket.close(1008)
            return
        await serve_ingest(socket, node.centre, node.config.server.idle_s)

    @app.websocket("/v1/agents/{agent}/events")
    async def agent_events(socket: WebSocket, agent: str, after: int = 0) -> None:
        if not _same_site(socket):
            await socket.close(1008)
            return

        def press(pressed: Press) -> str | None:
            return press_of_agent(node.centre, agent, pressed)

        begin = hub.agent_call_from(agent)
        try:
            await serve_stream(socket, hub, hub.agent(agent), metrics, "agent", after, begin, press)
        finally:
            hub.leave(agent)

    @app.websocket("/v1/board/events")
    async def board_events(socket: WebSocket, after: int = 0) -> None:
        if not _same_site(socket):
            await socket.close(1008)
            return

        def press(pressed: Press) -> str | None:
            return press_of_supervisor(node.centre, pressed)

        await serve_stream(socket, hub, hub.board, metrics, "board", after, hub.first_id - 1, press)

    @app.websocket("/v1/calls/{call_id}/events")
    async def call_events(socket: WebSocket, call_id: str, after: int = 0) -> None:
        topic = hub.call(call_id)
        if topic is None or not _same_site(socket):
            await socket.close(1008)
            return

        def press(pressed: Press) -> str | None:
            return press_of_supervisor(node.centre, pressed, call_id)

        await serve_stream(socket, hub, topic, metrics, "call", after, hub.first_id - 1, press)


def _pages(app: FastAPI) -> None:
    folder = Path(str(resources.files("assistant.live") / "pages"))
    app.mount("/static", StaticFiles(directory=folder / "static"), name="static")

    @app.get("/", include_in_schema=False)
    @app.get("/board", include_in_schema=False)
    async def board() -> FileResponse:
        return FileResponse(folder / "board.html")

    @app.get("/overlay", include_in_schema=False)
    async def overlay() -> FileResponse:
        return FileResponse(folder / "overlay.html")

    @app.get("/calls/{call_id}", include_in_schema=False)
    async def call_page(call_id: str) -> FileResponse:
        return FileResponse(folder / "call.html")
