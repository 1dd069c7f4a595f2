"""The public sources, each mapped to our labels with care (see models/hostility/README.md for the reasons).

In: the folder of `*.jsonl.gz` files. Out: `Example`s; rows of more than `MOST_WORDS` words are left out, because
nobody says that much in one breath and a label of the whole may hang on a part.
"""

import gzip
import json
import random
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.signals.cues.kinds import DISTRESS
from assistant.signals.hostility.labels import LABELS, Text
from assistant.signals.hostility.normalise import normalise
from assistant.signals.hostility.splits import split_of
from assistant.signals.hostility.wordlist import HIDDEN_WORDS
from scripts.hostility.examples import ALL_LEVELS, ALL_TARGETS, Example

MOST_WORDS = 30
ORDINARY = ("natcs_finance_caller_turns", "multidogo_customer_turns", "banking77", "clinc150")
BUDGET = {
    "toxic_spans": 3500,
    "jigsaw_sixlabel": 4500,
    "jigsaw_binary": 2500,
    "edos_sexism": 5500,
    "davidson": 3000,
    "goemotions": 3000,
    "diasafety": 3000,
    "openai_moderation_eval": 500,
    "cucom_dialogues": 2500,
    "natcs_finance_caller_turns": 10000,
    "multidogo_customer_turns": 20000,
    "banking77": 3000,
    "clinc150": 6000,
}
"""Rows taken of each source in a full run, after splitting."""

Row = dict[str, Any]
_CALM = frozenset(
    {"gratitude", "caring", "love", "joy", "admiration", "approval", "optimism", "relief", "curiosity", "excitement"}
)
_GROUP = frozenset({"none", "third_person_report", "person"})
_OFFENDING = frozenset(HIDDEN_WORDS[: HIDDEN_WORDS.index("kill")])
_REDACTED = re.compile(r"<Person>|\[name\]|\[religion\]", re.IGNORECASE)


def _known(**given: float) -> dict[str, float]:
    return dict(given)


def _ordinary(row: Row) -> Example | None:
    # A caller of these sets may be upset or sworn at a thing, never abusive.
    return _example(
        row["text"],
        dict.fromkeys((*LABELS, *DISTRESS), 0.0),
        {0, 1} if "damn" in row["text"].lower() else {0},
        {"none", "situation", "self"},
    )


def _toxic_spans(row: Row) -> Example | None:
    votes, raters = row["votes"], min(max(int(row["raters"]), 1), 10)
    share = {
        name: min(1.0, votes.get(name, 0) / raters)
        for name in ("insult", "threat", "identity_based_attack", "profane/obscene")
    }
    labels = _known(
        insult=share["insult"],
        threat=share["threat"],
        identity_attack=share["identity_based_attack"],
        profanity=share["profane/obscene"],
    )
    levels = (
        {3}
        if max(share["threat"], share["identity_based_attack"]) > 0.6
        else {2, 3}
        if share["insult"] > 0.6
        else {1, 2, 3}
    )
    return _example(row["text"], labels, levels)


def _jigsaw_six(row: Row) -> Example | None:
    labels = _known(
        insult=row["insult"], threat=row["threat"], profanity=row["obscene"], identity_attack=row["identity_hate"]
    )
    if not any(row[k] for k in ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")):
        return _example(row["text"], {**labels, "hostile": 0.0, "sexual": 0.0}, {0, 1})
    levels = {3} if row["threat"] or row["identity_hate"] else {2, 3} if row["insult"] else {1, 2, 3}
    return _example(row["text"], labels, levels)


def _jigsaw_binary(row: Row) -> Example | None:
    if row["toxic"]:
        return _example(row["text"], {}, {1, 2, 3})
    return _example(row["text"], _known(insult=0, threat=0, identity_attack=0, sexual=0), {0, 1})


def _edos(row: Row) -> Example | None:
    category = row["category"]
    if not row["sexist"]:
        # It was asked about sexism alone: such a text may still insult someone.
        return _example(row["text"], _known(identity_attack=0.05), ALL_LEVELS)
    if category.startswith("1"):
        return _example(row["text"], _known(threat=1, identity_attack=0.9), {3})
    hard = category.startswith("2")
    return _example(row["text"], _known(identity_attack=1), {3} if hard else {2, 3}, _GROUP)


def _davidson(row: Row) -> Example | None:
    if row["class"] == "hate":
        return _example(row["text"], _known(identity_attack=0.9), {2, 3})
    if row["class"] == "neither":
        return _example(row["text"], _known(identity_attack=0, threat=0, insult=0.05), {0, 1})
    # "Offensive" was given to dialect as such: it tells of strong words, not of abuse.
    return _example(row["text"], _known(profanity=0.9, identity_attack=0.1), ALL_LEVELS)


def _goemotions(row: Row) -> Example | None:
    if set(row["emotions"]) <= _CALM:
        return _example(row["text"], _known(insult=0, threat=0, identity_attack=0, hostile=0), {0, 1})
    if row["emotions"] == ["neutral"] and not _offends(row["text"]):
        return _example(row["text"], _known(identity_attack=0, hostile=0), {0, 1})
    return None


def _diasafety(row: Row) -> Example | None:
    unsafe, category = row["unsafe"], row["category"]
    if category == "Offending User":
        if unsafe:
            return _example(row["text"], _known(hostile=1), {2, 3}, {"person"}, row["context"])
        return _example(row["text"], _known(hostile=0, insult=0, threat=0), {0, 1}, ALL_TARGETS, row["context"])
    if category in ("Biased Opinion", "Toxicity Agreement"):
        if unsafe:
            labels = _known(identity_attack=1) if category == "Biased Opinion" else {}
            return _example(
                row["text"],
                labels,
                {1, 2, 3} if category == "Biased Opinion" else ALL_LEVELS,
                ALL_TARGETS,
                row["context"],
            )
        return _example(row["text"], _known(identity_attack=0, insult=0), {0, 1}, ALL_TARGETS, row["context"])
    return None


def _openai(row: Row) -> Example | None:
    labels: dict[str, float] = {}
    for key, name in (("SH", "distress"), ("H", "identity_attack")):
        if key in row:
            labels[name] = float(row[key])
    harmful = any(row.get(key) for key in ("S", "H", "V", "HR", "SH", "S3", "H2", "V2"))
    if row.get("S") == 0 and row.get("S3", 0) == 0:
        labels["sexual"] = 0.0
    if not harmful and {"S", "H", "V", "HR"} <= row.keys():
        return _example(row["text"], {**labels, "threat": 0.0, "hostile": 0.0}, {0, 1})
    levels = {3} if row.get("H2") or row.get("H") else {2, 3} if row.get("HR") else ALL_LEVELS
    return _example(row["text"], labels, levels)


def _cucom(row: Row) -> Example | None:
    text, before = row["text"], row["before"]
    if _offends(text):
        return None
    # Angry customers of a shop, written by a machine: upset, and by its making not abusive.
    return _example(
        text,
        _known(insult=0, threat=0, identity_attack=0, sexual=0),
        {0, 1},
        {"situation", "none", "self", "person"},
        before,
    )


_MAPS: dict[str, Callable[[Row], Example | None]] = {
    **dict.fromkeys(ORDINARY, _ordinary),
    "toxic_spans": _toxic_spans,
    "jigsaw_sixlabel": _jigsaw_six,
    "jigsaw_binary": _jigsaw_binary,
    "edos_sexism": _edos,
    "davidson": _davidson,
    "goemotions": _goemotions,
    "diasafety": _diasafety,
    "openai_moderation_eval": _openai,
    "cucom_dialogues": _cucom,
}


def public_examples(folder: Path, source: str, most: int | None = None) -> list[Example]:
    """All usable rows of one source (of its first `most`, for trials), once each, split by the hash of their words."""
    found: dict[str, Example] = {}
    for row in islice(public_rows(folder, source), most):
        mapped = _MAPS[source](row)
        if mapped is None:
            continue
        words = mapped.text.text
        if not 1 <= len(words.split()) <= MOST_WORDS:
            continue
        found.setdefault(
            words, Example(mapped.text, source, split_of(words), mapped.labels, mapped.levels, mapped.targets)
        )
    return list(found.values())


def budgeted(examples: list[Example], budget: int, seed: int) -> list[Example]:
    """At most `budget` of one source, rows that may be abuse and rows that cannot evenly, as far as each lasts."""
    rng = random.Random(seed)
    ordinary = [e for e in examples if 3 not in e.levels]
    others = [e for e in examples if 3 in e.levels]
    for part in (ordinary, others):
        rng.shuffle(part)
    half = max(budget // 2, budget - len(ordinary))
    taken = others[:half]
    return taken + ordinary[: budget - len(taken)]


def public_rows(folder: Path, source: str) -> Iterator[Row]:
    """The rows of one source as they are, but each turn of a customer by itself. Errors: `OSError` if its file is not there."""
    with gzip.open(folder / f"{source}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if source == "cucom_dialogues":
                yield from _customer_turns(row["turns"])
            else:
                yield row


def _customer_turns(turns: list[dict[str, str]]) -> Iterator[Row]:
    before = None
    for turn in turns:
        if turn["role"].lower() in ("user", "customer"):
            yield {"text": turn["text"], "before": before}
        before = turn["text"]


def _offends(text: str) -> bool:
    return not _OFFENDING.isdisjoint(normalise(text).split())


def _example(
    text: str,
    labels: dict[str, float],
    levels: set[int] | frozenset[int],
    targets: set[str] | frozenset[str] = ALL_TARGETS,
    before: str | None = None,
) -> Example:
    words = normalise(_REDACTED.sub(" ", text))
    spoken = Text(words, before=before, before_speaker="agent" if before else None)
    return Example(spoken, "", "train", labels, frozenset(levels), frozenset(targets))
