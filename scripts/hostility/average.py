"""The mean of several trained networks of one lineage: often better than each, at the cost of one.

python -m scripts.hostility.average --out FOLDER FOLDER FOLDER...

Each must have gone on from the other by `--start`; networks trained apart lie in different valleys and have no mean.
"""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from assistant.signals.hostility.load import CALIBRATION_FILE, TOKENIZER_FILE
from scripts.hostility.export import export
from scripts.hostility.network import trained_network


def main(arguments: list[str] | None = None) -> int:
    """Writes the mean network; its calibration is the first one's until it is chosen anew (`--calibrate-only`)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    refuse_strangers(parser, options.folders)
    networks = [trained_network(folder) for folder in options.folders]
    networks[0].load_state_dict(mean_state([network.state_dict() for network in networks]))
    export(networks[0], options.out)
    for file in (TOKENIZER_FILE, CALIBRATION_FILE):
        if options.out != options.folders[0]:
            shutil.copy(options.folders[0] / file, options.out / file)
    return 0


def refuse_strangers(parser: argparse.ArgumentParser, folders: Sequence[Path]) -> None:
    """Ends the command where the tokenizers of the folders differ."""
    if len({(folder / TOKENIZER_FILE).read_text(encoding="utf-8") for folder in folders}) > 1:
        parser.error("the folders' tokenizers differ: these networks are not of one lineage")


def mean_state(states: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of the weights of each name, float32."""
    return {name: torch.stack([state[name].float() for state in states]).mean(dim=0) for name in states[0]}


if __name__ == "__main__":
    raise SystemExit(main())
