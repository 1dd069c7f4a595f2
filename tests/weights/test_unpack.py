"""Hostile archives: nothing leaves the folder, nothing fills the disk, nothing is half accepted."""

import io
import os
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.errors import ModelLoadError
from assistant.weights import unpack as unpacking
from assistant.weights.unpack import safe_path, unpack
from tests.weights.conftest import Files, tar_of, zip_of

GOOD: Files = {"m/am/final.mdl": b"weights" * 100, "m/README": b"", "m/conf/mfcc.conf": b"--x=1\n"}

parts = st.one_of(st.sampled_from(["..", ".", "", "a", "CON", "nul.txt", "C:", "a b", "..."]), st.text(max_size=8))
names = st.lists(parts, max_size=6).flatmap(lambda p: st.sampled_from(["/", "\\", "//"]).map(lambda s: s.join(p)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "outer" / "inner"
    inside.mkdir(parents=True)
    return inside


def written(data: bytes, tmp_path: Path) -> Path:
    file = tmp_path / "archive"
    file.write_bytes(data)
    return file


def zip_with(name: str, data: bytes = b"x", mode: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        info.external_attr = mode << 16
        out.writestr(info, data)
    return buffer.getvalue()


def tar_with(member: tarfile.TarInfo, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as out:
        out.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@given(names)
@settings(deadline=None)
@example("../x")
@example("/etc/passwd")
@example("a/../../x")
@example("C:\\x")
@example("\\\\host\\share")
@example("a\x00b")
@example("\udc80")
def test_a_path_that_is_taken_stays_inside_on_every_system(name: str) -> None:
    try:
        path = safe_path(name)
    except ModelLoadError:
        return
    root = "/root/folder"
    assert os.path.normpath(os.path.join(root, path)).startswith(root + "/")
    assert ".." not in path.parts
    windows = PureWindowsPath(str(path))
    assert not windows.drive
    assert not windows.root
    assert windows.parts == path.parts
    assert safe_path(str(path)) == path


@pytest.mark.parametrize("name", ["a", "vosk-model-x/am/final.mdl", "m/ivector/", "a b/ü.txt", ".config"])
def test_ordinary_paths_are_taken(name: str) -> None:
    assert str(safe_path(name)) == name.rstrip("/")


@pytest.mark.parametrize("data", [zip_of(GOOD), *(tar_of(GOOD, mode) for mode in ("w", "w:gz", "w:xz", "w:bz2"))])
def test_an_honest_archive_is_unpacked_as_it_is(data: bytes, folder: Path, tmp_path: Path) -> None:
    unpack(written(data, tmp_path), folder)
    found = {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    assert found == GOOD


def test_a_tar_of_the_current_folder_is_unpacked(folder: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as out:
        top = tarfile.TarInfo("./")
        top.type = tarfile.DIRTYPE
        out.addfile(top)
        out.addfile(tarfile.TarInfo("./README"))
    unpack(written(buffer.getvalue(), tmp_path), folder)
    assert (folder / "README").is_file()


ESCAPES = ["../evil", "a/../../evil", "/tmp/evil", "//evil", "..\\evil", "C:/evil", "a/./b", "a//b", "evil\x00.txt"]
ESCAPES += ["NUL", "a "]


# A tar's names end at their first NUL.
@pytest.mark.parametrize(
    "data",
    [*(zip_with(name) for name in ESCAPES), *(tar_of({name: b"x"}) for name in ESCAPES if "\x00" not in name)],
    ids=[*(f"zip {name!r}" for name in ESCAPES), *(f"tar {name!r}" for name in ESCAPES if "\x00" not in name)],
)
def test_a_path_that_leads_out_is_refused(data: bytes, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="unsafe path"):
        unpack(written(data, tmp_path), folder)
    assert list(folder.rglob("*")) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["archive", "outer"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind: bytes, folder: Path, tmp_path: Path) -> None:
    member = tarfile.TarInfo("m/link")
    member.type = kind
    member.linkname = "../../evil"
    with pytest.raises(ModelLoadError, match="link or a device"):
        unpack(written(tar_with(member), tmp_path), folder)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_in_a_zip_are_refused(kind: int, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="link or a device"):
        unpack(written(zip_with("m/link", b"../../evil", kind | 0o777), tmp_path), folder)


def test_a_link_and_a_file_through_it_are_refused(folder: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        link = tarfile.TarInfo("m/up")
        link.type = tarfile.SYMTYPE
        link.linkname = str(tmp_path)
        out.addfile(link)
        member = tarfile.TarInfo("m/up/evil")
        member.size = 4
        out.addfile(member, io.BytesIO(b"evil"))
    with pytest.raises(ModelLoadError, match="link"):
        unpack(written(buffer.getvalue(), tmp_path), folder)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize(
    "pair", [("m/a", "m/a"), ("m/a", "m/A"), ("m/a", "m/a/b"), ("m/a/b", "m/a"), ("m/é", "m/e\u0301")]
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_for_one_path_are_refused(pair: tuple[str, str], folder: Path, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        for name in pair:
            out.writestr(name, b"x")
    with pytest.raises(ModelLoadError, match="twice"):
        unpack(written(buffer.getvalue(), tmp_path), folder)


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_a_bomb_is_refused_before_it_is_written(form: str, folder: Path, tmp_path: Path) -> None:
    files = {"m/zeros": bytes(40 * 2**20)}
    data = zip_of(files) if form == "zip" else tar_of(files)
    assert len(data) < 100_000
    with pytest.raises(ModelLoadError, match="unpacks to more than 16 MiB"):
        unpack(written(data, tmp_path), folder)
    assert sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) == 0


def test_a_bomb_of_many_parts_is_refused(folder: Path, tmp_path: Path) -> None:
    data = zip_of({f"m/{i}": bytes(2**20) for i in range(40)})
    with pytest.raises(ModelLoadError, match="unpacks to more than 16 MiB"):
        unpack(written(data, tmp_path), folder)


def test_a_size_that_lies_is_found_out(folder: Path, tmp_path: Path) -> None:
    data = bytearray(zip_of({"m/a": b"x" * 5000}))
    central = data.rindex(b"PK\x01\x02")
    data[central + 24 : central + 28] = (100).to_bytes(4, "little")
    with pytest.raises(ModelLoadError, match=r"broken|cut off"):
        unpack(written(bytes(data), tmp_path), folder)


def test_too_many_entries_are_refused(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_FILES", 50)
    with pytest.raises(ModelLoadError, match="more than 50 entries"):
        unpack(written(zip_of({f"m/{i}": b"" for i in range(60)}), tmp_path), folder)


def test_an_encrypted_entry_is_refused(folder: Path, tmp_path: Path) -> None:
    data = bytearray(zip_of({"m/a": b"secret"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    with pytest.raises(ModelLoadError, match="encrypted"):
        unpack(written(bytes(data), tmp_path), folder)


@pytest.mark.parametrize("data", [zip_of(GOOD), tar_of(GOOD)], ids=["zip", "tar.gz"])
def test_an_archive_cut_anywhere_is_an_error(data: bytes, tmp_path: Path) -> None:
    for i, length in enumerate(range(0, len(data) - 20, max(1, len(data) // 25))):
        folder = tmp_path / str(i)
        folder.mkdir()
        with pytest.raises(ModelLoadError):
            unpack(written(data[:length], tmp_path), folder)


@given(st.integers(0, 2**32), st.integers(0, 255))
@example(1755, 1)  # an entry that begins before the file does
@settings(deadline=None, max_examples=60)
def test_a_flipped_byte_never_raises_anything_else(at: int, value: int) -> None:
    for whole in (zip_of(GOOD), tar_of(GOOD)):
        data = bytearray(whole)
        data[at % len(data)] = value
        with tempfile.TemporaryDirectory() as made:
            (Path(made) / "folder").mkdir()
            try:
                unpack(written(bytes(data), Path(made)), Path(made) / "folder")
            except ModelLoadError:
                continue


def test_what_is_no_archive_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match="neither a zip nor a tar"):
        unpack(written(b"<html>not found</html>" * 100, tmp_path), folder)
    with pytest.raises(ModelLoadError, match="cannot be read"):
        unpack(tmp_path / "nothing", folder)
