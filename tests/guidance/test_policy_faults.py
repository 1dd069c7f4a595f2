"""A fault names file, line, field and mend; the line of a field is right however the TOML is written."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import ConfigError
from assistant.guidance.policy_faults import Place, PolicyFaults, dotted, field_lines
from assistant.guidance.policy_file import parse_policy


def faults(text: str, **wanted: str) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        parse_policy(text, "p.toml", **wanted)
    return str(refused.value).splitlines()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[budget]\ndwel_s = 4.0", "p.toml:2: budget.dwel_s: is not a known key; did you mean `dwell_s`?"),
        ('[budget]\ndwell_s = "long"', 'p.toml:2: budget.dwell_s: must be a number of at least 0, not "long"'),
        ("evidence.distress_p = 1.5", "p.toml:1: evidence.distress_p: must be a number from 0 to 1, not 1.5"),
        ("budget.gap_s = nan", "p.toml:1: budget.gap_s: must be a number of at least 0, not nan"),
        ("ladder.belittling_counts = 1", "p.toml:1: ladder.belittling_counts: must be true or false, not 1"),
        ('cards.crysis.title = "x"', 'p.toml:1: cards.crysis: cannot be "crysis"; did you mean `crisis`?'),
        (
            '[cards.boundary]\ntitle = "one two three four five six seven"',
            'p.toml:2: cards.boundary.title: a title has at most six words, not "one two three four five six seven"',
        ),
        ('[[rules]]\nid = "a"\n\n[[rules]]\nid = "a"', 'p.toml:5: rules[1].id: "a" is the id of rules[0] too; each rule has its own'),
        ("[[rules]]\nwhy = 'x'", "p.toml:1: rules[0].id: is missing; it must be words in quotes"),
        ("rules = 3", "p.toml:1: rules: must be a list, not 3"),
        ("[cards]\nboundary = 3", "p.toml:2: cards.boundary: must be a table of title, say, priority, ttl_s"),
        (
            '[[rules]]\nid = "ours"\ncard = "boundary"\nwhy = "x"\n',
            'p.toml:1: rules[0].on: is missing; it must be one of "call_end", "cue"',
        ),
        (
            '[[rules]]\nid = "boundary.dismissed"\ncues = ["dismisal"]\n',
            'p.toml:3: rules[0].cues[0]: cannot be "dismisal"; did you mean `dismissal`?',
        ),
        ("[teams.a.budget]\ndwel_s = 1", "p.toml:2: teams.a.budget.dwel_s: is not a known key; did you mean `dwell_s`?"),
        ("[languages.German]", "p.toml:1: languages.German: a language is named by its code, as de or de-AT"),
        ('extends = "x.toml"', "p.toml:1: extends: can only be followed from a file"),
        ("\nversion =\n", "p.toml:2: version: this is not TOML (Invalid value): version ="),
        ("a = 1\na = 2\n", "p.toml:2: a: this is not TOML (Cannot overwrite a value): a = 2"),
        ("[budget\n", "p.toml:1: this is not TOML"),
        ("x = [1,\n2\n\n", "p.toml:2: this is not TOML (Unclosed array): 2"),
    ],
)
def test_a_fault_names_file_line_field_and_mend(text: str, said: str) -> None:
    (fault,) = faults(text)
    assert fault.startswith(said)


def test_all_faults_of_a_file_are_told_in_order_of_lines() -> None:
    found = faults('[[rules]]\nid = "x"\ncount = 0\nlevels = [1, 7]\n[budget]\ndwell_s = -1\n[old]\n')
    assert [fault.split(": ")[1] for fault in found] == ["rules[0].count", "rules[0].levels[1]", "budget.dwell_s", "old"]


def test_a_fault_of_two_layers_together_is_told_at_the_upper_one() -> None:
    text = '[ladder.threat]\nsteps = ["note", "warning", "final_warning"]\n[teams.a]\n[teams.a.ladder.threat]\nskip.to = "end_call"\n'
    parse_policy(text)
    (fault,) = faults(text, team="a")
    assert fault.startswith('p.toml:5: teams.a.ladder.threat.skip.to: "end_call" is none of the steps')


def test_faults_are_facts_too() -> None:
    with pytest.raises(PolicyFaults) as refused:
        parse_policy("\nbudget.gap_s = -1", "p.toml")
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.field) == ("p.toml", 2, "budget.gap_s")


KEYS = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]))
)
SCALARS = st.one_of(st.integers(-9, 9), st.booleans(), st.just("x"), st.just("[no.table]\nkey = 1\n[[x]]"), st.just("# no comment"))
INLINE = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6)
TABLES: st.SearchStrategy[dict[str, Any]] = st.deferred(
    lambda: st.dictionaries(KEYS, st.one_of(INLINE, INLINE, TABLES, st.lists(TABLES, min_size=1, max_size=3)), max_size=4)
)


class Writer:
    """Writes TOML in one of its many ways, and keeps where each field came to stand."""

    def __init__(self, choose: Any) -> None:
        self.choose = choose
        self.text = ""
        self.lines: dict[Place, int] = {}

    def mark(self, place: Place) -> None:
        self.lines.setdefault(place, self.text.count("\n") + 1)

    def key(self, key: str) -> str:
        bare = key.isascii() and key != "" and all(letter.isalnum() or letter in "_-" for letter in key)
        if bare and self.choose(st.booleans()):
            return key
        if "'" not in key and self.choose(st.booleans()):
            return f"'{key}'"
        return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def noise(self) -> None:
        self.text += self.choose(st.sampled_from(["", "", "\n", "# a = 1\n", "  "]))

    def table(self, table: dict[str, Any], place: Place, header: str) -> None:
        later = []
        for key, value in table.items():
            if self._tables(value) and self.choose(st.booleans()):
                later.append((key, value))
                continue
            self.noise()
            self.mark((*place, key))
            self.text += f"{self.key(key)} = "
            self.value(value, (*place, key))
            self.text += self.choose(st.sampled_from(["\n", " # note\n"]))
        for key, value in later:
            name = f"{header}.{self.key(key)}" if header else self.key(key)
            for number, part in enumerate(value if isinstance(value, list) else [value]):
                self.noise()
                here: Place = (*place, key)
                self.mark(here)
                if isinstance(value, list):
                    here = (*here, number)
                    self.mark(here)
                    self.text += f"[[{name}]]\n"
                else:
                    self.text += f"[{name}]\n"
                self.table(part, here, name)

    def value(self, value: Any, place: Place) -> None:
        match value:
            case list():
                self.text += "["
                for number, item in enumerate(value):
                    self.text += self.choose(st.sampled_from(["", "\n", " # ]\n"]))
                    self.mark((*place, number))
                    self.value(item, (*place, number))
                    self.text += ", "
                self.text += "]"
            case dict():
                self.text += "{"
                for number, (key, item) in enumerate(value.items()):
                    self.text += ", " if number else " "
                    self.mark((*place, key))
                    self.text += f"{self.key(key)} = "
                    self.value(item, (*place, key))
                self.text += " }"
            case bool():
                self.text += str(value).lower()
            case str() if "\n" in value:
                self.text += f'"""\n{value}"""'
            case str():
                self.text += f'"{value}"'
            case _:
                self.text += str(value)

    @staticmethod
    def _tables(value: Any) -> bool:
        return isinstance(value, dict) or (isinstance(value, list) and value != [] and all(isinstance(one, dict) for one in value))


@settings(deadline=None)
@given(TABLES, st.data())
def test_the_line_of_each_field_is_found(table: dict[str, Any], data: st.DataObject) -> None:
    writer = Writer(data.draw)
    writer.table(table, (), "")
    assert tomllib.loads(writer.text) == table
    assert field_lines(writer.text) == writer.lines


def test_dotted_keys_and_headers_stand_where_they_are_first_written() -> None:
    lines = field_lines('# c\na.b = 1\n[x."y z"]\nk.l = { m = 1 }\n[[x.r]]\n[x.r.s]\nt = 1\n[[x.r]]\n')
    assert lines[("a",)] == lines["a", "b"] == 2
    assert lines[("x",)] == lines["x", "y z"] == 3
    assert lines["x", "y z", "k", "l", "m"] == 4
    assert (lines["x", "r", 0], lines["x", "r", 0, "s", "t"], lines["x", "r", 1]) == (5, 7, 8)


def test_places_are_written_as_in_toml() -> None:
    assert dotted(("cards", "ladder.note", "title")) == 'cards."ladder.note".title'
    assert dotted(("rules", 3, "count")) == "rules[3].count"


def test_what_clashes_with_the_bundled_policy_is_told_in_the_file_that_clashes() -> None:
    (fault,) = faults('version = "v"\n[ladder.sexual]\nsteps = ["note"]\n')
    assert fault.startswith('p.toml:2: ladder.sexual.skip.to: "warning" is none of the steps of this kind; add it')
