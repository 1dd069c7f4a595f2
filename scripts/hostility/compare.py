"""The table of the card: the judge beside its baselines on the test splits.

python -m scripts.hostility.compare --data FOLDER [--model FOLDER] [--lexicon en.json] [--out FOLDER]
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.signals.hostility.corpus import Line
from assistant.signals.hostility.evaluate import Garble, evaluate
from assistant.signals.hostility.labels import Classifier, Text
from assistant.signals.hostility.load import bundled_folder, load_int8
from assistant.signals.hostility.report import as_picture, as_text
from scripts.asks.calls import bundled_calls
from scripts.hostility.augment import Augmenter
from scripts.hostility.baselines import ProfanityList, TfidfRegression
from scripts.hostility.confusions import confusion_table
from scripts.hostility.dataset import read_dataset
from scripts.hostility.examples import from_line

_SEED = 20261122


def main(arguments: list[str] | None = None) -> int:
    """Prints a report a classifier and the table; writes `figures.json` and `calibration.svg` where `--out` says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public *.jsonl.gz files")
    parser.add_argument("--model", type=Path, default=bundled_folder())
    parser.add_argument("--corpus", type=Path, default=bundled_folder() / "corpus")
    parser.add_argument("--lexicon", type=Path, help="en.json of dsojevic/profanity-list")
    parser.add_argument("--heard", type=Path, help="JSON lines that scripts.hostility.round_trip wrote")
    parser.add_argument("--only-model", action="store_true", help="leave the baselines out")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(arguments)
    classifiers: list[Classifier] = [load_int8(options.model)]
    data = read_dataset(options.data, options.corpus, bundled_folder() / "cues", bundled_calls(), 1.0, None, _SEED)
    table = confusion_table(e.text.text for e in data.train)
    if options.lexicon:
        classifiers.append(ProfanityList(options.lexicon))
    if not options.only_model:
        classifiers.append(TfidfRegression(data, data.training_rows(table, 2, _SEED)))
    reports = []
    for classifier in classifiers:
        garbles = {"noised": _noise(Augmenter(table, seed=2))}
        if options.heard:
            garbles["recognised"] = _heard(options.heard)
        reports.append(evaluate(classifier, corpus=options.corpus, data=options.data, garbles=garbles))
        print(as_text(reports[-1]), end="\n\n", flush=True)
    print(_table(reports))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "figures.json").write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")
        (options.out / "calibration.svg").write_text(as_picture(reports[0]), encoding="utf-8")
    return 0


def _noise(augmenter: Augmenter) -> Garble:
    def garble(line: Line) -> Text:
        return replace(line.text, text=augmenter.noise(from_line(line)).text.text)

    return garble


def _heard(file: Path) -> Garble:
    """What `round_trip` wrote: the lines that went through synthetic speech and the recogniser."""
    rows = [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines()]
    texts = {(row["family"], row["text"]): row for row in rows}

    def garble(line: Line) -> Text | None:
        row = texts.get((line.family, line.text.text))
        return replace(line.text, text=row["heard"], confidence=row["confidence"]) if row else None

    return garble


def _table(reports: list[dict[str, Any]]) -> str:
    head = (
        "| | AUROC | recall | precision | false alarms on upset | AUROC noised | recall noised | "
        "ordinary turns in 1,000 |"
    )
    rows = [head, "|---|---|---|---|---|---|---|---|"]
    for report in reports:
        clean, noised = report["abuse"], report["garbled"]["noised"]["heard"]
        turns = sum(part["turns"] for part in report["ordinary"].values())
        called = sum(part["called_abuse"] for part in report["ordinary"].values())
        rows.append(
            f"| {report['classifier']} | {clean['auroc']:.3f} | {clean['recall']:.3f} | {clean['precision']:.3f} | "
            f"{clean['false_on_upset']:.3f} | {noised['auroc']:.3f} | {noised['recall']:.3f} | "
            f"{1000 * called / max(1, turns):.2f} |"
        )
    return "\n".join(rows)


if __name__ == "__main__":
    raise SystemExit(main())
