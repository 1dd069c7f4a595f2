"""Stored calls: read whole and checked, or refused with the reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.offline.documents import DocumentError, find_documents, read_document
from scripts.benchmark.signals import made_document, made_signals

Document = dict[str, Any]


def write(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_the_signals_of_a_document_are_those_of_the_call(tmp_path: Path) -> None:
    stored = read_document(write(tmp_path / "one.json", made_document(3, 96.0)))
    assert list(stored.beliefs) == made_signals(3, 96.0)
    assert stored.call.tracks == ("agent", "caller")


def _swap(document: Document) -> None:
    document["signals"].reverse()


def _late(document: Document) -> None:
    document["signals"][0]["t_s"] = 1e12


def _foreign(document: Document) -> None:
    document["signals"].append({"type": "termination_unlocked", "seq": 99999, "t_s": 1.0})


def _unknown(document: Document) -> None:
    document["signals"][0]["type"] = "nonsense"


def _bare(document: Document) -> None:
    del document["signals"]


def _trackless(document: Document) -> None:
    document["call"]["tracks"] = []


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_swap, "out of order"),
        (_late, "no time of a call"),
        (_foreign, "events that are none"),
        (_unknown, "no call document"),
        (_bare, "no signals"),
        (_trackless, "no track"),
    ],
)
def test_a_broken_document_is_refused_with_the_reason(spoil: Callable[[Document], None], why: str, tmp_path: Path) -> None:
    document = made_document(3, 96.0)
    spoil(document)
    with pytest.raises(DocumentError, match=why):
        read_document(write(tmp_path / "one.json", document))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"call": {}}', b"[" * 100_000])
def test_a_file_that_is_no_document_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(content)
    with pytest.raises(DocumentError, match="no call document"):
        read_document(file)


def test_folders_are_searched_each_file_is_found_once_and_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "empty").mkdir()
    first, second = write(tmp_path / "a.json", {}), write(tmp_path / "deep" / "b.json", {})
    write(tmp_path / ".hidden" / "c.json", {})
    files, failed = find_documents([tmp_path, first, tmp_path / "gone", tmp_path / "empty"])
    assert files == [first, second]
    assert [(Path(name).name, why) for name, why in failed] == [
        ("gone", "is not there"),
        ("empty", "is a folder without call documents (.json)"),
    ]
