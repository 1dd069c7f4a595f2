"""Groups of near intents of public requests: which go together, and what a folder must hold."""

import gzip
import json
from pathlib import Path

import pytest

from assistant.signals.hostility.splits import split_of

pytest.importorskip("sklearn")

TOPICS = {"card_lost": "my card is lost number", "card_late": "my card is late number", "card_broken": "my card is broken number"}
FAR = {f"far_{letter}": f"the {letter * 5} of {letter * 7}" for letter in "bcdfghjk"}


def write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_groups_hold_near_intents_and_nothing_of_the_test_split(tmp_path: Path) -> None:
    from scripts.asks.public import INTENTS, LINES, intent_groups

    rows = [{"text": f"{text.title()} {'x' * at}?", "intent": intent} for intent, text in (TOPICS | FAR).items() for at in range(1, 40)]
    write(tmp_path, "banking77", rows)
    write(tmp_path, "clinc150", [{"text": f"out of scope {at}", "intent": "oos"} for at in range(40)])
    groups = intent_groups(tmp_path, 30, seed=3)
    assert groups == intent_groups(tmp_path, 30, seed=3) != intent_groups(tmp_path, 30, seed=4)
    asked_for_test = {row["text"].lower().rstrip("?") for row in rows if split_of(row["text"]) == "test"}
    assert asked_for_test
    for group in groups:
        assert sorted(line.asks or 0 for line in group.lines) == sorted([*range(1, INTENTS + 1)] * LINES)
        assert not any("scope" in line.text or line.text.rstrip(" ?") in asked_for_test for line in group.lines)
    lost = [group for group in groups if any(line.asks == 1 and "lost" in line.text for line in group.lines)]
    assert lost
    assert any("card" in line.text and line.asks != 1 for group in lost for line in group.lines)


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    from scripts.asks.public import intent_groups

    with pytest.raises(FileNotFoundError, match=r"banking77\.jsonl\.gz"):
        intent_groups(tmp_path, 1, seed=1)
