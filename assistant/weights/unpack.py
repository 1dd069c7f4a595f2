"""Safe unpacking of a model's archive that may be hostile.

Enters: a zip or tar (gz, bz2, xz) file. Leaves: plain files and folders below one folder, or an error and nothing to
trust. Path, kind and size of an entry are checked before it is written, and bytes are counted again while they are
written, because what an archive says of itself may be false.
"""

import errno
import gzip
import lzma
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from assistant.errors import ModelLoadError

MAX_FILES: Final = 10_000
MAX_BYTES: Final = 16 * 1024**3
MAX_RATIO: Final = 100
"""Unpacked to packed size. Model files shrink to a half or a third; a bomb is packed a thousandfold."""
RATIO_FREE_BYTES: Final = 16 * 1024**2
"""Up to this size the ratio says nothing."""
CHUNK_BYTES: Final = 1 << 20
RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])(\..*)?", re.I)
"""Names that are devices on Windows, with any ending."""
BROKEN: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class _Entry:
    path: PurePosixPath
    is_folder: bool
    size: int
    open: "IO[bytes] | None"


def safe_path(name: str) -> PurePosixPath:
    """The relative path that an entry's name stands for.

    Raises:
        ModelLoadError: the name leads out of the folder, or means another path on some system.
    """
    parts = name.removesuffix("/").split("/")
    if len(name) > 1000 or not all(_is_plain(part) for part in parts):
        raise ModelLoadError(f"the archive holds an entry with an unsafe path, {name!r}: do not use it")
    return PurePosixPath(*parts)


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks the archive into an empty, existing folder. On an error the folder holds rubbish: throw it away.

    Raises:
        ModelLoadError: it is no archive, is broken, or holds what a model's archive never does.
    """
    entries = _zip_entries(archive) if _is_zip(archive) else _tar_entries(archive)
    budget = _Budget(archive.stat().st_size)
    try:
        for entry in entries:
            budget.admit(entry)
            target = folder / entry.path
            if entry.is_folder:
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            assert entry.open is not None
            with entry.open as source, target.open("xb") as out:
                while chunk := source.read(CHUNK_BYTES):
                    budget.spend(len(chunk))
                    out.write(chunk)
            if target.stat().st_size != entry.size:
                raise ModelLoadError(f"{archive} is broken: {entry.path} is cut off; download it again")
    except BROKEN as broken:
        raise ModelLoadError(f"{archive} is broken or cut off ({broken}): download it again") from broken
    except OSError as failed:
        # A broken entry's offset can lie before the file's start: the seek is then an invalid argument. A full disk is
        # not the archive's fault.
        if failed.errno != errno.EINVAL:
            raise
        raise ModelLoadError(f"{archive} is broken: an entry lies outside of it; download it again") from failed


def _is_plain(part: str) -> bool:
    # Windows drops dots and spaces at the end of a name, and reads backslash and colon as separators.
    return (
        part[-1:] not in {"", ".", " "}
        and all(c not in '\\:*?"<>|' and c.isprintable() for c in part)
        and len(part.encode("utf-8", "surrogatepass")) <= 255
        and not RESERVED.fullmatch(part)
    )


class _Budget:
    """Counts what an archive may still unpack, and which paths it has used."""

    def __init__(self, packed_bytes: int) -> None:
        self._limit = min(MAX_BYTES, max(RATIO_FREE_BYTES, packed_bytes * MAX_RATIO))
        self._announced = 0
        self._written = 0
        self._files: set[PurePosixPath] = set()
        self._folders: set[PurePosixPath] = set()

    def admit(self, entry: _Entry) -> None:
        # Compared as the most forgetful file system would: without case, composed.
        path = PurePosixPath(unicodedata.normalize("NFC", str(entry.path)).casefold())
        above = set(path.parents)
        taken = path in self._files or (path in self._folders and not entry.is_folder) or bool(above & self._files)
        if taken:
            raise ModelLoadError(f"the archive holds {entry.path} twice: do not use it")
        (self._folders if entry.is_folder else self._files).add(path)
        self._folders |= above
        if len(self._files) + len(self._folders) > MAX_FILES:
            raise ModelLoadError(f"the archive holds more than {MAX_FILES} entries, which no model does: do not use it")
        self._announced += entry.size
        self._refuse_over(self._announced)

    def spend(self, count: int) -> None:
        self._written += count
        self._refuse_over(self._written)

    def _refuse_over(self, count: int) -> None:
        if count > self._limit:
            raise ModelLoadError(
                f"the archive unpacks to more than {self._limit // 2**20} MiB, far more than its size allows for a "
                "model: do not use it"
            )


def _is_zip(archive: Path) -> bool:
    try:
        with archive.open("rb") as data:
            return data.read(2) == b"PK"
    except OSError as missing:
        raise ModelLoadError(f"{archive} cannot be read ({missing.strerror}): check the path") from missing


def _zip_entries(archive: Path) -> Iterator[_Entry]:
    with zipfile.ZipFile(archive) as opened:
        infos = opened.infolist()
        for info in infos:
            if info.flag_bits & 0x1:
                raise ModelLoadError(f"the archive holds an encrypted entry, {info.filename!r}: get a plain one")
            kind = stat.S_IFMT(info.external_attr >> 16)
            if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
                raise ModelLoadError(f"the archive holds a link or a device, {info.filename!r}: do not use it")
        # orig_filename: zipfile cuts a name at a NUL byte and would make a bad name look good.
        paths = [safe_path(info.orig_filename.removeprefix("./")) for info in infos]
        for info, path in zip(infos, paths, strict=True):
            if info.is_dir():
                yield _Entry(path, True, 0, None)
            else:
                yield _Entry(path, False, info.file_size, opened.open(info))


def _tar_entries(archive: Path) -> Iterator[_Entry]:
    if not tarfile.is_tarfile(archive):
        raise ModelLoadError(f"{archive} is neither a zip nor a tar archive: give the model's archive or its folder")
    with tarfile.open(archive, "r:*") as opened:
        for member in opened:
            if member.name == "." and member.isdir():
                continue
            path = safe_path(member.name.removeprefix("./"))
            if member.isdir():
                yield _Entry(path, True, 0, None)
            elif member.isreg() and not member.issparse():
                yield _Entry(path, False, member.size, opened.extractfile(member))
            else:
                raise ModelLoadError(f"the archive holds a link or a device, {member.name!r}: do not use it")
