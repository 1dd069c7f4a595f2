"""Gets a model into the user's folder, from its official place, a mirror, an archive or a folder.

Enters: a name, and perhaps a source. Leaves: the model's folder, whole, with its checksums recorded. All is made in a
folder beside the target and put in place by one rename: whatever breaks off, a model is there whole or not at all.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import structlog
from filelock import FileLock, Timeout

from assistant.errors import ModelLoadError
from assistant.speech.asr.vosk_model import look
from assistant.weights.download import Progress, discard, download
from assistant.weights.manifest import SHA256_FORM, ModelInfo, check_name, find_model
from assistant.weights.places import user_dir
from assistant.weights.sums import record_sums, sha256_of, verify_folder
from assistant.weights.unpack import unpack

ARCHIVE_ENDINGS: Final = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
UNKNOWN_SIZE_LIMIT: Final = 4 * 1024**3
"""The most that is downloaded of a model whose size nobody recorded."""
LOCK_WAIT_S: Final = 600.0
FIRST_USE_FILE: Final = "first-use.json"
"""In the user's folder: the SHA-256 of archives that were trusted when they first came."""
SYSTEM_FILES: Final = {"__MACOSX", ".DS_Store"}

log = structlog.get_logger()


def get(name: str, *, source: str | None = None, progress: Progress | None = None) -> Path:
    """Gets a model unless it is here whole, and returns its folder.

    Args:
        name: a name of the manifest; with a source, any name for a Vosk model of the operator's own.
        source: None for the official place; or the URL of an archive; or the URL of a mirror, below which the archive
            has its official file name; or a local archive, a local model folder, or a local folder that holds either
            under the model's name.
        progress: called while downloading with the bytes that are here and the bytes in all, None while unknown.

    Raises:
        ModelLoadError: the name or source is unknown, the download failed, the archive is not the recorded one, is
            broken or hostile, or holds no Vosk model. The text names the mend.
    """
    info = find_model(check_name(name))
    if info is not None and info.bundled:
        if info.path is None:
            raise ModelLoadError(f"the model {name!r} comes with Calmline but is not here: install Calmline again")
        return info.path
    if source is None and (info is None or (info.url is None and info.path is None)):
        raise ModelLoadError(
            f"no model is named {name!r}: `calmline models list` shows the names; for a model of your own give its "
            "archive, folder or URL with --source"
        )
    try:
        with _alone(name):
            target = user_dir() / name
            if not (target.is_dir() and verify_folder(name, target).ok):
                _bring(info or ModelInfo(name, "vosk"), source, target, progress)
            return target
    except OSError as failed:
        raise ModelLoadError(
            f"the model {name!r} could not be written to {user_dir()} ({failed.strerror or failed}): make room there, "
            "or set CALMLINE_MODELS to another folder"
        ) from failed


def _bring(info: ModelInfo, source: str | None, target: Path, progress: Progress | None) -> None:
    source = source or info.url
    if source is None:
        raise ModelLoadError(f"{target} is broken, and where it came from is not known: get it again with --source")
    with tempfile.TemporaryDirectory(prefix=f".{info.name}.", dir=user_dir(), ignore_cleanup_errors=True) as made:
        room = Path(made) / "unpacked"
        room.mkdir()
        digest = None
        if urlsplit(source).scheme in {"http", "https"}:
            archive = _downloaded(info, source, progress)
            try:
                digest = _check_archive(info, archive, info.sha256 or _first_use().get(info.name))
                unpack(archive, room)
            finally:
                discard(archive)
        elif (place := _local(info, source)).is_file():
            _check_archive(info, place, info.sha256)
            unpack(place, room)
        else:
            _copy(info, place, room)
        model = _top(room)
        try:
            look(model)
        except ValueError as fault:
            raise ModelLoadError(f"{source} holds no whole Vosk model: {fault}; check --source") from fault
        record_sums(model)
        if target.exists():
            target.rename(Path(made) / "replaced")
        model.rename(target)
    if digest is not None and info.sha256 is None:
        _remember(info.name, digest, source)


def _downloaded(info: ModelInfo, source: str, progress: Progress | None) -> Path:
    url = source if urlsplit(source).path.endswith(ARCHIVE_ENDINGS) else f"{source.rstrip('/')}/{_official_file(info)}"
    archive = user_dir() / f".{info.name}.archive"
    archive.unlink(missing_ok=True)
    download(url, archive, max_bytes=info.size_bytes or UNKNOWN_SIZE_LIMIT, progress=progress)
    return archive


def _local(info: ModelInfo, source: str) -> Path:
    """The archive or model folder that a local source means."""
    url = urlsplit(source)
    path = Path(unquote(url.path)) if url.scheme == "file" else Path(source).expanduser()
    for inside in (path / _official_file(info), path / info.name):
        if inside.exists():
            return inside
    if path.is_file() or path.is_dir():
        return path
    raise ModelLoadError(f"the source {source} is neither a file nor a folder nor an http(s) URL: check --source")


def _copy(info: ModelInfo, folder: Path, room: Path) -> None:
    report = verify_folder(info.name, folder)
    if report.recorded and not report.ok:
        wrong = ", ".join((*report.changed, *report.missing)[:3])
        raise ModelLoadError(f"{folder} differs from its recorded checksums ({wrong}): check --source")
    shutil.copytree(folder, room / info.name)


def _check_archive(info: ModelInfo, archive: Path, expected: str | None) -> str:
    """The archive's SHA-256, which is the expected one if there is one."""
    digest = sha256_of(archive)
    if expected is None or digest == expected:
        return digest
    if info.sha256 is None:
        raise ModelLoadError(
            f"the archive of {info.name} has the SHA-256 {digest}, but when it first came it had {expected}: do not "
            f"use it; if you know that it was renewed, remove its line from {user_dir() / FIRST_USE_FILE} and try again"
        )
    raise ModelLoadError(
        f"the archive of {info.name} has the SHA-256 {digest} and not {expected}: it is broken or another file; get it "
        "from elsewhere with --source, or give a model of your own another name"
    )


def _official_file(info: ModelInfo) -> str:
    return urlsplit(info.url).path.rpartition("/")[2] if info.url else f"{info.name}.zip"


def _top(room: Path) -> Path:
    """The single folder at the top of what was unpacked, or the whole where there is none."""
    things = [thing for thing in room.iterdir() if thing.name not in SYSTEM_FILES]
    return things[0] if len(things) == 1 and things[0].is_dir() else room


def _first_use() -> dict[str, str]:
    """Name -> SHA-256 of the archives that were trusted when they first came."""
    file = user_dir() / FIRST_USE_FILE
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text("utf-8"))
        return {name: digest for name, digest in kept.items() if SHA256_FORM.fullmatch(digest)}
    except (ValueError, AttributeError, TypeError) as broken:
        raise ModelLoadError(f"{file} is broken: correct it, or remove it to trust each archive anew") from broken


def _remember(name: str, digest: str, source: str) -> None:
    known = _first_use()
    if name in known:
        return
    file = user_dir() / FIRST_USE_FILE
    new = file.with_suffix(".new")
    new.write_text(json.dumps({**known, name: digest}, indent=1, sort_keys=True) + "\n", "utf-8")
    new.replace(file)
    log.warning("model_trusted_on_first_use", model=name, source=source, sha256=digest, recorded_in=str(file))


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Holds the model's lock, and clears away what a broken-off run has left."""
    user_dir().mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(user_dir() / f".{name}.lock", timeout=LOCK_WAIT_S):
            leavings = re.compile(rf"\.{re.escape(name)}\.[a-z0-9_]{{8}}")
            for left in user_dir().iterdir():
                if leavings.fullmatch(left.name) and left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
            yield
    except Timeout as busy:
        raise ModelLoadError(f"another calmline is getting {name!r}: wait for it to end, and then try again") from busy
