"""Trains the network that tells what callers ask for: models/asks/calls -> models/asks.

python -m scripts.train_asks [--out FOLDER] [--passes N] [--sheaves N] [--start FOLDER] [--public FOLDER] [--mean FOLDER FOLDER...]

About a quarter of an hour a pass on two cores. Nothing is needed but the calls and the package that carries the encoder;
models/asks/README.md tells in which steps the shipped weights were made.
"""

import argparse
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from sklearn.linear_model import LogisticRegression

from assistant.signals.asks import AskNetwork, AskScale, nearest
from assistant.signals.hostility.encode import Encoder
from assistant.signals.hostility.load import CALIBRATION_FILE, TOKENIZER_FILE
from assistant.signals.hostility.splits import split_of
from assistant.weights import bundled_dir
from scripts.asks.calls import KEPT, SHEAF, AskCall, bundled_calls, made_again, read_ask_calls
from scripts.asks.network import CALLS_A_STEP, AskEncoder, export, train
from scripts.asks.public import intent_groups
from scripts.hostility.average import mean_state, refuse_strangers
from scripts.hostility.calibrate import CUE_BETA, cue_threshold
from scripts.hostility.network import encoder_folder
from scripts.hostility.training import loss_progress
from scripts.hostility.vocabulary import pruned_tokenizer

FULL_FILE = "network.safetensors"
PUBLIC_GROUPS = 900
WORDS_AT = "bert.embeddings.word_embeddings.weight"


def main(arguments: list[str] | None = None) -> int:
    parser = _options()
    options = parser.parse_args(arguments)
    refuse_strangers(parser, options.mean or [])
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(options.threads)
    began = time.monotonic()
    learnt, kept = parted(read_ask_calls(options.calls), options.sheaves)
    groups = intent_groups(options.public, PUBLIC_GROUPS, options.seed) if options.public else []

    if options.calibrate_only:
        notes = json.loads((options.out / CALIBRATION_FILE).read_text(encoding="utf-8"))["notes"]
    else:
        notes = _train(options, groups or learnt, [*learnt, *groups])
    # Calibrated on the int8 network, which is what ships, over calls that were not learnt from.
    _save(options.out, AskScale(0.0, 1.0, 1.0, 0.0), {})
    scale, chosen_on = calibrate(AskNetwork(options.out), kept)
    _save(options.out, scale, notes | chosen_on)
    print(json.dumps(chosen_on), f"{time.monotonic() - began:.0f} s")
    return 0


def _train(options: argparse.Namespace, learnt: Sequence[AskCall], read: Sequence[AskCall]) -> dict[str, Any]:
    """Writes the network, whose vocabulary comes from all that may be `read`; returns what it was made of."""
    options.out.mkdir(parents=True, exist_ok=True)
    network = _network(options, read)
    made_of: dict[str, Any] = {"mean_of": len(options.mean or [])}
    if not options.mean:
        _learn(network, learnt, options)
        made_of = {"calls": len(set(learnt)), "passes": options.passes, "sheaves": options.sheaves, "seed": options.seed}
    options.work.mkdir(parents=True, exist_ok=True)
    shutil.copy(options.out / TOKENIZER_FILE, options.work)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, options.work / FULL_FILE)
    export(network, options.out)
    return made_of


def _learn(network: AskEncoder, learnt: Sequence[AskCall], options: argparse.Namespace) -> None:
    steps = options.passes * (len(learnt) // CALLS_A_STEP)
    encoder = Encoder(options.out / TOKENIZER_FILE)
    with loss_progress() as progress:
        task = progress.add_task("training", total=steps, loss=float("nan"))
        for step, loss in enumerate(train(network, learnt, encoder, options.passes, options.seed), 1):
            progress.update(task, advance=1, loss=loss)
            if not progress.console.is_terminal and step % 50 == 0:
                print(f"step {step} of {steps}, loss {loss:.2f}", flush=True)


def parted(calls: Sequence[AskCall], sheaves: int) -> tuple[list[AskCall], list[AskCall]]:
    """What is learnt from, each sheaf `sheaves` times over, and the calls that are kept from it."""
    learnt: list[AskCall] = []
    kept: list[AskCall] = []
    for call in calls:
        if SHEAF in call.tags:
            learnt += [call] * sheaves
        else:
            (kept if KEPT in call.tags or split_of(call.family) == "dev" else learnt).append(call)
    return learnt, kept


def _network(options: argparse.Namespace, read: Sequence[AskCall]) -> AskEncoder:
    """A new one, that of `--start`, or the mean of those of `--mean`; its tokenizer lies in `--out` then."""
    torch.manual_seed(options.seed)
    folders = options.mean or ([options.start] if options.start else [])
    if folders:
        shutil.copy(folders[0] / TOKENIZER_FILE, options.out)
        states = [load_file(folder / FULL_FILE) for folder in folders]
        network = AskEncoder(list(range(len(states[0][WORDS_AT]))))
        network.load_state_dict(mean_state(states))
        return network
    texts = (line.text for call in read for line in call.lines)
    tokenizer, rows = pruned_tokenizer(encoder_folder() / TOKENIZER_FILE, texts)
    (options.out / TOKENIZER_FILE).write_text(tokenizer, encoding="utf-8")
    return AskEncoder(rows)


def calibrate(network: AskNetwork, calls: Sequence[AskCall]) -> tuple[AskScale, dict[str, Any]]:
    """From where an ask stands, and from where two asks are the same, so that what is told as made again has the best F-beta to be
    expected. `calls` are some that were not learnt from. Also: how many, and precision and recall on them."""
    read = [[network.read(line.text) for line in call.lines] for call in calls]
    odds = np.array([one.odds for lines in read for one in lines])
    asks = np.array([line.asks is not None for call in calls for line in call.lines])
    ask_from = cue_threshold(odds, _fit(odds[:, None], asks)[2], beta=1.0)

    # One row for each earlier ask that a line is read beside; `of_line` says of which line.
    pairs: list[tuple[float, float]] = []
    alike, of_line = [], []
    first = 0
    for call, lines in zip(calls, read, strict=True):
        for place, now in enumerate(lines):
            earlier = [old if old.odds >= ask_from else None for old in lines[:place]]
            for at, product, old in nearest(now, earlier) if now.odds >= ask_from else []:
                pairs.append((product, network.beside(now.words, old.words)))
                alike.append(call.lines[at].asks is not None and call.lines[at].asks == call.lines[place].asks)
                of_line.append(first + place)
        first += len(lines)
    weights, offset, _ = _fit(np.array(pairs), np.array(alike))
    surest = np.full(first, -np.inf)
    np.maximum.at(surest, of_line, np.array(pairs) @ weights + offset)

    again = np.array([told for call in calls for told in made_again(call)])
    compared = np.isfinite(surest)
    steep, _, p = _fit(surest[compared, None], again[compared])
    again_from = cue_threshold(surest[compared], p, CUE_BETA)
    found = surest >= again_from
    right = int((found & again).sum())
    notes = {
        "kept_calls": len(calls),
        "kept_precision": round(right / int(found.sum()), 3),
        "kept_recall": round(right / int(again.sum()), 3),
    }
    product, beside = steep[0] * weights
    scale = (-ask_from, product, beside, steep[0] * (offset - again_from))
    return AskScale(*(round(float(number), 4) for number in scale)), notes


def _fit(values: NDArray[np.floating[Any]], held: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float, NDArray[np.float64]]:
    """The logistic fit of (n, k) values: its weights, its offset, and its probabilities."""
    fit = LogisticRegression(C=1e6, max_iter=1000).fit(values, held)
    return fit.coef_[0], float(fit.intercept_[0]), fit.predict_proba(values)[:, 1]


def _save(folder: Path, scale: AskScale, notes: dict[str, Any]) -> None:
    content = {"scale": scale._asdict(), "notes": notes}
    (folder / CALIBRATION_FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, default=bundled_calls())
    parser.add_argument("--out", type=Path, default=bundled_dir() / "asks", help="where the model is written")
    parser.add_argument("--work", type=Path, default=Path("build/asks"), help="where the weights are kept in full, to train further")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--start", type=Path, help="a folder of `--work`, to train further instead of anew")
    start.add_argument("--mean", type=Path, nargs="+", help="folders of `--work`, one gone on from the other: write their mean")
    parser.add_argument("--public", type=Path, help="folder of the public *.jsonl.gz files, to learn from them instead of the calls")
    parser.add_argument("--passes", type=int, default=4, help="over all calls")
    parser.add_argument("--sheaves", type=int, default=6, help="how often a sheaf is read in a pass")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--calibrate-only", action="store_true", help="choose the limits of --out anew")
    parser.add_argument("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
