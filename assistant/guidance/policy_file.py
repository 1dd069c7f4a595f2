"""Reads policy files: TOML in, one frozen `Policy` out, or every fault by file, line and field.

How files, teams and languages lie over one another is in `policy_layers`; what a file may hold in `policy_form`; what makes sense in
`policy_checks`. docs/policy.md is the guide for those who write one.
"""

from functools import cache
from importlib import resources
from pathlib import Path

from assistant.errors import ConfigError
from assistant.guidance.policy import Policy
from assistant.guidance.policy_faults import Fault, PolicyFaults, Source
from assistant.guidance.policy_form import wrong_in_file
from assistant.guidance.policy_layers import BUNDLED, laid, language_known, layers, team_known

BUNDLED_LANGUAGES = ("en", "de")
"""The languages that the bundled words are in; the first is that of `policy.toml`, another has its own file."""

MOST_FILES = 8
"""So many files may extend one another."""


class PolicyBook:
    """The policies of a file: one for each team and language. Raises `PolicyFaults` where the file is not of the form."""

    def __init__(self, files: list[Source]) -> None:
        """`files`: what a policy is made of besides the bundled one, the one that all others extend first."""
        faults = [source.fault(place, what) for source in files for place, what in wrong_in_file(source.raw)]
        if faults:
            raise PolicyFaults(faults)
        bundled = _bundled("policy.toml")
        self._sources = [(bundled, BUNDLED_LANGUAGES[0])]
        self._version = str(bundled.raw["version"])
        for source in files:
            self._sources.append((source, source.raw.get("language", self._sources[-1][1])))
            self._version = source.raw.get("version") or f"{self._version}+{Path(source.name).stem}"

    @property
    def language(self) -> str:
        """The language in which the file is written."""
        return self._sources[-1][1]

    @property
    def teams(self) -> list[str]:
        """The teams that have something of their own."""
        return sorted({team for source, _ in self._sources for team in source.raw.get("teams", {})})

    @property
    def languages(self) -> list[str]:
        """The languages that something is said in."""
        said = {language for source, _ in self._sources for language in source.raw.get("languages", {})}
        return sorted({self.language, *said, *BUNDLED_LANGUAGES})

    def policy(self, team: str | None = None, language: str | None = None) -> Policy:
        """The policy of a team in a language. Raises `ConfigError` on one that is not there, `PolicyFaults` on what makes no sense."""
        language = language or self.language
        team_known(team, self.teams)
        spoken = {code for source, _ in self._sources for part in self._parts(source, team) for code in part.get("languages", {})}
        language_known(language, sorted({self.language, *spoken, *BUNDLED_LANGUAGES}))
        words = _bundled(f"policy.{language}.toml") if language in BUNDLED_LANGUAGES[1:] else None
        marks = ([f"team:{team}"] if team else []) + ([language] if language != self.language else [])
        return laid(layers(self._sources, words, team, language), "+".join([self._version, *marks]), language)

    def faults(self) -> list[Fault]:
        """What makes no sense in any of the policies that the file speaks of: each team, each language, each team's own languages."""
        wanted: list[tuple[str | None, str | None]] = [(None, None), *((team, None) for team in self.teams)]
        for source, _ in self._sources:
            wanted += [(None, language) for language in source.raw.get("languages", {})]
            wanted += [(team, code) for team, part in source.raw.get("teams", {}).items() for code in part.get("languages", {})]
        found: list[Fault] = []
        for team, language in dict.fromkeys(wanted):
            try:
                self.policy(team, language)
            except PolicyFaults as broken:
                found += broken.faults
        return list(dict.fromkeys(found))

    @staticmethod
    def _parts(source: Source, team: str | None) -> list[dict[str, dict[str, object]]]:
        return [source.raw, source.raw.get("teams", {}).get(team, {})]


def parse_policy(text: str, name: str = "policy", *, team: str | None = None, language: str | None = None) -> Policy:
    """A policy from TOML that lies over the bundled one. Raises `ConfigError` that names file, line, field and mend."""
    source = Source(name, text)
    if "extends" in source.raw:
        raise PolicyFaults([source.fault(("extends",), "can only be followed from a file; load it by its path")])
    return PolicyBook([source]).policy(team, language)


def load_policy(path: Path | None = None, *, team: str | None = None, language: str | None = None) -> Policy:
    """The policy at `path`, or the bundled one, for a team and in a language. Raises `ConfigError`."""
    return open_policy(path).policy(team, language)


def open_policy(path: Path | None = None) -> PolicyBook:
    """All policies of the file at `path`, or the bundled ones. Raises `ConfigError` that names file, line, field and mend."""
    return PolicyBook([] if path is None else _with_extended(path))


def _with_extended(path: Path) -> list[Source]:
    """A file and those that it extends, from the one that extends none."""
    files = [_read(path)]
    while isinstance(base := files[0].raw.get("extends"), str):
        path = path.parent / base
        if len(files) == MOST_FILES:
            raise PolicyFaults([files[0].fault(("extends",), f"makes a chain of more than {MOST_FILES} files, or a circle")])
        try:
            files.insert(0, _read(path))
        except PolicyFaults:
            raise
        except ConfigError as broken:
            raise PolicyFaults([files[0].fault(("extends",), f"names a file that cannot be read: {broken}")]) from broken
    return files


def _read(path: Path) -> Source:
    try:
        return Source(str(path), path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as broken:
        raise ConfigError(f"cannot read the policy {path}: {broken}") from broken


@cache
def _bundled(name: str) -> Source:
    source = Source(BUNDLED + name, (resources.files(__package__) / name).read_text("utf-8"))
    faults = [source.fault(place, what) for place, what in wrong_in_file(source.raw)]
    if faults:
        raise PolicyFaults(faults)
    return source
