"""Model weights on this machine: which there are, where they lie, how they get here.

Enters: a model's name or a path. Leaves: a folder whose files are there. Only `get` ever touches the network, and only
when called.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from assistant.weights.manifest import ModelInfo, list_models
from assistant.weights.places import bundled_dir, locate, user_dir
from assistant.weights.sums import VerifyReport, verify

if TYPE_CHECKING:
    from assistant.weights.download import Progress

__all__ = ["ModelInfo", "VerifyReport", "bundled_dir", "get", "list_models", "locate", "user_dir", "verify"]


def get(name: str, *, source: str | None = None, progress: "Progress | None" = None) -> Path:
    """Gets a model unless it is here whole, and returns its folder; see `assistant.weights.getting.get`."""
    # Only this needs an HTTP client, which takes longer to import than all else here.
    from assistant.weights.getting import get as get_model

    return get_model(name, source=source, progress=progress)
