"""Downloads one file over HTTP(S): resumed after a cut, retried with growing pauses, never more than it may be.

Enters: a URL. Leaves: a whole file of the announced length. What has come is kept in a `.part` file beside the target,
with the server's mark of that version (ETag or Last-Modified); the rest is asked for by `Range` and `If-Range`, so that
parts of two versions are never joined. Whether the file is the right one is the caller's question (SHA-256).
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import stamina

from assistant import __version__
from assistant.errors import ModelLoadError

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are here and the bytes in all, None while unknown."""

ATTEMPTS: Final = 8
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 20.0
LONGEST_RETRY_AFTER_S: Final = 60.0
TIMEOUT: Final = httpx.Timeout(30.0, connect=15.0)
PASSING_STATUS: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

ELSEWHERE: Final = "give a mirror, an archive or a folder with --source"


class _CutError(Exception):
    """The body ended before its announced length."""


def download(url: str, target: Path, *, max_bytes: int, progress: Progress | None = None) -> None:
    """Brings the file at `url` to `target`; goes on from `target`'s `.part` if there is one of the same version.

    Args:
        url: http or https. A redirect from https to http is refused.
        target: where the whole file is put, at once, by a rename.
        max_bytes: the most that is taken.
        progress: told at the start and after each piece.

    Raises:
        ModelLoadError: the server does not have it, sends too much, or could not be reached in several tries; what
            has come is kept for the next time.
    """
    part = Path(f"{target}.part")
    try:
        with httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers=_headers()) as client:
            for attempt in stamina.retry_context(
                on=_pause,
                attempts=ATTEMPTS,
                timeout=None,
                wait_initial=FIRST_PAUSE_S,
                wait_max=LONGEST_PAUSE_S,
            ):
                with attempt:
                    _fetch(client, url, part, max_bytes, progress)
    except httpx.HTTPStatusError as refused:
        raise ModelLoadError(_refusal(url, refused.response.status_code)) from refused
    except httpx.InvalidURL as wrong:
        raise ModelLoadError(f"{url} is not a URL ({wrong}): check --source") from wrong
    except (httpx.HTTPError, _CutError) as failed:
        raise ModelLoadError(
            f"{url} could not be downloaded ({str(failed) or type(failed).__name__}): check the network and run the "
            f"same command again, which goes on where it stopped; or {ELSEWHERE}"
        ) from failed
    part.replace(target)
    _mark_file(part).unlink(missing_ok=True)


def discard(target: Path) -> None:
    """Throws away the file and all that is kept of it."""
    for file in (target, Path(f"{target}.part"), _mark_file(Path(f"{target}.part"))):
        file.unlink(missing_ok=True)


def _fetch(client: httpx.Client, url: str, part: Path, max_bytes: int, progress: Progress | None) -> None:
    have = part.stat().st_size if part.exists() else 0
    mark = _read_mark(part, url) if have else None
    asked = {"Range": f"bytes={have}-", "If-Range": mark} if mark else {}
    with client.stream("GET", url, headers=asked) as answer:
        if url.startswith("https:") and answer.url.scheme != "https":
            raise ModelLoadError(f"{url} leads to the unprotected {answer.url}: give another --source")
        if answer.status_code == 416:
            if answer.headers.get("Content-Range") == f"bytes */{have}":
                return
            _forget(part)
            raise _CutError("the server could not go on from the part that is here")
        answer.raise_for_status()
        if answer.headers.get("Content-Encoding", "identity") != "identity":
            raise ModelLoadError(f"{url} comes in a coded form, against our asking: give another --source")
        total = _total(answer, have)
        if total is None and answer.status_code == 206:
            _forget(part)
            raise _CutError("the server went on from another place than was asked for")
        if answer.status_code != 206:
            have = 0
            _write_mark(part, url, answer)
        if max_bytes < (total or 0):
            raise ModelLoadError(_too_much(url, max_bytes))
        _append(answer, part, have, total, max_bytes, progress)


def _append(
    answer: httpx.Response, part: Path, have: int, total: int | None, max_bytes: int, progress: Progress | None
) -> None:
    with part.open("ab") as out:
        out.truncate(have)
        if progress:
            progress(have, total)
        for chunk in answer.iter_raw():
            have += len(chunk)
            if have > max_bytes or (total is not None and have > total):
                out.close()
                _forget(part)
                raise ModelLoadError(_too_much(str(answer.url), min(max_bytes, total or max_bytes)))
            out.write(chunk)
            if progress:
                progress(have, total)
        out.flush()
        os.fsync(out.fileno())
    if total is not None and have < total:
        raise _CutError(f"it ended after {have} of {total} bytes")


def _total(answer: httpx.Response, have: int) -> int | None:
    """The whole file's length; None if it is not told, or if a partial answer does not begin at `have`."""
    if answer.status_code == 206:
        unit_range, _, length = answer.headers.get("Content-Range", "").partition("/")
        if not unit_range.startswith(f"bytes {have}-") or not length.isdecimal():
            return None
        return int(length)
    length = answer.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _pause(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, httpx.HTTPStatusError):
        if error.response.status_code not in PASSING_STATUS:
            return False
        after = error.response.headers.get("Retry-After", "")
        return min(float(after), LONGEST_RETRY_AFTER_S) if after.isdecimal() else True
    passing = isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)
    return passing or isinstance(error, _CutError)


def _headers() -> dict[str, str]:
    # A coded body has another length than the file, and ranges of it mean nothing.
    return {"User-Agent": f"calmline/{__version__}", "Accept-Encoding": "identity"}


def _mark_file(part: Path) -> Path:
    return Path(f"{part}.json")


def _write_mark(part: Path, url: str, answer: httpx.Response) -> None:
    tag = answer.headers.get("ETag", "")
    # A weak tag may stand for different bytes, so that If-Range does not take it (RFC 9110, 13.1.5).
    mark = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
    _mark_file(part).write_text(json.dumps({"url": url, "mark": mark}), "utf-8")


def _read_mark(part: Path, url: str) -> str | None:
    try:
        kept = json.loads(_mark_file(part).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    mark = kept.get("mark") if isinstance(kept, dict) and kept.get("url") == url else None
    return mark if isinstance(mark, str) and mark else None


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _mark_file(part).unlink(missing_ok=True)


def _refusal(url: str, status: int) -> str:
    if status in {404, 410}:
        return f"{url} is not there (status {status}): check the name, or {ELSEWHERE}"
    if status in {401, 403, 407}:
        return f"{url} may not be read (status {status}): check the address and the proxy, or give another --source"
    return f"{url} answered with status {status}: try again later, or {ELSEWHERE}"


def _too_much(url: str, max_bytes: int) -> str:
    return f"{url} sends more than the {max_bytes} bytes that this model may have: it is another file; check --source"
