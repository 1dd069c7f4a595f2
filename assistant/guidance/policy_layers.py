"""Parts of policy files, laid one over another. Pure.

In: the files that a policy is made of, the bundled one first, and which team and language are wanted. Out: one policy, or every fault
in it at the file, line and field that it comes from.

From below to above: the bundled policy and its words in the language wanted, then each file, then what the files say for the team,
for the language, and for the team in that language. Tables are laid over key by key, rules by id; a list takes the place of the one
below, the remit as a whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from assistant.errors import ConfigError
from assistant.guidance.policy import KINDS, Policy
from assistant.guidance.policy_checks import senseless
from assistant.guidance.policy_faults import Fault, Place, PolicyFaults, Source, dotted
from assistant.guidance.policy_form import close_to, wrong_in_whole

BUNDLED = "the bundled "
"""How the names of the files that come with Calmline begin."""

OVERLAID = ("evidence", "heat", "ladder", "budget", "remit", "rules", "cards")


@dataclass(frozen=True)
class Layer:
    """A part of a file that is laid over what lies below."""

    source: Source
    at: Place
    """Where it stands in its file; () is the file itself."""
    raw: dict[str, Any]
    language: str
    """The language of its words."""

    def find(self, place: Place) -> Place | None:
        """Where a place of the policy stands in the file, if this layer holds it; rules are sought by id."""
        here: Any = self.raw
        found = self.at
        for part in place:
            if isinstance(here, list):
                ids = [item.get("id") for item in here] if found[-1] == "rules" else list(range(len(here)))
                if part not in ids:
                    return None
                part = ids.index(part)
            elif not isinstance(here, dict) or part not in here:
                return None
            here = here[part]
            found = (*found, part)
        return found


def layers(sources: list[tuple[Source, str]], bundled_words: Source | None, team: str | None, language: str) -> list[Layer]:
    """The layers of a policy from below to above; `sources` come with the language of their words, the bundled one first."""
    plain = [Layer(source, (), source.raw, words) for source, words in sources]
    if bundled_words is not None:
        plain.insert(1, Layer(bundled_words, (), bundled_words.raw, language))
    for places in _overlays(team, language):
        plain += [
            Layer(source, place, part, language if "languages" in place else words)
            for source, words in sources
            for place in places
            if (part := _at(source.raw, place)) is not None
        ]
    return plain


def _overlays(team: str | None, language: str) -> list[list[Place]]:
    if team is None:
        return [[("languages", language)]]
    return [[("teams", team)], [("languages", language)], [("teams", team, "languages", language)]]


def laid(parts: list[Layer], version: str, language: str) -> Policy:
    """One policy of its layers. Raises `PolicyFaults`."""
    merged: dict[str, Any] = {}
    for part in parts:
        merged = _over(merged, {key: part.raw[key] for key in OVERLAID if key in part.raw})
    merged |= {"version": version, "language": language}
    _switched_off(merged)
    try:
        policy = msgspec.convert(merged, Policy)
    except msgspec.ValidationError as broken:
        wrong = [(_by_id(merged, place), what) for place, what in wrong_in_whole(merged, Policy)]
        raise PolicyFaults([_fault(parts, place, what) for place, what in wrong]) from broken
    written = {rule["id"]: rule for rule in merged["rules"]}
    faults = [_fault(parts, place, what) for place, what in senseless(policy, written)]
    faults += _untranslated(parts, policy)
    if faults:
        raise PolicyFaults(faults)
    return policy


def team_known(team: str | None, known: list[str]) -> None:
    """Raises `ConfigError` where there is no such team."""
    if team is not None and team not in known:
        raise ConfigError(f'the policy has no team "{team}"' + (close_to(team, known) if known else "; add [teams." + team + "]"))


def language_known(language: str, known: list[str]) -> None:
    """Raises `ConfigError` where nothing is said in a language."""
    if language not in known:
        raise ConfigError(f'the policy has no words in "{language}"{close_to(language, known)}; or add [languages.{language}]')


def _over(below: Any, above: Any, key: str = "") -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        both = dict(below)
        for name, value in above.items():
            both[name] = _over(below[name], value, name) if name in below else value
        return both
    if key == "rules":
        rules = {rule["id"]: rule for rule in below}
        for rule in above:
            rules[rule["id"]] = rules.get(rule["id"], {}) | rule
        return list(rules.values())
    return above


def _switched_off(merged: dict[str, Any]) -> None:
    """Takes out the rules and skips that are switched off."""
    merged["rules"] = [rule for rule in merged.get("rules", []) if rule.get("enabled", True)]
    for kind, ladder in merged.get("ladder", {}).items():
        if isinstance(ladder, dict) and not ladder.get("skip", {}).get("enabled", True):
            merged["ladder"] = merged["ladder"] | {kind: {key: value for key, value in ladder.items() if key != "skip"}}


def _untranslated(parts: list[Layer], policy: Policy) -> Iterator[Fault]:
    """Words that would be shown in another language than that of the policy, and grants of a team that a language would undo."""
    top = max((part for part in parts if part.at == ()), key=parts.index)
    for place in _words(policy):
        last = next((part for part in reversed(parts) if part.find(place) is not None), None)
        if last is None or last.language == policy.language:
            continue
        if last is parts[0]:
            own = place if top.language == policy.language else ("languages", policy.language, *place)
            yield top.source.fault(own, f'is missing: the bundled words are in "{last.language}" here')
        else:
            into = dotted((*last.at, "languages", policy.language))
            yield _fault(parts, place, f'is in "{last.language}" alone; say it in "{policy.language}" under [{into}]')
    grants = [part for part in parts if part.find(("remit",)) is not None]
    if any("teams" in part.at for part in grants) and "teams" not in grants[-1].at:
        team = next(part.at[1] for part in grants if "teams" in part.at)
        into = dotted(("teams", team, "languages", policy.language, "remit"))
        yield _fault(parts, ("remit",), f'takes the place of what team "{team}" may grant; say that team\'s grants in [[{into}]]')


def _words(policy: Policy) -> Iterator[Place]:
    for card in policy.cards:
        yield from (("cards", card, "title"), ("cards", card, "say"))
    for kind in KINDS:
        ladder = policy.ladder.of(kind)
        yield from (("ladder", kind, "say", step) for step in ladder.say if step in ladder.steps)
    for rule in policy.rules:
        yield "rules", rule.id, "why"
    if policy.remit:
        yield ("remit",)


def _fault(parts: list[Layer], place: Place, what: str) -> Fault:
    """A fault in the uppermost layer that holds the place, or else the nearest one around it.

    Of a file's own layers if any holds something around it: what the bundled words clash with is for the file to mend.
    """
    bundled = [part for part in parts if part.source.name.startswith(BUNDLED)]
    for among in ([part for part in parts if part not in bundled], bundled):
        for end in range(len(place), 0, -1):
            for part in reversed(among):
                found = part.find(place[:end])
                if found is not None:
                    return part.source.fault((*found, *place[end:]), what)
    return parts[-1].source.fault(place, what)


def _by_id(merged: dict[str, Any], place: Place) -> Place:
    """A place inside of a rule, named by the rule's id and no longer by its number."""
    match place:
        case ("rules", int(number), *rest):
            return ("rules", merged["rules"][number]["id"], *rest)
        case _:
            return place


def _at(raw: dict[str, Any], place: Place) -> dict[str, Any] | None:
    here: Any = raw
    for part in place:
        if not isinstance(here, dict) or part not in here:
            return None
        here = here[part]
    return here if isinstance(here, dict) else None
