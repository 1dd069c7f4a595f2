"""A real HTTP server on the loopback interface that can misbehave on request."""

import hashlib
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Misdeed:
    """What one answer does wrong; an answer without a misdeed is right."""

    cut_after: int | None = None
    """Announce all, send so many bytes, and close the connection."""
    status: int | None = None
    retry_after: str | None = None
    ignore_range: bool = False
    wrong_range: bool = False
    lie_about_length: int | None = None
    no_length: bool = False
    redirect: str | None = None
    before: Callable[[], None] | None = None
    """Called before the answer is made."""


@dataclass
class Site:
    """Files by path, misdeeds for the answers to come, and what was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    misdeeds: "deque[Misdeed]" = field(default_factory=deque)
    marks: str = "strong"
    """`strong` (ETag), `weak` (ETag and Last-Modified), `date` (Last-Modified) or `none`."""
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Path, Range, If-Range of each request."""
    url: str = ""

    def headers_of(self, body: bytes) -> dict[str, str]:
        digest = hashlib.sha256(body).hexdigest()
        date = f"Wed, 01 Jan 2020 00:00:{int(digest[:4], 16) % 60:02d} GMT"
        tag = f'"{digest[:16]}"'
        return {
            "strong": {"ETag": tag},
            "weak": {"ETag": f"W/{tag}", "Last-Modified": date},
            "date": {"Last-Modified": date},
            "none": {},
        }[self.marks]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            site.asked.append((self.path, self.headers["Range"], self.headers["If-Range"]))
            misdeed = site.misdeeds.popleft() if site.misdeeds else Misdeed()
            self.close_connection = True
            if misdeed.before:
                misdeed.before()
            if misdeed.redirect:
                self._head(302, {"Location": misdeed.redirect, "Content-Length": "0"})
            elif misdeed.status or self.path not in site.files:
                again = {"Retry-After": misdeed.retry_after} if misdeed.retry_after else {}
                self._head(misdeed.status or 404, {"Content-Length": "0", **again})
            else:
                self._file(site.files[self.path], misdeed)

        def _file(self, body: bytes, misdeed: Misdeed) -> None:
            marks = site.headers_of(body)
            first = 0
            status = 200
            headers = dict(marks)
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            if asked and not misdeed.ignore_range and self.headers["If-Range"] in marks.values():
                first = int(asked[1])
                if first >= len(body):
                    return self._head(416, {"Content-Range": f"bytes */{len(body)}", "Content-Length": "0"})
                status = 206
                told = first + 7 if misdeed.wrong_range else first
                headers["Content-Range"] = f"bytes {told}-{len(body) - 1}/{len(body)}"
            rest = body[first:]
            if not misdeed.no_length:
                headers["Content-Length"] = str(misdeed.lie_about_length or len(rest))
            self._head(status, headers)
            with suppress(ConnectionError):  # a client may have had enough
                self.wfile.write(rest if misdeed.cut_after is None else rest[: misdeed.cut_after])

        def _head(self, status: int, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()

    return Handler


@contextmanager
def serving() -> Iterator[Site]:
    """A site on a free port, for as long as the block runs."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
