"""`calmline policy check` and `schema`, and the settings that name a policy."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.cli import app
from assistant.config import load_config
from assistant.errors import ConfigError
from assistant.guidance.policy_file import load_policy


def policy(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


def test_the_bundled_policy_is_in_order() -> None:
    done = policy("check", "--json")
    facts = json.loads(done.stdout)
    assert done.exit_code == 0
    assert facts["ok"]
    assert facts["version"] == load_policy().version
    assert (facts["teams"], facts["languages"]) == ([], ["de", "en"])
    assert len(facts["cards"]) == len(load_policy().cards)
    assert len(facts["rules"]) == len(load_policy().rules)
    assert "in order: 22 cards" in policy("check", "--language", "de").stdout


def test_each_fault_is_a_line_and_the_command_fails(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text("[budget]\ndwel_s = 1\n[heat]\nhalf_lif_s = 1\n")
    done = policy("check", file)
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        f"{file}:2: budget.dwel_s: is not a known key; did you mean `dwell_s`?",
        f"{file}:4: heat.half_lif_s: is not a known key; did you mean `half_life_s`?",
    ]
    facts = json.loads(policy("check", file, "--json").stdout)
    assert not facts["ok"]
    assert facts["faults"][0]["line"] == 2


def test_every_team_is_checked_unless_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ours.toml"
    file.write_text('version = "v"\n[teams.a]\nheat.step = 0\n[teams.b]\nheat.step = 2\n')
    assert "teams.a.heat.step" in policy("check", file).stdout
    assert "policy v+team:b is in order" in policy("check", file, "--team", "b").stdout


def test_the_schema_is_printed() -> None:
    assert json.loads(policy("schema").stdout)["title"] == "A policy of Calmline"


def test_settings_name_file_team_and_language(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('version = "v"\n[teams.a]\nheat.step = 2\n')
    settings = tmp_path / "calmline.toml"
    settings.write_text(f'policy = "{tmp_path / "ours.toml"}"\npolicy_team = "a"\npolicy_language = "de"\n')
    assert load_config(settings).call_settings().policy.version == "v+team:a+de"
    settings.write_text('policy_team = "a"\n')
    with pytest.raises(ConfigError, match='no team "a"'):
        load_config(settings).call_settings()
