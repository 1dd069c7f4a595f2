"""What a policy may not say although each of its fields is of the form: each is refused with the mend."""

import pytest

from assistant.errors import ConfigError
from assistant.guidance.policy_checks import sentences
from assistant.guidance.policy_file import parse_policy


def ours(rest: str) -> str:
    return f'[[rules]]\nid = "ours"\ncard = "boundary"\nwhy = "x"\n{rest}\n'


CUE = 'on = "cue"\ncues = ["dismissal"]\n'


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ('[cards.crisis]\nsay = "One. Two. Three."', "cards.crisis.say", "has 3 sentences"),
        ('[cards.boundary]\nsay = "I can do {grants}"', "cards.boundary.say", "holds {grants}, but nothing is filled in here"),
        ('[cards.remit]\nsay = "I can do this."', "cards.remit.say", "must hold {grants}"),
        ('[cards.remit]\nsay = "{grants} {names}"', "cards.remit.say", "only {grants} is filled in here"),
        ('[cards."ladder.note"]\npriority = 40', 'cards."ladder.note".priority', "above every card of advice"),
        ("[cards.boundary]\npriority = 70", 'cards."ladder.note".priority', "boundary has 70"),
        ("[cards.crisis]\npriority = 90", "cards.crisis.priority", "above all other cards: ladder.end_call has 90"),
        ("[heat]\nhalf_life_s = 0", "heat.half_life_s", "above 0"),
        ("[heat]\nbend_points = -1.0", "heat.bend_points", "above 0"),
        ("[heat]\napology = 3.0", "heat.apology", "calms, so it must be 0 or below"),
        ("[heat]\nabuse = -3.0", "heat.abuse", "heats, so it must be 0 or above"),
        ("[budget]\nlongest_gap_s = 1.0", "budget.longest_gap_s", "at least gap_s"),
        ('[ladder.insult]\nsteps = ["warning", "note"]', "ladder.insult.steps", "in this order"),
        ('[ladder.insult]\nsteps = ["note", "note"]', "ladder.insult.steps", "each once"),
        (
            '[ladder.insult]\nsteps = ["note", "final_warning"]',
            "ladder.insult.steps",
            "would never be reached without warning",
        ),
        ('[ladder.sexual]\nsteps = ["note"]', "ladder.sexual.skip.to", '"warning" is none of the steps of this kind'),
        ('[ladder.insult]\nsay.warning = "One. Two. Three."', "ladder.insult.say.warning", "3 sentences"),
        ('[[remit]]\ncues = ["promise"]\nsay = "x"', "remit[0].cues", "promise is nothing that a caller says"),
        ('[[remit]]\ncues = ["request_free"]\nsay = "One. Two."', "remit[0].say", "would have 3 sentences"),
        (ours(CUE).replace("boundary", "crisis"), "rules[0].card", "words of distress alone"),
        (ours(CUE).replace("boundary", "ladder.warning"), "rules[0].card", "evidence of abuse"),
        (ours('on = "heat"\nheat_from = 5').replace("boundary", "remit"), "rules[0].on", 'must be "cue"'),
        (ours('on = "cue"'), "rules[0].cues", 'must be given with on = "cue"'),
        (ours('on = "utterance"'), "rules[0].levels", "must be given"),
        (ours('on = "monologue"'), "rules[0].for_s", "must be given"),
        (ours('on = "heat"'), "rules[0]", "holds at any heat"),
        (ours('on = "heat"\nheat_from = 5\ncount = 3'), "rules[0].count", 'means nothing with on = "heat", only with cue'),
        (ours('on = "poor_line"\ntracks = ["caller"]'), "rules[0].tracks", "means nothing"),
        (ours(CUE + "levels = [2]"), "rules[0].levels", "only with utterance"),
        (ours(CUE + 'of = "agent"'), "rules[0].of", "only with interruption"),
        (ours('on = "interruption"\ncues = ["dismissal"]'), "rules[0].cues", "only with cue"),
        (ours(CUE + "after_s = 3.0"), "rules[0].after_s", "means nothing without after"),
        (ours(CUE + "unless_s = 3.0"), "rules[0].unless_s", "means nothing without unless"),
        (ours(CUE + "heat_from = 50.0\nheat_below = 50.0"), "rules[0].heat_below", "above heat_from, 50"),
        (ours(CUE).replace('"x"', '"x {times}"'), "rules[0].why", "only {count} is filled in"),
        (ours('on = "cue"\ncues = ["promise"]\ntracks = ["caller"]'), "rules[0].cues", "promise is never heard of caller, only of agent"),
        (ours('on = "cue"\ncues = ["request_refund"]\ntracks = ["agent"]'), "rules[0].cues", "request_refund is never heard of agent"),
        (ours('on = "cue"\ncues = ["repeated_demand"]\ntracks = ["agent"]'), "rules[0].cues", "repeated_demand is never heard of agent"),
        (ours('on = "utterance"\nlevels = [3]\ntracks = ["agent"]'), "rules[0].tracks", "agent can never set off"),
        (ours('on = "raised_voice"\ntracks = ["mixed"]'), "rules[0].tracks", "mixed can never set off"),
        (ours('on = "interruption"\nof = "mixed"'), "rules[0].of", "nobody who can be talked over"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_mend(text: str, field: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_policy(text, "p.toml")
    assert any(f": {field}: " in line and said in line for line in str(refused.value).splitlines()), str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        '[ladder.threat]\nsteps = ["final_warning", "end_call"]\n',
        "[ladder.insult]\nsteps = []\n",
        "remit = []\n",
        ours(CUE + 'tracks = ["mixed"]'),
        ours('on = "cue"\ncues = ["apology", "promise"]\ntracks = ["agent", "caller"]'),
        ours('on = "cue"') + "enabled = false\n",
        "[heat]\napology = 0\nraised_voice = 0\n",
    ],
)
def test_what_is_unusual_and_makes_sense_is_taken(text: str) -> None:
    parse_policy(text)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("", 0),
        ("No end", 1),
        ("One.", 1),
        ("One! Two?", 2),
        ("One. Two. And then", 3),
        ("Well... let me see.", 1),
        ("Es geht z. B. um Ihr Geld. Darf ich?", 2),
        ("It costs 2.50 today.", 1),
        ('I heard "no." And I know why.', 2),
        ("Up to 25. {grants}", 2),
    ],
)
def test_sentences_are_counted_as_people_do(words: str, count: int) -> None:
    assert sentences(words) == count
