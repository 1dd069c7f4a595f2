"""The policy file: the bundled one is in order, a broken one names what is wrong."""

from importlib import resources

import pytest

from assistant.errors import ConfigError
from assistant.guidance.policy import CARDS, load_policy, parse_policy

TEXT = (resources.files("assistant.guidance") / "policy.toml").read_text("utf-8")


def test_bundled_policy_has_every_card_with_short_words() -> None:
    policy = load_policy()
    assert set(policy.cards) == set(CARDS)
    assert all(len(card.title.split()) <= 6 for card in policy.cards.values())
    assert all("calm down" not in card.say.lower() for card in policy.cards.values())


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("dwell_s = 4.0", 'dwell_s = "long"', "budget.dwell_s"),
        ("dwell_s = 4.0", "dwell_s = 4.0\ndwel_s = 4.0", "dwel_s"),
        ("[acknowledge]\n", "[acknowledged]\n", "acknowledged"),
        ("[cards.crisis]", "[cards.crysis]", "crisis"),
        ('version = "2026-11-22"', "version = ", "policy"),
    ],
)
def test_broken_policy_names_the_field(old: str, new: str, named: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError, match=named):
        parse_policy(TEXT.replace(old, new))
