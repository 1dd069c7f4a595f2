"""Where models lie: bundled with the program, downloaded into the user's folder, or at a path of the operator's.

Enters: a name or a path. Leaves: a folder that exists. No network, nothing written.
"""

import os
from pathlib import Path

import platformdirs

from assistant.errors import ModelLoadError

BUNDLED_VARIABLE = "CALMLINE_BUNDLED_MODELS"
USER_VARIABLE = "CALMLINE_MODELS"


def bundled_dir() -> Path:
    """The folder of the models that come with Calmline; it may not exist in a broken install.

    `CALMLINE_BUNDLED_MODELS` if set, else `assistant/_models` (an installed wheel), else `models/` beside the package
    (a checkout).
    """
    if override := os.environ.get(BUNDLED_VARIABLE):
        return Path(override)
    package = Path(__file__).resolve().parent.parent
    inside = package / "_models"
    return inside if inside.is_dir() else package.parent / "models"


def user_dir() -> Path:
    """The folder of downloaded models: `CALMLINE_MODELS` if set, else the user's data folder. It need not exist yet."""
    if override := os.environ.get(USER_VARIABLE):
        return Path(override)
    return platformdirs.user_data_path("calmline", appauthor=False) / "models"


def locate(name_or_path: str) -> Path:
    """The folder (or file) of a model: a bundled name, a downloaded name, or a path, in this order.

    A text with a path separator, or one that starts with `.` or `~`, is only ever a path.

    Raises:
        ModelLoadError: nothing is there; the text says where was looked and how to get the model.
    """
    if not name_or_path.strip():
        raise ModelLoadError("no model was named: give a model's name (`calmline models list` shows them) or a folder")
    if _is_path(name_or_path):
        path = Path(name_or_path).expanduser()
        if path.exists():
            return path
        raise ModelLoadError(f"there is no model at {path}: check the path, or name a model of `calmline models list`")
    places = [bundled_dir() / name_or_path, user_dir() / name_or_path, Path(name_or_path)]
    for place in places:
        if place.exists():
            return place
    raise ModelLoadError(
        f"the model {name_or_path!r} is not on this machine (looked in {places[0].parent} and {places[1].parent}): "
        f"get it with `calmline models get {name_or_path}`, or give the path of a folder that holds it"
    )


def _is_path(text: str) -> bool:
    separators = {os.sep, os.altsep or os.sep, "/"}
    return text.startswith((".", "~")) or any(separator in text for separator in separators)
