"""Files, teams and languages laid over the bundled policy; loading many rules is quick."""

import re
import time
from pathlib import Path

import pytest

from assistant.errors import ConfigError
from assistant.guidance.policy import Policy, Rule
from assistant.guidance.policy_file import load_policy, open_policy, parse_policy

BUNDLED = load_policy()


def rule(policy: Policy, name: str) -> Rule:
    return next(rule for rule in policy.rules if rule.id == name)


def test_what_a_file_leaves_out_is_as_bundled() -> None:
    policy = parse_policy('version = "ours"\nbudget.gap_s = 20\ncards.boundary.title = "Say no, kindly"\n')
    assert policy.version == "ours"
    assert policy.budget.gap_s == 20.0
    assert policy.budget.cool_down_s == BUNDLED.budget.cool_down_s
    assert policy.cards["boundary"].title == "Say no, kindly"
    assert policy.cards["boundary"].say == BUNDLED.cards["boundary"].say
    assert policy.rules == BUNDLED.rules
    assert policy.ladder == BUNDLED.ladder


def test_an_empty_file_is_the_bundled_policy_under_its_own_name() -> None:
    policy = parse_policy("", "/etc/calmline/ours.toml")
    assert policy.version == f"{BUNDLED.version}+ours"
    assert (policy.cards, policy.rules, policy.remit) == (BUNDLED.cards, BUNDLED.rules, BUNDLED.remit)


def test_a_known_rule_is_laid_over_a_new_one_added_one_switched_off() -> None:
    policy = parse_policy(
        """
        [[rules]]
        id = "boundary.dismissed"
        count = 4

        [[rules]]
        id = "time_box.monologue"
        enabled = false

        [[rules]]
        id = "hand_over.refund_again"
        card = "hand_over"
        on = "cue"
        cues = ["request_refund"]
        count = 4
        why = "asked {count} times for money"
        """
    )
    assert rule(policy, "boundary.dismissed").count == 4
    assert rule(policy, "boundary.dismissed").cues == rule(BUNDLED, "boundary.dismissed").cues
    assert [one.id for one in policy.rules] == [one.id for one in BUNDLED.rules if one.id != "time_box.monologue"] + [
        "hand_over.refund_again"
    ]


def test_a_skip_can_be_switched_off() -> None:
    assert BUNDLED.ladder.threat.skip is not None
    assert parse_policy("[ladder.threat.skip]\nenabled = false\n").ladder.threat.skip is None
    assert load_policy().ladder.threat.skip is not None


TEAMS = """
version = "v"
budget.gap_s = 20.0

[teams.recalls]
budget.gap_s = 30.0
cards.boundary.say = "Team words."
rules = [{ id = "hand_over.boiling", for_s = 5.0 }]

[languages.de]
cards.boundary.say = "Wir sagen."
"""


def test_a_team_lies_over_the_file_and_a_language_over_the_team() -> None:
    assert parse_policy(TEAMS).budget.gap_s == 20.0
    team = parse_policy(TEAMS, team="recalls")
    assert (team.version, team.budget.gap_s, team.cards["boundary"].say) == ("v+team:recalls", 30.0, "Team words.")
    assert rule(team, "hand_over.boiling").for_s == 5.0
    both = parse_policy(TEAMS, team="recalls", language="de")
    assert (both.version, both.budget.gap_s, both.cards["boundary"].say) == ("v+team:recalls+de", 30.0, "Wir sagen.")
    assert both.language == "de"
    assert both.cards["crisis"] == load_policy(language="de").cards["crisis"]


def test_a_team_has_words_of_its_own_in_a_language() -> None:
    text = TEAMS + '[teams.recalls.languages.de]\ncards.boundary.say = "Wir vom Rückruf."\n'
    assert parse_policy(text, team="recalls", language="de").cards["boundary"].say == "Wir vom Rückruf."
    assert parse_policy(text, language="de").cards["boundary"].say == "Wir sagen."


def test_a_file_in_german_has_the_bundled_german_words() -> None:
    policy = parse_policy('version = "v"\nlanguage = "de"\ncards.boundary.title = "Freundlich nein sagen"\n')
    assert (policy.version, policy.language) == ("v", "de")
    assert policy.cards["boundary"].title == "Freundlich nein sagen"
    assert policy.cards["crisis"] == load_policy(language="de").cards["crisis"]


def test_words_that_a_language_lacks_are_named_and_not_mixed_in() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_policy('version = "v"\n[cards.boundary]\nsay = "Ours."\n', "ours.toml", language="de")
    assert str(refused.value) == 'ours.toml:3: cards.boundary.say: is in "en" alone; say it in "de" under [languages.de]'


def test_a_language_that_is_not_bundled_lacks_every_word_that_the_file_does_not_say() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_policy('[languages.fr]\ncards.crisis.title = "Danger"\n', "ours.toml", language="fr")
    lines = str(refused.value).splitlines()
    assert 'ours.toml:2: languages.fr.cards.crisis.say: is missing: the bundled words are in "en" here' in lines
    assert not any("cards.crisis.title" in line for line in lines)


def test_a_language_does_not_undo_what_a_team_may_grant() -> None:
    text = """
        [[teams.recalls.remit]]
        cues = ["request_refund"]
        say = "Up to eighty."
        [[languages.de.remit]]
        cues = ["request_refund"]
        say = "Bis fünfzig."
    """
    with pytest.raises(ConfigError, match=r"teams\.recalls\.languages\.de\.remit"):
        parse_policy(text, team="recalls", language="de")
    own = '[[teams.recalls.languages.de.remit]]\ncues = ["request_refund"]\nsay = "Bis achtzig."\n'
    assert [grant.say for grant in parse_policy(text + own, team="recalls", language="de").remit] == ["Bis achtzig."]


@pytest.mark.parametrize(("team", "language", "named"), [("recals", None, "recalls"), (None, "dd", "de"), (None, "fr", r"languages\.fr")])
def test_an_unknown_team_or_language_names_what_there_is(team: str | None, language: str | None, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        parse_policy(TEAMS, team=team, language=language)


def test_a_file_extends_another(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('version = "2"\nbudget.gap_s = 20.0\nbudget.hold_s = 3.0\n[teams.recalls]\nbudget.gap_s = 40.0\n')
    (tmp_path / "site.toml").write_text('extends = "base.toml"\nbudget.hold_s = 4.0\n')
    policy = load_policy(tmp_path / "site.toml")
    assert (policy.version, policy.budget.gap_s, policy.budget.hold_s) == ("2+site", 20.0, 4.0)
    assert load_policy(tmp_path / "site.toml", team="recalls").budget.gap_s == 40.0


def test_the_worked_example_of_the_guide_is_in_order(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "policy.md").read_text("utf-8")
    example = re.findall(r"```toml\n(#:schema.*?)```", guide, re.DOTALL)
    (tmp_path / "ours.toml").write_text(*example, encoding="utf-8")
    book = open_policy(tmp_path / "ours.toml")
    assert book.faults() == []
    assert f"policy {book.policy('recalls', 'de').version} is in order" in guide


def test_files_that_extend_each_other_or_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('extends = "b.toml"\n')
    (tmp_path / "b.toml").write_text('extends = "a.toml"\n')
    (tmp_path / "c.toml").write_text('\nextends = "no.toml"\n')
    with pytest.raises(ConfigError, match="circle"):
        load_policy(tmp_path / "a.toml")
    with pytest.raises(ConfigError, match=r"c\.toml:2: extends: names a file that cannot be read"):
        load_policy(tmp_path / "c.toml")
    with pytest.raises(ConfigError, match="cannot read the policy"):
        load_policy(tmp_path / "no.toml")


def test_faults_of_every_team_and_language_are_found_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text("[teams.a]\nheat.half_life_s = 0.0\n[teams.b.languages.de]\nheat.bend_points = 0.0\n[languages.de]\nheat.step = 0.0\n")
    book = open_policy(file)
    assert book.teams == ["a", "b"]
    assert [(fault.line, fault.field) for fault in book.faults()] == [
        (2, "teams.a.heat.half_life_s"),
        (6, "languages.de.heat.step"),
        (4, "teams.b.languages.de.heat.bend_points"),
    ]


def many_rules(count: int) -> str:
    return "\n".join(
        f"""[[rules]]
        id = "ours.{number}"
        card = "boundary"
        on = "cue"
        cues = ["dismissal", "repeated_demand"]
        tracks = ["caller", "third_party"]
        count = {1 + number % 5}
        within_s = 90.0
        heat_from = 15.0
        after = ["refusal"]
        why = "waved the answer away {{count}} times"
        """
        for number in range(count)
    )


def test_two_hundred_rules_load_in_a_tenth_of_a_second() -> None:
    text = many_rules(200)
    took_s = []
    for _ in range(5):
        start = time.process_time()
        policy = parse_policy(text)
        took_s.append(time.process_time() - start)
    assert len(policy.rules) == 200 + len(BUNDLED.rules)
    assert min(took_s) < 0.1
