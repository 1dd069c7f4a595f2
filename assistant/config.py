"""The settings of a server or a batch: one TOML file, every field with a default.

A key that is not known is an error, and so is a value out of its range; both name the field.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec

from assistant.call import CallSettings
from assistant.errors import ConfigError
from assistant.guidance.policy_file import load_policy
from assistant.signals.turns import TurnParameters
from assistant.speech.hysteresis import VoiceParameters
from assistant.speech.segments import SegmentParameters


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file."""


class ServerSettings(Section, frozen=True):
    """`[server]`"""

    host: str = "127.0.0.1"
    port: int = 8700
    allowed_hosts: tuple[str, ...] = ()
    """Further host names under which browsers may reach the pages; loopback names always may."""
    max_calls: int = 64
    idle_s: float = 120.0
    """An ingest connection that sends nothing for so long is closed."""
    keep_ended_s: float = 600.0
    """An ended call stays on the board and in memory for so long."""


class ModelSettings(Section, frozen=True):
    """`[models]`: a bundled or downloaded model by name, or a folder."""

    engine: str = "vosk"
    recogniser: str = "vosk-tiny-synthetic-en"
    hostility: str | None = None
    """A folder with a transformers checkpoint, or None for the bundled classifier."""


class Config(Section, frozen=True):
    """A whole file."""

    server: ServerSettings = ServerSettings()
    models: ModelSettings = ModelSettings()
    voice: VoiceParameters = VoiceParameters()
    segments: SegmentParameters = SegmentParameters()
    turns: TurnParameters = TurnParameters()
    policy: str | None = None
    """A policy file, or None for the bundled one."""
    policy_team: str | None = None
    """A team of the policy, whose overlay holds for every call; None for none."""
    policy_language: str | None = None
    """The language of the policy's words, as "de"; None for that of the file."""

    def call_settings(self) -> CallSettings:
        """What shapes a call. Raises `ConfigError` where the policy is wrong."""
        return CallSettings(
            policy=load_policy(None if self.policy is None else Path(self.policy), team=self.policy_team, language=self.policy_language),
            voice=self.voice,
            segments=self.segments,
            turns=self.turns,
        )


def load_config(path: Path | None = None) -> Config:
    """The settings at `path`, or the defaults. Raises `ConfigError` that names file and field."""
    if path is None:
        return Config()
    try:
        text = path.read_text("utf-8")
        _refuse_unknown(msgspec.toml.decode(text))
        return msgspec.toml.decode(text, type=Config)
    except (msgspec.ValidationError, msgspec.DecodeError, ConfigError) as broken:
        raise ConfigError(f"{path}: {broken}") from broken
    except (OSError, UnicodeDecodeError) as broken:
        raise ConfigError(f"cannot read the settings {path}: {broken}") from broken


def _refuse_unknown(raw: dict[str, Any]) -> None:
    """The sections that are plain dataclasses pass over keys that they do not know; a file must not."""
    sections = {"voice": VoiceParameters, "segments": SegmentParameters, "turns": TurnParameters}
    for name, section in sections.items():
        given = raw.get(name, {})
        unknown = set(given) - {field.name for field in fields(section)} if isinstance(given, dict) else ()
        if unknown:
            raise ConfigError(f"[{name}] has keys that are not known: {sorted(unknown)}")
