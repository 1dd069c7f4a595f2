"""Trains the network that tells what callers ask for: models/asks/calls -> models/asks.

python -m scripts.train_asks [--out FOLDER] [--passes N]

About a quarter of an hour on two cores. Nothing is needed but the calls and the package that carries the encoder.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sklearn.linear_model import LogisticRegression

from assistant.signals.asks import AskNetwork, AskScale
from assistant.signals.hostility.encode import Encoder
from assistant.signals.hostility.splits import split_of
from assistant.weights import bundled_dir
from scripts.asks.calls import AskCall, made_again, read_ask_calls
from scripts.asks.network import CALLS_A_STEP, AskEncoder, export, train
from scripts.hostility.calibrate import CUE_BETA, cue_threshold
from scripts.hostility.network import encoder_folder
from scripts.hostility.vocabulary import pruned_tokenizer


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(options.threads)
    began = time.monotonic()
    calls = read_ask_calls(options.calls)
    learnt = [call for call in calls if split_of(call.family) != "dev"]
    kept = [call for call in calls if split_of(call.family) == "dev"]

    options.out.mkdir(parents=True, exist_ok=True)
    texts = (line.text for call in learnt for line in call.lines)
    tokenizer, rows = pruned_tokenizer(encoder_folder() / "tokenizer.json", texts)
    (options.out / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    torch.manual_seed(options.seed)
    network = AskEncoder(rows)
    steps = options.passes * (len(learnt) // CALLS_A_STEP)
    with Progress(
        TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("loss {task.fields[loss]:.2f}"), TimeRemainingColumn()
    ) as progress:
        task = progress.add_task("training", total=steps, loss=float("nan"))
        encoder = Encoder(options.out / "tokenizer.json")
        train(network, learnt, encoder, options.passes, options.seed, lambda loss: progress.update(task, advance=1, loss=loss))
    export(network, options.out)
    # Calibrated on the int8 network, which is what ships, over calls that were not learnt from.
    _save(options.out, AskScale(0.0, *network.scale.tolist()), {})
    scale, notes = calibrate(AskNetwork(options.out), kept)
    _save(options.out, scale, notes | {"calls": len(learnt), "passes": options.passes, "seed": options.seed})
    print(json.dumps(notes), f"{time.monotonic() - began:.0f} s")
    return 0


def calibrate(network: AskNetwork, calls: Sequence[AskCall]) -> tuple[AskScale, dict[str, Any]]:
    """From where an ask stands, and from where two asks are the same, so that what is told as made again has the best F-beta to be
    expected. `calls` are some that were not learnt from. Also: how many, and precision and recall on them."""
    read = [[network.read(line.text) for line in call.lines] for call in calls]
    odds = np.array([odds for lines in read for odds, _ in lines])
    asks = np.array([line.asks is not None for call in calls for line in call.lines])
    ask_from = cue_threshold(odds, _fitted(odds, asks)[0], beta=1.0)

    nearest = np.full(len(odds), -np.inf)
    at = 0
    for lines in read:
        for place, (now, meaning) in enumerate(lines):
            earlier = [float(meaning @ old) for past, old in lines[:place] if past >= ask_from]
            if earlier and now >= ask_from:
                nearest[at] = max(earlier)
            at += 1
    again = np.array([told for call in calls for told in made_again(call)])
    compared = np.isfinite(nearest)
    p, scale = _fitted(nearest[compared], again[compared])
    again_from = cue_threshold(nearest[compared], p, CUE_BETA)
    found = nearest >= again_from
    right = int((found & again).sum())
    notes = {
        "kept_calls": len(calls),
        "kept_precision": round(right / int(found.sum()), 3),
        "kept_recall": round(right / int(again.sum()), 3),
    }
    return AskScale(round(-ask_from, 4), round(scale, 4), round(-scale * again_from, 4)), notes


def _fitted(values: NDArray[np.floating[Any]], held: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """The logistic fit's probabilities, and how steep it is."""
    fit = LogisticRegression(C=1e6).fit(values[:, None], held)
    return fit.predict_proba(values[:, None])[:, 1], float(fit.coef_[0, 0])


def _save(folder: Path, scale: AskScale, notes: dict[str, Any]) -> None:
    content = {"scale": scale._asdict(), "notes": notes}
    (folder / "calibration.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, default=bundled_dir() / "asks" / "calls")
    parser.add_argument("--out", type=Path, default=bundled_dir() / "asks", help="where the model is written")
    parser.add_argument("--passes", type=int, default=6, help="over all calls")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--threads", type=int, default=2)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
