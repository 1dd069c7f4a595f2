"""Which files make which call."""

import os
from pathlib import Path

import pytest

from assistant.audio.recordings import Recording
from assistant.offline.inputs import CallInput, Found, find_calls
from tests.offline.files import CALM, tone, write_audio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def find(folder: Path, *paths: Path) -> Found:
    return find_calls(paths or (folder,), folder.parent / "out")


def names(found: Found) -> list[str]:
    return [call.name for call in found.calls]


def test_a_folder_is_searched_with_all_below_in_the_order_of_names(folder: Path) -> None:
    for name in ("b.wav", "a.FLAC", "below/c.ogg", "below/again/d.mp3"):
        write_audio(folder / name, rate_hz=16000)
    (folder / "e.json").write_bytes(CALM)
    found = find(folder)
    assert names(found) == ["a", "b", "e", "c", "d"]
    assert found.calls[2] == CallInput("e", folder / "e.json")
    assert found.calls[1] == CallInput("b", Recording("b", file=folder / "b.wav"))
    assert not found.failed
    assert not found.notes


def test_paths_keep_their_order_and_count_once(folder: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_audio(folder / name)
    assert names(find(folder, folder / "b.wav", folder, folder / ".." / "in" / "a.wav")) == ["b", "a"]


def test_a_pair_is_one_call_named_for_what_its_files_share(folder: Path) -> None:
    for name in ("x_caller.wav", "x_agent.flac", "x_third_party.wav"):
        write_audio(folder / name, tone(channels=1))
    found = find(folder)
    assert names(found) == ["x"]
    source = found.calls[0].source
    assert isinstance(source, Recording)
    assert source.name == "x"
    assert source.files == (
        ("agent", folder / "x_agent.flac"),
        ("caller", folder / "x_caller.wav"),
        ("third_party", folder / "x_third_party.wav"),
    )


def test_halves_in_two_folders_are_no_pair(folder: Path) -> None:
    write_audio(folder / "one/x_agent.wav", tone(channels=1))
    write_audio(folder / "two/x_caller.wav", tone(channels=1))
    assert names(find(folder)) == ["x_agent", "x_caller"]


def test_a_lone_half_keeps_its_track(folder: Path) -> None:
    path = write_audio(folder / "x_agent.wav", tone(channels=1))
    found = find(folder)
    assert found.calls == [CallInput("x_agent", Recording("x_agent", files=(("agent", path),)))]
    assert "x_agent.wav: one side only, the agent's: there is no x_caller.*" in found.notes[0]


def test_a_whole_call_may_be_named_like_a_half(folder: Path) -> None:
    path = write_audio(folder / "best_agent.wav")
    found = find(folder)
    assert found.calls == [CallInput("best_agent", Recording("best_agent", file=path))]
    assert not found.notes


def test_two_files_for_a_track_are_refused(folder: Path) -> None:
    for name in ("x_agent.wav", "x_agent.flac", "x_caller.wav"):
        write_audio(folder / name, tone(channels=1))
    write_audio(folder / "y.wav")
    found = find(folder)
    assert names(found) == ["y"]
    assert found.failed == [("x", "has more than one file for a track: x_agent.flac and x_agent.wav")]


def test_what_is_no_call_in_a_folder_is_passed_over_with_a_note(folder: Path) -> None:
    (folder / "a.json").write_bytes(CALM)
    for name in ("1.turns.json", "2.turns.json", "3.turns.json", "4.turns.json"):
        (folder / name).write_text("[]")
    (folder / "readme.txt").write_text("hello")
    (folder / ".hidden.wav").write_bytes(b"")
    found = find(folder)
    assert names(found) == ["a"]
    assert [note.split(": ", 1)[1] for note in found.notes] == [
        "passed over files that are neither recordings nor transcripts: readme.txt",
        "passed over files in JSON that are no timed transcripts: 1.turns.json, 2.turns.json, 3.turns.json and 1 more",
    ]
    assert not found.failed


def test_a_broken_transcript_in_a_folder_is_not_passed_over(folder: Path) -> None:
    (folder / "torn.json").write_bytes(CALM[:-10])
    assert names(find(folder)) == ["torn"]


def test_a_json_file_that_is_named_counts_as_a_transcript(folder: Path) -> None:
    (folder / "strange.json").write_text("[]")
    assert names(find(folder, folder / "strange.json")) == ["strange"]


def test_paths_that_hold_no_call_are_failures(folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    found = find(folder, folder / "notes.txt", folder / "gone.wav", folder / ("long" * 100 + ".wav"))
    assert not found.calls
    assert [(Path(name).name, why.split(" (")[0]) for name, why in found.failed] == [
        ("notes.txt", "is no recording or timed transcript"),
        ("gone.wav", "is not there"),
        ("long" * 100 + ".wav", "is not there"),
    ]


def test_equal_names_are_told_apart_by_folder(folder: Path) -> None:
    for name in ("monday/call.wav", "tuesday/call.wav", "tuesday/other.wav"):
        write_audio(folder / name)
    found = find(folder)
    assert names(found) == ["monday-call", "tuesday-call", "other"]
    source = found.calls[0].source
    assert isinstance(source, Recording)
    assert source.name == "monday-call"
    assert [note.split(": ", 1)[1] for note in found.notes] == [
        "is named monday-call, since there is more than one call",
        "is named tuesday-call, since there is more than one call",
    ]


def test_equal_names_are_told_apart_by_kind(folder: Path) -> None:
    write_audio(folder / "call.wav")
    (folder / "call.json").write_bytes(CALM)
    assert names(find(folder)) == ["call-json", "call-wav"]


def test_names_that_differ_in_case_alone_are_told_apart(folder: Path) -> None:
    write_audio(folder / "one/Call.wav")
    write_audio(folder / "two/call.wav")
    assert names(find(folder)) == ["one-Call", "two-call"]


def test_as_many_folders_are_told_as_tell_calls_apart(folder: Path) -> None:
    for name in ("2026/10/01/call.wav", "2026/11/01/call.wav", "2026/11/02/call.wav"):
        write_audio(folder / name)
    assert names(find(folder)) == ["10-01-call", "11-01-call", "11-02-call"]


def test_a_made_name_takes_nobody_elses(folder: Path) -> None:
    below = "1/2/3/4"
    for name in (f"a/{below}/call.wav", f"b/{below}/call.wav", "c/call-2.wav", "c/call-2-wav.wav"):
        write_audio(folder / name)
    assert names(find(folder)) == ["call", "call-3", "call-2-wav", "call-2"]


def test_names_depend_on_the_calls_and_not_on_the_order_of_paths(folder: Path) -> None:
    one, two = write_audio(folder / "monday/call.wav"), write_audio(folder / "tuesday/call.wav")
    there, back = find(folder, one, two), find(folder, two, one)
    assert {call.paths: call.name for call in there.calls} == {call.paths: call.name for call in back.calls}


def test_the_folder_of_the_documents_is_not_searched(folder: Path) -> None:
    write_audio(folder / "call.wav")
    out = folder / "scores"
    out.mkdir()
    (out / "earlier.json").write_bytes(CALM)
    assert names(find_calls([folder], out)) == ["call"]


def test_no_transcript_is_overwritten(folder: Path) -> None:
    (folder / "call.json").write_bytes(CALM)
    write_audio(folder / "other.wav")
    found = find_calls([folder], folder)
    assert names(found) == ["other"]
    assert found.failed == [("call", "its document would overwrite a transcript that was given: choose another --out")]


def test_a_link_back_to_the_folder_is_not_followed(folder: Path) -> None:
    write_audio(folder / "call.wav")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    assert names(find(folder)) == ["call"]


def test_a_pipe_is_not_opened(folder: Path) -> None:
    os.mkfifo(folder / "live.wav")
    assert names(find(folder)) == []


def test_names_that_cannot_be_printed_are_made_printable(folder: Path) -> None:
    raw = os.fsencode(folder) + b"/ca\xffll\n_agent.wav"
    with open(raw, "wb") as file:
        file.write(b"no audio")
    assert names(find(folder)) == ["ca_ll__agent"]
