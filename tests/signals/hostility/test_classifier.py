"""The shipped weights: sense, bad input, the same answers by both ways."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelLoadError
from assistant.signals.hostility import LABELS, TARGETS, Text, bundled_folder, load_classifier
from assistant.signals.hostility.judge import HostilityJudge

pytestmark = pytest.mark.model

ABUSE = [
    "you are a stupid idiot",
    "you're a useless piece of shit",
    "go fuck yourself",
    "i will come down there and break your neck",
    "shut your mouth you dumb cow",
    "i know where you live and i'm coming for you",
    "what are you wearing right now sweetheart",
    "people like you should be deported you filthy immigrant",
    "all muslims are terrorists",
    "fuck you and your whole family",
]
NO_ABUSE = [
    "hello i'd like to ask about my bill please",
    "this bill is killing me",
    "your website is a piece of shit honestly",
    "the damn router died again and nobody answers",
    "i am such an idiot i had it plugged in upside down",
    "i'm going to report you to the ombudsman",
    "my neighbour called me an idiot and i want that on the file",
    "i've been waiting for three weeks and i am furious",
    "can you spell that for me please",
    "i am a muslim woman and proud of it",
    "it's hot as hell in here",
    "yeah no worries mate thanks a lot",
    "kill the order please",
    "dick van dyke was the name on it",
]


@pytest.fixture(scope="module")
def judge() -> HostilityJudge:
    return load_classifier()


def test_abuse_is_told_from_anger_and_from_ordinary_talk(judge: HostilityJudge) -> None:
    found = [j.abuse for j in judge.judge([Text(t) for t in ABUSE])]
    wrong = [j.abuse for j in judge.judge([Text(t) for t in NO_ABUSE])]
    assert sum(found) >= len(ABUSE) - 2
    assert sum(wrong) <= 1


def test_a_judgement_is_whole(judge: HostilityJudge) -> None:
    for judged in judge.judge([Text(t) for t in ABUSE + NO_ABUSE]):
        assert tuple(judged.p) == LABELS
        assert all(0.0 <= p <= 1.0 for p in judged.p.values())
        assert judged.target in TARGETS
        assert (judged.level == 3) == judged.abuse
        assert judged.reason is None


def test_a_judgement_does_not_depend_on_its_neighbours(judge: HostilityJudge) -> None:
    texts = [Text(t) for t in ABUSE + NO_ABUSE]
    together = judge.judge(texts)
    assert together == [judge.judge([text])[0] for text in texts]
    assert together[::-1] == judge.judge(texts[::-1])


def test_threads_get_the_answers_of_one(judge: HostilityJudge) -> None:
    texts = [Text(t) for t in ABUSE + NO_ABUSE]
    alone = judge.judge(texts)
    with ThreadPoolExecutor(4) as pool:
        assert all(answer == alone for answer in pool.map(judge.judge, [texts] * 8))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("\x00", "empty"),
        ("😡😡😡", "empty"),
        ("?!", "empty"),
        ("Почему вы не отвечаете", "other_language"),
        ("je ne suis pas content de votre service", "other_language"),
    ],
)
def test_it_abstains_where_it_cannot_read(judge: HostilityJudge, text: str, reason: str) -> None:
    (judged,) = judge.judge([Text(text)])
    assert (judged.level, judged.target, judged.abuse, judged.reason) == (None, None, False, reason)


@pytest.mark.parametrize(
    "text", ["you i d i o t", "f u c k you", "you stupid b*tch", "y0u are an 1d1ot", "you're an IDIOT!!! 😡"]
)
def test_hidden_spelling_does_not_hide(judge: HostilityJudge, text: str) -> None:
    assert judge.judge([Text(text)])[0].abuse


def test_one_bad_sentence_in_ten_thousand_words_counts(judge: HostilityJudge) -> None:
    calm = "i would like to change the address on my account please " * 450
    assert not judge.judge([Text(calm)])[0].abuse
    assert judge.judge([Text(calm + " you are a stupid fucking idiot " + calm)])[0].abuse


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "\ud800 hello", "' ' '", "'" * 500, "1234567890" * 500, "x" + "\u0301" * 1000]
)
def test_strange_input_is_answered(judge: HostilityJudge, text: str) -> None:
    (judged,) = judge.judge([Text(text, before=text, speaker=text[:20], confidence=float("nan"))])
    assert not judged.abuse


def test_low_confidence_claims_less(judge: HostilityJudge) -> None:
    sure, unsure = judge.judge([Text(ABUSE[0]), Text(ABUSE[0], confidence=0.3)])
    assert sure.abuse
    assert not unsure.abuse
    assert unsure.p == sure.p


def test_int8_and_torch_agree_on_the_same_weights(judge: HostilityJudge) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    torch_judge = load_classifier(bundled_folder())
    texts = [Text(t) for t in ABUSE + NO_ABUSE] + [
        Text("for what", before="can you hold please", before_speaker="agent"),
        Text("please calm down sir", speaker="agent"),
    ]
    one, other = judge.judge(texts), torch_judge.judge(texts)
    gaps = [abs(a.p[name] - b.p[name]) for a, b in zip(one, other, strict=True) for name in LABELS]
    assert np.mean(gaps) < 0.02
    assert max(gaps) < 0.3
    assert sum(a.abuse != b.abuse for a, b in zip(one, other, strict=True)) <= 1
    assert sum(a.target != b.target for a, b in zip(one, other, strict=True)) <= 2


def test_it_loads_within_half_a_second_of_cpu(judge: HostilityJudge) -> None:
    began = time.process_time()
    load_classifier()
    assert time.process_time() - began < 0.5


def test_a_missing_or_broken_folder_names_the_mend(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="holds neither"):
        load_classifier(tmp_path)
    (tmp_path / "model_int8.onnx").write_bytes(b"not a network")
    with pytest.raises(ModelLoadError, match=r"tokenizer|model_int8"):
        load_classifier(tmp_path)
    (tmp_path / "config.json").write_text("{")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelLoadError, match=r"restore|pip install"):
        load_classifier(tmp_path)
    with pytest.raises(ModelLoadError, match="threads"):
        load_classifier(threads=0)


def test_without_torch_the_mend_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModelLoadError, match=r"calmline\[torch\]"):
        load_classifier(tmp_path)
