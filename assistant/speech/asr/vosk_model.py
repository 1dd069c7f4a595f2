"""What a Vosk model's folder must hold, looked at before libvosk is given it.

Enters: a folder. Leaves: its rate and its limits, or an error that names the file and the mend. libvosk tells a broken
file by a bare exception at best; an empty `model.conf` or a cut `disambig_tid.int` makes it end the whole process.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from assistant.errors import ModelLoadError

KALDI_RATE_HZ: Final = 16000
"""What Kaldi takes a missing `--sample-frequency` for."""
CARD_FILE: Final = "calmline.json"
ALWAYS: Final = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/phones/word_boundary.int")
LOOKAHEAD_GRAPH: Final = ("graph/HCLr.fst", "graph/Gr.fst", "graph/disambig_tid.int")
"""Wanted where there is no `graph/HCLG.fst`."""
WORDS: Final = "graph/words.txt"
"""May be missing: the graphs of some models carry the words themselves."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder that looks like a whole Vosk model."""

    path: Path
    sample_rate_hz: int
    limits: str

    @property
    def mend(self) -> str:
        """What to do if it is broken after all."""
        return _mend(self.path)


def read_model_folder(path: Path) -> ModelFolder:
    """Looks at the folder's files; loads none of them.

    Raises:
        ModelLoadError: a file is missing, empty or cut off; the text names it and the mend.
    """
    try:
        return look(path)
    except ValueError as fault:
        raise ModelLoadError(f"the Vosk model {path} is not whole: {fault}; {_mend(path)}") from fault


def look(path: Path) -> ModelFolder:
    """As `read_model_folder`, but a fault is a ValueError that names the file alone."""
    if not path.is_dir():
        raise ValueError("it is no folder with am/, conf/ and graph/")
    for name in ALWAYS:
        _must_have(path, name)
    if not (path / "graph/HCLG.fst").exists():
        for name in LOOKAHEAD_GRAPH:
            _must_have(path, name)
    if (path / WORDS).exists():
        _must_have(path, WORDS)
    if "--endpoint.silence-phones=" not in (path / "conf/model.conf").read_text("utf-8", "replace"):
        raise ValueError("conf/model.conf lacks --endpoint.silence-phones")
    return ModelFolder(path, _sample_rate_hz(path / "conf/mfcc.conf"), _limits(path / CARD_FILE))


def _must_have(path: Path, name: str) -> None:
    file = path / name
    if not file.is_file():
        raise ValueError(f"{name} is missing")
    size = file.stat().st_size
    if size == 0:
        raise ValueError(f"{name} is empty")
    if file.suffix in {".int", ".txt"}:
        with file.open("rb") as lines:
            lines.seek(size - 1)
            if lines.read(1) != b"\n":
                raise ValueError(f"{name} is cut off")


def _sample_rate_hz(conf: Path) -> int:
    for line in conf.read_text("utf-8", "replace").splitlines():
        name, _, value = line.split("#")[0].strip().partition("=")
        if name == "--sample-frequency":
            try:
                rate = float(value)
            except ValueError:
                rate = 0.0
            if not 8000 <= rate <= 48000:
                raise ValueError(f"conf/mfcc.conf gives the sample rate {value!r}")
            return round(rate)
    return KALDI_RATE_HZ


def _limits(card: Path) -> str:
    if not card.exists():
        return ""
    try:
        limits = json.loads(card.read_text("utf-8"))["limits"]
    except (ValueError, KeyError, TypeError) as broken:
        raise ValueError(f'{card.name} is not JSON of the form {{"limits": "..."}}') from broken
    if not isinstance(limits, str):
        raise ValueError(f'"limits" in {card.name} is not a text')
    return limits


def _mend(path: Path) -> str:
    return f"get it again with `calmline models get {path.name}`, or check it with `calmline models verify {path.name}`"
