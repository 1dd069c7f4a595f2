"""The bundled policy: it is whole, short of words, and the same in each of its languages."""

import tomllib
from importlib import resources

import msgspec
import pytest

from assistant.guidance.policy import CARDS, Grant
from assistant.guidance.policy_checks import sentences
from assistant.guidance.policy_file import BUNDLED_LANGUAGES, load_policy, open_policy, parse_policy


@pytest.mark.parametrize("language", BUNDLED_LANGUAGES)
def test_bundled_policy_has_every_card_with_few_words(language: str) -> None:
    policy = load_policy(language=language)
    assert set(policy.cards) == set(CARDS)
    assert all(len(card.title.split()) <= 6 for card in policy.cards.values())
    assert all(sentences(card.say) <= 2 for card in policy.cards.values())


@pytest.mark.parametrize("language", BUNDLED_LANGUAGES)
@pytest.mark.parametrize("inflaming", ["calm down", "you need to", "you have to", "beruhigen sie sich", "sie müssen"])
def test_bundled_words_do_not_inflame(language: str, inflaming: str) -> None:
    policy = load_policy(language=language)
    assert all(inflaming not in card.say.lower() for card in policy.cards.values())


def test_bundled_policy_is_in_order() -> None:
    book = open_policy()
    assert book.faults() == []
    assert book.languages == ["de", "en"]
    assert book.policy().version == tomllib.loads(_text("policy.toml"))["version"]


def test_german_changes_words_and_nothing_else() -> None:
    english, german = load_policy(), load_policy(language="de")
    assert german.version == f"{english.version}+de"
    for card, words in english.cards.items():
        assert german.cards[card].say != words.say
        assert german.cards[card].title != words.title
        assert msgspec.structs.replace(german.cards[card], title=words.title, say=words.say) == words
    for ours, theirs in zip(english.rules, german.rules, strict=True):
        assert ours.why != theirs.why
        assert msgspec.structs.replace(theirs, why=ours.why) == ours
        assert ("{count}" in ours.why) == ("{count}" in theirs.why)
    assert [grant.cues for grant in german.remit] == [grant.cues for grant in english.remit]
    assert len(set(german.warning_words) | set(english.warning_words)) == 2 * len(english.warning_words)
    assert (german.heat, german.budget, german.evidence) == (english.heat, english.budget, english.evidence)


def test_grants_of_a_product_take_the_place_of_those_for_all() -> None:
    policy = parse_policy(
        """
        remit = [
            { cues = ["request_refund", "request_free"], say = "Up to fifty." },
            { cues = ["request_refund"], product = "seats", say = "Up to eighty." },
        ]
        """
    )
    assert _said(policy.grants("request_refund")) == ["Up to fifty."]
    assert _said(policy.grants("request_refund", "seats")) == ["Up to eighty."]
    assert _said(policy.grants("request_refund", "mirrors")) == ["Up to fifty."]
    assert _said(policy.grants("request_free", "seats")) == ["Up to fifty."]
    assert policy.grants("request_rush") == ()


def _said(grants: tuple[Grant, ...]) -> list[str]:
    return [grant.say for grant in grants]


def _text(name: str) -> str:
    return (resources.files("assistant.guidance") / name).read_text("utf-8")
