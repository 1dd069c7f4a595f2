"""Trains the judge of words: public sources and the corpus of our own -> models/hostility.

python -m scripts.train_hostility --data FOLDER [--out FOLDER] [--copies N] [--public SHARE] [--smoke]

A run that was cut off goes on from its last checkpoint (kept in --work) when it is started again with the same options.
"""

import argparse
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from assistant.signals.hostility.decide import Calibration
from assistant.signals.hostility.encode import Encoder
from assistant.signals.hostility.load import CALIBRATION_FILE, TOKENIZER_FILE, bundled_folder, load_int8
from scripts.asks.calls import bundled_calls
from scripts.hostility.calibrate import calibrate
from scripts.hostility.confusions import confusion_table
from scripts.hostility.dataset import Dataset, read_dataset
from scripts.hostility.export import export
from scripts.hostility.network import encoder_folder, new_network, trained_network
from scripts.hostility.training import Plan, train
from scripts.hostility.vocabulary import pruned_tokenizer


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    if options.smoke:
        options.public, options.copies, options.limit = 0.01, 1, 400
    options.work.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    data = read_dataset(
        options.data,
        options.corpus,
        options.cues,
        options.asks,
        options.public,
        options.limit,
        options.seed,
        with_context=not options.no_context,
    )
    table = confusion_table(e.text.text for e in data.train)
    if options.calibrate_only:
        notes = json.loads((options.out / CALIBRATION_FILE).read_text(encoding="utf-8"))["notes"]
    else:
        notes = _train(options, data, table)
    # Calibrated on the int8 network, which is what ships.
    calibration, chosen_on = calibrate(load_int8(options.out), data.corpus_dev(table), data.cue_dev(table), data.ordinary_dev)
    calibration.save(options.out / CALIBRATION_FILE, notes | chosen_on)
    (options.work / "checkpoint.pt").unlink(missing_ok=True)
    print(json.dumps(chosen_on), f"threshold {calibration.threshold}, {time.monotonic() - began:.0f} s")
    return 0


def _train(options: argparse.Namespace, data: Dataset, confusions: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Writes the network; returns what it was made of."""
    plan = Plan(batch=options.batch, lr=options.lr, seed=options.seed, threads=options.threads)
    examples = data.training_rows(confusions, options.copies, options.seed)
    if options.start:
        tokenizer = (options.start / TOKENIZER_FILE).read_text(encoding="utf-8")
        network = trained_network(options.start)
    else:
        tokenizer, rows = pruned_tokenizer(encoder_folder() / TOKENIZER_FILE, data.vocabulary_texts())
        torch.manual_seed(plan.seed)
        network = new_network(rows)
    (options.out / TOKENIZER_FILE).write_text(tokenizer, encoding="utf-8")
    encoder = Encoder(options.out / TOKENIZER_FILE)
    print(
        f"{len(examples)} rows ({len(data.corpus_train)} corpus lines x {options.copies}), "
        f"{network.config.vocab_size} pieces",
        flush=True,
    )

    network = train(network, examples, encoder, plan, options.work / "checkpoint.pt")
    export(network, options.out)
    Calibration().save(options.out / CALIBRATION_FILE, {})
    return {"plan": asdict(plan), "rows": len(examples), "copies": options.copies, "sources": data.counts()}


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public *.jsonl.gz files")
    parser.add_argument("--corpus", type=Path, default=bundled_folder() / "corpus")
    parser.add_argument("--cues", type=Path, default=bundled_folder() / "cues")
    parser.add_argument("--asks", type=Path, default=bundled_calls())
    parser.add_argument("--out", type=Path, default=bundled_folder(), help="where the model is written")
    parser.add_argument("--work", type=Path, default=Path("build/hostility"), help="where checkpoints are kept")
    parser.add_argument("--start", type=Path, help="a folder this script wrote, to train further instead of anew")
    parser.add_argument("--copies", type=int, default=5, help="variations of each corpus line")
    parser.add_argument("--public", type=float, default=1.0, help="share of the public rows' budget")
    parser.add_argument("--limit", type=int, default=None, help="corpus lines at most, for trials")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=8e-5)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-context", action="store_true", help="an ablation: the utterance before is not shown")
    parser.add_argument("--calibrate-only", action="store_true", help="choose calibration and threshold of --out anew")
    parser.add_argument("--smoke", action="store_true", help="a run of a minute on a hundredth of the data, for tests")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
