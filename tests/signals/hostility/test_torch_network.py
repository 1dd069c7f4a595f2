"""Checkpoints of other makers, by the names of their labels."""

import shutil
from pathlib import Path

import pytest

from assistant.errors import ModelLoadError
from assistant.signals.hostility import LABELS, Text, bundled_folder, load_classifier
from assistant.signals.hostility.labels import OUTPUTS

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.model


def checkpoint(folder: Path, labels: list[str], biases: list[float], problem_type: str | None = None) -> Path:
    """A tiny network whose answer is its bias."""
    config = transformers.BertConfig(
        vocab_size=30000,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={name: at for at, name in enumerate(labels)},
        problem_type=problem_type,
    )
    network = transformers.BertForSequenceClassification(config)
    with torch.no_grad():
        network.classifier.weight.zero_()
        network.classifier.bias.copy_(torch.tensor(biases))
    network.save_pretrained(str(folder))
    shutil.copy(bundled_folder() / "tokenizer.json", folder)
    return folder


def test_known_labels_are_taken_by_name_and_the_rest_is_absent(tmp_path: Path) -> None:
    folder = checkpoint(
        tmp_path, ["toxic", "obscene", "threat", "insult", "identity_hate"], [3.0, 2.0, -6.0, 4.0, -6.0]
    )
    judge = load_classifier(folder)
    assert judge.name == f"torch:{tmp_path.name}"
    (judged,) = judge.judge([Text("you are an idiot", before="hello")])
    assert tuple(judged.p) == LABELS
    assert judged.p["insult"] > 0.9
    assert judged.p["profanity"] > 0.8
    assert judged.p["threat"] < 0.1
    assert judged.p["sexual"] < 0.01
    assert (judged.level, judged.abuse, judged.target) == (3, True, "person")


def test_a_calm_answer_is_level_0(tmp_path: Path) -> None:
    (judged,) = load_classifier(checkpoint(tmp_path, ["toxic", "insult"], [-5.0, -5.0])).judge([Text("hello")])
    assert (judged.level, judged.abuse, judged.target) == (0, False, "none")


def test_one_of_several_classes_is_read_as_a_probability(tmp_path: Path) -> None:
    folder = checkpoint(tmp_path, ["neutral", "toxic"], [0.0, 4.0], "single_label_classification")
    (judged,) = load_classifier(folder).judge([Text("whatever")])
    assert judged.p["hostile"] == pytest.approx(0.982, abs=0.01)


def test_labels_that_mean_nothing_here_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="id2label"):
        load_classifier(checkpoint(tmp_path, ["LABEL_0", "LABEL_1"], [0.0, 0.0]))


def test_ours_that_does_not_say_how_it_is_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="how its pieces are read"):
        load_classifier(checkpoint(tmp_path, list(OUTPUTS), [0.0] * len(OUTPUTS)))


def test_training_goes_on_only_from_what_reads_alike(tmp_path: Path) -> None:
    from scripts.hostility.network import trained_network

    with pytest.raises(ValueError, match="train anew"):
        trained_network(checkpoint(tmp_path, list(OUTPUTS), [0.0] * len(OUTPUTS)))
    assert trained_network(bundled_folder()).config.num_labels == len(OUTPUTS)
