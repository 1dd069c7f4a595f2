"""The models that Calmline knows by name, and those that the operator added.

Enters: `manifest.toml` beside the bundled models, and the two model folders. Leaves: a `ModelInfo` for each model.
"""

import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from assistant.errors import ModelLoadError
from assistant.weights.places import bundled_dir, user_dir

MANIFEST: Final = "manifest.toml"
NAME_FORM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
SHA256_FORM: Final = re.compile(r"[0-9a-f]{64}")
TEXT_FIELDS: Final = ("name", "kind", "description", "licence", "url", "sha256")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model."""

    name: str
    kind: str
    """`vosk`, `voice-activity` or `classifier`."""
    description: str = ""
    licence: str = ""
    bundled: bool = False
    url: str | None = None
    """Where its archive lies officially; None if it is bundled or the operator's own."""
    size_bytes: int | None = None
    """Of the archive."""
    sha256: str | None = None
    """Of the archive, 64 hexadecimal digits, if it is known beforehand; without it the first download is trusted."""
    path: Path | None = None
    """Where it lies on this machine; None if it is not here."""


def check_name(name: str) -> str:
    """The name itself, if it can be a model's: letters, digits and `._-`, so that it names a folder and nothing else.

    Raises:
        ModelLoadError: it cannot.
    """
    if not NAME_FORM.fullmatch(name) or name.endswith("."):
        raise ModelLoadError(f"{name!r} cannot be a model's name: use letters, digits, and . _ - inside")
    return name


def list_models() -> list[ModelInfo]:
    """All models of the manifest in its order, then the operator's own in the user's folder by name.

    Raises:
        ModelLoadError: the manifest is missing or broken.
    """
    listed = _manifest()
    names = {info.name for info in listed}
    models = [replace(info, path=_installed(info)) for info in listed]
    own = sorted(user_dir().iterdir()) if user_dir().is_dir() else []
    for folder in own:
        if folder.is_dir() and folder.name not in names and NAME_FORM.fullmatch(folder.name):
            models.append(ModelInfo(folder.name, "vosk", "added by hand", path=folder))
    return models


def find_model(name: str) -> ModelInfo | None:
    """The model of that name; None if neither the manifest nor the user's folder has it.

    Raises:
        ModelLoadError: the manifest is missing or broken.
    """
    return next((info for info in list_models() if info.name == name), None)


def _installed(info: ModelInfo) -> Path | None:
    folder = (bundled_dir() if info.bundled else user_dir()) / info.name
    return folder if folder.is_dir() else None


def _manifest() -> list[ModelInfo]:
    file = bundled_dir() / MANIFEST
    mend = "install Calmline again, which brings it, or set CALMLINE_BUNDLED_MODELS to the folder that holds it"
    try:
        with file.open("rb") as text:
            entries = tomllib.load(text)["model"]
        return [_entry(entry) for entry in entries]
    except OSError as missing:
        raise ModelLoadError(f"the list of models {file} cannot be read ({missing.strerror}): {mend}") from missing
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as broken:
        raise ModelLoadError(f"the list of models {file} is broken ({broken}): {mend}") from broken


def _entry(entry: dict[str, Any]) -> ModelInfo:
    info = ModelInfo(**entry)
    for field in TEXT_FIELDS:
        if not isinstance(getattr(info, field), str | None):
            raise ValueError(f"{field} of {info.name} must be a text")
    if not NAME_FORM.fullmatch(info.name):
        raise ValueError(f"{info.name!r} cannot be a model's name")
    if info.sha256 is not None and not SHA256_FORM.fullmatch(info.sha256):
        raise ValueError(f"sha256 of {info.name} must be 64 hexadecimal digits")
    if info.bundled == (info.url is not None):
        raise ValueError(f"{info.name} must be either bundled or have a url")
    return info
