"""Finding and loading a classifier.

In: a folder, or none for the bundled one. Out: a `HostilityJudge` within half a second (bundled).
"""

from pathlib import Path

from assistant.errors import ModelLoadError
from assistant.signals.hostility.decide import Calibration
from assistant.signals.hostility.encode import Encoded, Encoder
from assistant.signals.hostility.judge import HostilityJudge, Network
from assistant.signals.hostility.labels import Text
from assistant.weights import bundled_dir

ONNX_FILE = "model_int8.onnx"
TOKENIZER_FILE = "tokenizer.json"
CALIBRATION_FILE = "calibration.json"


def bundled_folder() -> Path:
    """Where the shipped weights lie; need not exist."""
    return bundled_dir() / "hostility"


def load_classifier(folder: Path | None = None, *, threads: int = 1) -> HostilityJudge:
    """A classifier, safe to share between threads.

    `folder` None: the bundled int8 network through ONNX Runtime. A folder with `config.json` and `model.safetensors`
    runs through transformers and torch; one with `model_int8.onnx` alone through ONNX Runtime. Errors:
    `ModelLoadError`.
    """
    if threads < 1:
        raise ModelLoadError(f"threads must be at least 1, not {threads}")
    if folder is None:
        return load_int8(bundled_folder(), threads)
    if (folder / "config.json").is_file() and (folder / "model.safetensors").is_file():
        return _with_torch(folder, threads)
    if (folder / ONNX_FILE).is_file():
        return load_int8(folder, threads)
    raise ModelLoadError(
        f"{folder}: holds neither config.json with model.safetensors nor {ONNX_FILE}; "
        "name a folder that scripts/train_hostility.py or transformers wrote"
    )


def load_int8(folder: Path, threads: int = 1) -> HostilityJudge:
    """The int8 network of `folder`, whatever else lies there. Errors: `ModelLoadError`."""
    from assistant.signals.hostility.onnx_network import OnnxNetwork

    if not (folder / ONNX_FILE).is_file():
        raise ModelLoadError(f"{folder / ONNX_FILE}: missing; restore models/hostility from the repository")
    network = OnnxNetwork(folder / ONNX_FILE, threads)
    return HostilityJudge(
        "minilm-int8", Encoder(folder / TOKENIZER_FILE), network, Calibration.load(folder / CALIBRATION_FILE)
    )


def _with_torch(folder: Path, threads: int) -> HostilityJudge:
    from assistant.signals.hostility.torch_network import TorchNetwork

    network = TorchNetwork(folder, threads)
    name = f"torch:{folder.name}"
    if network.is_ours:
        encoder, calibration = Encoder(folder / TOKENIZER_FILE), Calibration.load(folder / CALIBRATION_FILE)
        return HostilityJudge(name, encoder, network, calibration)
    file = folder / CALIBRATION_FILE
    calibration = Calibration.load(file) if file.is_file() else Calibration()
    return HostilityJudge(name, _ForeignEncoder(folder), _as_network(network), calibration)


def _as_network(network: Network) -> Network:
    return network


class _ForeignEncoder(Encoder):
    """The tokenizer of a checkpoint that is not ours: no speaker marks, the utterance alone."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        try:
            self._foreign = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        except Exception as error:  # as for the weights: each fault has its own class
            raise ModelLoadError(f"{folder}: transformers cannot load its tokenizer ({error})") from error

    def encode(self, words: str, text: Text) -> Encoded:
        """`words` alone, as the checkpoint's own tokenizer cuts them."""
        ids = list(self._foreign(words, truncation=True, max_length=128)["input_ids"])
        return Encoded(ids, [0] * len(ids))
