"""The core is pure: nothing that it imports, at module level, does I/O, tells the time or runs a model."""

import ast
from pathlib import Path

import pytest

import assistant

ROOT = Path(assistant.__file__).parent
CORE = [
    "assistant.call",
    "assistant.listener",
    "assistant.appraisal",
    "assistant.document",
    "assistant.events",
    "assistant.eventlog",
    "assistant.timebase",
    "assistant.audio.codecs",
    "assistant.speech.hysteresis",
    "assistant.speech.segments",
    "assistant.signals.turns",
    "assistant.heat.model",
    "assistant.heat.levels",
    "assistant.guidance.ladder",
    "assistant.guidance.cards",
    "assistant.guidance.steps",
    "assistant.guidance.rules",
    "assistant.guidance.beliefs",
    "assistant.guidance.guide",
    "assistant.guidance.replay",
    "assistant.guidance.explain",
    "assistant.guidance.nearly",
    "assistant.guidance.compare",
    "assistant.guidance.policy",
    "assistant.signals.arousal",
    "assistant.signals.leakage",
    "assistant.signals.line",
    "assistant.signals.loudness",
    "assistant.signals.cues.hear",
    "assistant.signals.cues.patterns",
]
BANNED = {"asyncio", "time", "random", "threading", "socket", "torch", "vosk", "onnxruntime", "soundfile", "sounddevice"}


def _file(module: str) -> Path | None:
    path = ROOT.parent.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(file: Path, module: str) -> set[str]:
    """What a module imports when it is imported: not what its functions import when they are called."""
    names: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".") if file.name == "__init__.py" else module.split(".")[:-1]
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            name = ".".join(part for part in (base, node.module or "") if part)
            names |= {name, *(f"{name}.{alias.name}" for alias in node.names)}
    return names


def reached(module: str) -> dict[str, set[str]]:
    """Every module of ours that importing `module` imports, with what each imports from elsewhere."""
    found: dict[str, set[str]] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file(name)
        if name in found or file is None:
            continue
        imported = _imports(file, name)
        found[name] = {one.split(".")[0] for one in imported if not one.startswith("assistant")}
        waiting += [one for one in imported if one.startswith("assistant.")]
    return found


@pytest.mark.parametrize("module", CORE)
def test_core_module_reaches_nothing_impure(module: str) -> None:
    impure = {name: banned for name, outside in reached(module).items() if (banned := outside & BANNED)}
    assert impure == {}


def test_the_walk_sees_an_impure_module() -> None:
    assert "onnxruntime" in reached("assistant.speech.silero")["assistant.speech.silero"]
