"""`calmline evaluate`: what the judge is worth on splits that were never trained or tuned on.

In: a classifier, the folder of our corpus, and if at hand the folder of the public call sets. Out: a report as plain
data; `report` shows it.
"""

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.signals.hostility.corpus import Line, read_corpus
from assistant.signals.hostility.labels import LABELS, TARGETS, Classifier, Judgement, Text
from assistant.signals.hostility.metrics import Scores, Truths, at_threshold, auroc, calibration_bins, calibration_error
from assistant.signals.hostility.normalise import normalise
from assistant.signals.hostility.splits import Split, split_of

ORDINARY_SETS = ("natcs_finance_caller_turns", "multidogo_customer_turns", "banking77", "clinc150")
WORDS_AN_HOUR = 4500
"""Words one side says in an hour of a call: 150 a minute, half of the time."""

_LEAST_IN_TAG = 8
_IDENTITY = re.compile(
    r"\b(?:women|woman|girls?|ladies|lady|muslims?|islam|jews?|jewish|christians?|hindus?|sikhs?|black|white|brown|asians?|"
    r"indians?|pakistanis?|chinese|mexicans?|latinos?|arabs?|africans?|nigerians?|polish|irish|romanians?|turkish|immigrants?|"
    r"foreigners?|refugees?|gay|lesbians?|trans|transgender|queer|bisexual|disabled|deaf|blind|autistic|wheelchair|roma|"
    r"gypsy|traveller|old|elderly)\b"
)
_DIALECT = frozenset(
    {
        "dialect",
        "aave",
        "scots",
        "scottish",
        "irish",
        "caribbean",
        "southern",
        "southern us",
        "indian english",
        "nigerian english",
        "nigerian",
        "australian",
        "second language",
        "accent",
        "british",
        "patois",
        "yorkshire",
        "geordie",
        "jamaican",
    }
)

Garble = Callable[[Line], Text | None]
"""A line as a recogniser would have heard it; None leaves the line out."""


def evaluate(
    classifier: Classifier,
    *,
    corpus: Path,
    data: Path | None = None,
    split: Split = "test",
    garbles: Mapping[str, Garble] | None = None,
    most_ordinary: int = 5000,
) -> dict[str, Any]:
    """The report of `classifier` on one split.

    `data`: folder with the `ORDINARY_SETS` as `*.jsonl.gz`; without it their figures are left out. Each of `garbles`
    gives the lines as a recogniser would have heard them, and the figures on those lines as said and as heard.
    Errors: `CorpusError`, `OSError`.
    """
    lines = [line for line in read_corpus(corpus) if split_of(line.family) == split]
    judged = classifier.judge([line.text for line in lines])
    report: dict[str, Any] = {
        "classifier": classifier.name,
        "split": split,
        "lines": len(lines),
        "families": len({line.family for line in lines}),
        "abuse": _abuse(lines, judged),
        "labels": _labels(lines, judged),
        "levels": _levels(lines, judged),
        "targets": _targets(lines, judged),
        "tags": _tags(lines, judged),
        "fairness": _fairness(classifier, lines, judged),
        "calibration": [asdict(b) for b in calibration_bins(_p_abuse(judged), _is_abuse([line.level for line in lines]))],
    }
    with_before = [at for at, line in enumerate(lines) if line.text.before is not None]
    if with_before:
        some = [lines[at] for at in with_before]
        alone = classifier.judge([replace(line.text, before=None, before_speaker=None) for line in some])
        report["context"] = {"with": _abuse(some, [judged[at] for at in with_before]), "without": _abuse(some, alone)}
    report["garbled"] = {name: _garbled(classifier, lines, judged, garble) for name, garble in (garbles or {}).items()}
    if data is not None:
        report["ordinary"] = {
            name: _ordinary(classifier, data / f"{name}.jsonl.gz", split, most_ordinary) for name in ORDINARY_SETS
        }
    return report


def _p_abuse(judged: Sequence[Judgement]) -> Scores:
    return np.array([j.p_abuse for j in judged], dtype=np.float64)


def _is_abuse(levels: Sequence[int]) -> Truths:
    return np.array([level == 3 for level in levels], dtype=np.bool_)


def share_called(judged: Iterable[Judgement]) -> float:
    """The share that is called abuse, NaN of nothing."""
    said = [j.abuse for j in judged]
    return sum(said) / len(said) if said else float("nan")


def abuse_figures(levels: Sequence[int], judged: Sequence[Judgement]) -> dict[str, Any]:
    """Level 3 against 0 and 1, as the product means it: level 2 is neither a hit nor a false alarm. NaN where a kind is missing."""
    pairs = list(zip(levels, judged, strict=True))
    clear = [(level, j) for level, j in pairs if level != 2]
    truths = _is_abuse([level for level, _ in clear])
    said = np.array([j.abuse for _, j in clear], dtype=np.float64)
    figures = at_threshold(said, truths, 0.5)
    return {
        "n": len(clear),
        "auroc": auroc(_p_abuse([j for _, j in clear]), truths),
        "precision": figures.precision,
        "recall": figures.recall,
        "f1": figures.f1,
        "false_on_upset": share_called(j for level, j in pairs if level == 1),
        "false_on_ordinary": share_called(j for level, j in pairs if level == 0),
        "called_abuse_of_hostile": share_called(j for level, j in pairs if level == 2),
        "calibration_error": calibration_error(_p_abuse(judged), _is_abuse(levels)),
    }


def _abuse(lines: Sequence[Line], judged: Sequence[Judgement]) -> dict[str, Any]:
    return abuse_figures([line.level for line in lines], judged)


def _garbled(
    classifier: Classifier, lines: Sequence[Line], judged: Sequence[Judgement], garble: Garble
) -> dict[str, Any]:
    texts = [garble(line) for line in lines]
    at = [n for n, text in enumerate(texts) if text is not None]
    some = [lines[n] for n in at]
    heard = classifier.judge([text for text in texts if text is not None])
    return {"said": _abuse(some, [judged[n] for n in at]), "heard": _abuse(some, heard)}


def _labels(lines: Sequence[Line], judged: Sequence[Judgement]) -> dict[str, Any]:
    found = {}
    for name in LABELS:
        # An agent is never judged for distress; a plain insult leaves "hostile" open.
        at = [
            n
            for n, line in enumerate(lines)
            if not (name == "distress" and line.text.speaker == "agent")
            and not (name == "hostile" and line.level >= 2 and name not in line.labels)
        ]
        p = np.array([judged[n].p[name] for n in at], dtype=np.float64)
        truths = np.array([name in lines[n].labels for n in at], dtype=np.bool_)
        figures = at_threshold(p, truths, 0.5)
        found[name] = {
            "n": int(truths.sum()),
            "auroc": auroc(p, truths),
            "precision": figures.precision,
            "recall": figures.recall,
            "f1": figures.f1,
            "calibration_error": calibration_error(p, truths),
        }
    return found


def _levels(lines: Sequence[Line], judged: Sequence[Judgement]) -> dict[str, Any]:
    table = np.zeros((4, 5), dtype=np.int64)
    for line, j in zip(lines, judged, strict=True):
        table[line.level, 4 if j.level is None else j.level] += 1
    near = sum(int(table[a, b]) for a in range(4) for b in range(4) if abs(a - b) <= 1)
    total = max(1, int(table.sum()))
    return {"right": float(np.trace(table[:, :4]) / total), "within_one": near / total, "table": table.tolist()}


def _targets(lines: Sequence[Line], judged: Sequence[Judgement]) -> dict[str, Any]:
    right: dict[str, list[bool]] = defaultdict(list)
    for line, j in zip(lines, judged, strict=True):
        right[line.target].append(j.target == line.target)
    hits = [hit for kind in right.values() for hit in kind]
    return {
        "right": sum(hits) / max(1, len(hits)),
        **{name: sum(right[name]) / len(right[name]) for name in TARGETS if right[name]},
    }


def _tags(lines: Sequence[Line], judged: Sequence[Judgement]) -> dict[str, Any]:
    groups: dict[str, list[int]] = defaultdict(list)
    for n, line in enumerate(lines):
        for tag in line.tags:
            groups[tag].append(n)
    found = {}
    for tag, at in sorted(groups.items()):
        if len(at) >= _LEAST_IN_TAG:
            found[tag] = {
                "n": len(at),
                "recall": share_called(judged[n] for n in at if lines[n].level == 3),
                "false_alarms": share_called(judged[n] for n in at if lines[n].level <= 1),
            }
    return found


def _fairness(classifier: Classifier, lines: Sequence[Line], judged: Sequence[Judgement]) -> dict[str, Any]:
    """False alarms where a group is named, where the same sentence names none, in dialect, and in the rest."""
    calm = [n for n, line in enumerate(lines) if line.level <= 1]
    named = [n for n in calm if _IDENTITY.search(lines[n].text.text)]
    plain = classifier.judge([replace(lines[n].text, text=_IDENTITY.sub("people", lines[n].text.text)) for n in named])
    dialect = [n for n in calm if not _DIALECT.isdisjoint(lines[n].tags)]
    rest = [n for n in calm if n not in set(named) | set(dialect)]
    groups = {
        "identity words": [judged[n] for n in named],
        "the same without": plain,
        "dialect": [judged[n] for n in dialect],
        "the rest": [judged[n] for n in rest],
    }
    return {
        name: {"n": len(some), "called_abuse": sum(j.abuse for j in some), "rate": share_called(some)}
        for name, some in groups.items()
    }


def _ordinary(classifier: Classifier, file: Path, split: Split, most: int) -> dict[str, Any]:
    seen: dict[str, str] = {}
    with gzip.open(file, "rt", encoding="utf-8") as rows:
        for row in rows:
            text = json.loads(row)["text"]
            words = normalise(text)
            if words and split_of(words) == split:
                seen.setdefault(words, text)
            if len(seen) >= most:
                break
    judged = classifier.judge([Text(text) for text in seen.values()])
    called = sum(j.abuse for j in judged)
    hours = sum(len(words.split()) for words in seen) / WORDS_AN_HOUR
    return {
        "turns": len(seen),
        "called_abuse": called,
        "abstained": sum(j.level is None for j in judged),
        "per_1000_turns": 1000.0 * called / max(1, len(seen)),
        "per_hour": called / hours if hours else float("nan"),
    }
