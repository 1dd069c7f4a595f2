"""The recorded SHA-256 of each file of a model, and the check against it.

Enters: a model's folder. Leaves: `SHA256SUMS` inside it, in the form that `sha256sum --check` reads; a `VerifyReport`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import ModelLoadError
from assistant.weights.manifest import check_name, find_model
from assistant.weights.places import locate

SUMS_FILE: Final = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found in a model's folder. Paths are relative to it, with `/`."""

    name: str
    path: Path
    recorded: bool
    """Whether checksums were recorded at all; without them nothing could be checked."""
    checked: int
    """Files whose checksum was right."""
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    unrecorded: tuple[str, ...]
    """Files that nobody recorded; they are no fault."""

    @property
    def ok(self) -> bool:
        """Whether checksums were recorded and every recorded file is there unchanged."""
        return self.recorded and not self.changed and not self.missing


def verify(name: str) -> VerifyReport:
    """Checks a bundled or downloaded model's files against what was recorded; reads all of them.

    Raises:
        ModelLoadError: the model is not on this machine, or its record cannot be read.
    """
    info = find_model(check_name(name))
    folder = info.path if info is not None and info.path is not None else locate(name)
    return verify_folder(name, folder)


def verify_folder(name: str, folder: Path) -> VerifyReport:
    """As `verify`, for a folder anywhere."""
    recorded = _read_sums(folder / SUMS_FILE)
    present = _files(folder)
    changed = [file for file in recorded if file in present and sha256_of(folder / file) != recorded[file]]
    missing = [file for file in recorded if file not in present]
    return VerifyReport(
        name,
        folder,
        recorded=bool(recorded),
        checked=len(recorded) - len(changed) - len(missing),
        changed=tuple(changed),
        missing=tuple(missing),
        unrecorded=tuple(file for file in present if file not in recorded),
    )


def record_sums(folder: Path) -> None:
    """Writes the checksum of every file in the folder to its `SHA256SUMS`, sorted by path."""
    lines = [f"{sha256_of(folder / file)}  {file}\n" for file in _files(folder)]
    (folder / SUMS_FILE).write_text("".join(lines), "utf-8")


def sha256_of(file: Path) -> str:
    """The file's SHA-256, 64 hexadecimal digits."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def _files(folder: Path) -> list[str]:
    """Regular files, hidden ones and the record itself left out."""
    files = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
    return sorted(f.as_posix() for f in files if f.name != SUMS_FILE and not any(p.startswith(".") for p in f.parts))


def _read_sums(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    recorded = {}
    for line in file.read_text("utf-8").splitlines():
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64:
            raise ModelLoadError(f"{file} is not a list of checksums: get the model again")
        recorded[name] = digest
    return recorded
