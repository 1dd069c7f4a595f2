"""Calibration and the threshold, on dev splits alone.

In: a judge whose network is trained, and dev examples. Out: `Calibration` and notes on what it was chosen from.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from assistant.signals.cues.kinds import CUES, DISTRESS, may_say
from assistant.signals.hostility.decide import Calibration, Logits, abuse_features, raw_p_abuse, sigmoid
from assistant.signals.hostility.judge import HostilityJudge
from assistant.signals.hostility.labels import LABELS, OUTPUTS
from scripts.hostility.examples import ASKED, Example, label_arrays

ORDINARY_BUDGET = 0.0004
"""Share of ordinary turns that may be called abuse: well below the promised 1 in 1,000, because they are a sample, part of which
earlier passes were trained on."""
BANK_SOURCES, BANK_BUDGET = ("natcs_finance_caller_turns", "banking77"), 0.0006
"""The same for what callers of banks say alone: the chats, of which there are more, must not hide them."""
UPSET_BUDGET = 0.018
"""Share of the corpus's upset (level 1) dev lines that may be called abuse (promise: 0.02)."""
HARD_BUDGET = 0.04
"""Share of the corpus's level 0 dev lines, most of them written to sound bad, that may be called abuse."""

CUE_BETA, DISTRESS_BETA = 0.10 / 0.15, 0.10 / 0.05
"""How much recall counts against precision in choosing a cue's threshold, by what is promised: 10 of 100 found wrongly, 15 of 100
missed, of distress 5."""
DISTRESS_BUDGET = 0.0004
"""Share of ordinary turns that may be taken for each kind of distress: it brings the card of a crisis and locks the ladder."""


def logits_of(judge: HostilityJudge, examples: Sequence[Example]) -> Logits:
    """(n, 41): of the window with the highest level 3."""
    rows = []
    for example in examples:
        logits = judge.logits(example.text)
        if logits is None:
            raise ValueError(f"an example of {example.source} holds no words")
        rows.append(logits[int(np.argmax(abuse_features(logits)[:, 0]))])
    return np.stack(rows)


def calibrate(
    judge: HostilityJudge, corpus: Sequence[Example], cues: Sequence[Example], ordinary: Sequence[Example]
) -> tuple[Calibration, dict[str, Any]]:
    """Fits each label and `p_abuse` on the corpus's dev lines, then the lowest threshold inside all budgets, then each cue.

    `corpus` and `cues` must be the dev lines as they are and as a recogniser garbles them; `ordinary` dev turns of ordinary calls.
    """
    z_corpus, z_ordinary = logits_of(judge, corpus), logits_of(judge, ordinary)
    labels, levels, _ = label_arrays(corpus)
    pairs = {name: _platt(z_corpus[:, at], labels[:, at]) for at, name in enumerate(LABELS)}
    is_abuse = levels[:, 3]
    features = np.concatenate([abuse_features(z_corpus), abuse_features(z_ordinary[: len(corpus) // 4])])
    wanted = np.concatenate([is_abuse, np.zeros(len(features) - len(corpus), dtype=np.bool_)])
    fit = LogisticRegression(C=1.0).fit(features, wanted)
    weights = (float(fit.coef_[0, 0]), float(fit.coef_[0, 1]), float(fit.intercept_[0]))
    draft = Calibration(pairs, weights)
    p_corpus, p_ordinary = raw_p_abuse(z_corpus, draft), raw_p_abuse(z_ordinary, draft)
    upset, hard = p_corpus[levels[:, 1]], p_corpus[levels[:, 0]]
    threshold = max(lowest_threshold(p_ordinary, [turn.source for turn in ordinary], upset, hard), 0.3)
    chosen = Calibration(pairs, weights, round(threshold, 4), _cue_pairs(judge, cues, z_ordinary))
    notes = {
        "ordinary_turns": len(ordinary),
        "ordinary_called_abuse": int((p_ordinary >= chosen.threshold).sum()),
        "corpus_upset_lines": len(upset),
        "corpus_upset_called_abuse": int((upset >= chosen.threshold).sum()),
        "corpus_ordinary_lines": len(hard),
        "corpus_ordinary_called_abuse": int((hard >= chosen.threshold).sum()),
        "corpus_abuse_lines": int(is_abuse.sum()),
        "corpus_abuse_found": int((p_corpus[is_abuse] >= chosen.threshold).sum()),
    }
    return chosen, notes


def _cue_pairs(judge: HostilityJudge, lines: Sequence[Example], z_ordinary: Logits) -> dict[str, tuple[float, float]]:
    """For each cue (scale, shift) by which its logit becomes a score whose 0.5 is the threshold.

    `z_ordinary`, (n, 41): of ordinary turns, which hold no distress.
    """
    z = logits_of(judge, lines)
    held, _, _ = label_arrays(lines)
    pairs = {}
    for cue in CUES:
        asked = np.array([may_say(line.text.speaker, cue) for line in lines])
        wanted = held[asked, ASKED.index(cue)]
        logits = z[asked, OUTPUTS.index(cue)]
        scale, shift = _platt(logits, wanted)
        threshold = cue_threshold(logits, sigmoid(scale * logits + shift), DISTRESS_BETA if cue in DISTRESS else CUE_BETA)
        if cue in DISTRESS:
            threshold = max(threshold, quantile_from_above(z_ordinary[:, OUTPUTS.index(cue)], DISTRESS_BUDGET))
        pairs[cue] = (scale, -scale * threshold)
    return pairs


def cue_threshold(z: NDArray[np.floating[Any]], p: NDArray[np.floating[Any]], beta: float) -> float:
    """The logit from which on what is found has the best F-beta to be expected, half-way to the next below.

    `z` (n,), `p` (n,) the calibrated probability that each line holds the cue: the lines themselves are too few for a peak that can be
    trusted. 0.0 where no line can hold it.
    """
    if not p.any():
        return 0.0
    order = np.argsort(-z, kind="stable")
    found = np.cumsum(p[order])
    last = int(np.argmax(found / (np.arange(1, len(z) + 1) + beta**2 * p.sum())))
    following = float(z[order[last + 1]]) if last + 1 < len(z) else float(z[order[last]]) - 1.0
    return (float(z[order[last]]) + following) / 2


def _platt(z: NDArray[np.float32], wanted: NDArray[np.float32]) -> tuple[float, float]:
    known = ~np.isnan(wanted)
    answers = wanted[known] > 0.5
    if answers.all() or not answers.any():
        return 1.0, 0.0
    fit = LogisticRegression(C=1.0).fit(z[known, None].astype(np.float64), answers)
    return max(0.1, float(fit.coef_[0, 0])), float(fit.intercept_[0])


def lowest_threshold(
    ordinary: NDArray[np.floating[Any]], sources: Sequence[str], upset: NDArray[np.floating[Any]], hard: NDArray[np.floating[Any]]
) -> float:
    """The lowest that keeps all budgets: `p_abuse` of ordinary turns with the source of each, of upset lines and of level 0 lines."""
    return max(
        quantile_from_above(ordinary, ORDINARY_BUDGET),
        quantile_from_above(ordinary[np.isin(sources, BANK_SOURCES)], BANK_BUDGET),
        quantile_from_above(upset, UPSET_BUDGET),
        quantile_from_above(hard, HARD_BUDGET),
    )


def quantile_from_above(p: NDArray[np.floating[Any]], share: float) -> float:
    """The lowest threshold at which at most `share` of `p` reach it."""
    allowed = int(share * len(p))
    highest = np.sort(p)[::-1]
    return float(np.nextafter(highest[allowed], np.inf)) if allowed < len(p) else 0.0
