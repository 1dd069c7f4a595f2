"""`get`: from a name to a whole model folder, whatever the source does."""

import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest
import structlog

from assistant.errors import ModelLoadError
from assistant.speech.asr import load_recogniser
from assistant.weights import get, list_models, locate, verify
from tests.weights.conftest import Files, tar_of, zip_of
from tests.weights.site import Misdeed, Site

pytestmark = pytest.mark.server

NAME = "vosk-model-x"
ListModel = Callable[..., None]


@pytest.fixture
def listed(site: Site, list_model: ListModel, home: Path, archive: bytes) -> str:
    """A model in the manifest with all that can be known, and its archive on the site."""
    site.files[f"/official/{NAME}.zip"] = archive
    digest = sha256(archive).hexdigest()
    list_model(NAME, url=f"{site.url}/official/{NAME}.zip", size_bytes=len(archive), sha256=digest)
    return NAME


@pytest.fixture
def unsure(site: Site, list_model: ListModel, home: Path, archive: bytes) -> str:
    """A model in the manifest whose checksum nobody knows."""
    site.files[f"/official/{NAME}.zip"] = archive
    list_model(NAME, url=f"{site.url}/official/{NAME}.zip")
    return NAME


def contents(folder: Path) -> Files:
    files = {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}
    files.pop("SHA256SUMS", None)
    return files


def leavings(home: Path) -> list[str]:
    """What lies in the user's folder besides models, locks and the record of first use."""
    things = home.iterdir() if home.exists() else ()
    return [t.name for t in things if t.name not in {"first-use.json", NAME} and t.suffix != ".lock"]


def other(model_files: Files) -> bytes:
    return zip_of({f"m/{path}": data for path, data in {**model_files, "am/final.mdl": b"other"}.items()})


def test_a_listed_model_is_downloaded_unpacked_and_found(listed: str, home: Path, model_files: Files) -> None:
    told: list[tuple[int, int | None]] = []
    folder = get(listed, progress=lambda done, total: told.append((done, total)))
    assert folder == home / NAME == locate(NAME)
    assert contents(folder) == model_files
    assert told[-1][0] == told[-1][1]
    assert verify(NAME).ok
    assert [info.path for info in list_models()] == [folder]
    assert leavings(home) == []


def test_a_model_that_is_here_is_not_got_again(listed: str, site: Site) -> None:
    assert get(listed) == get(listed)
    assert len(site.asked) == 1


def test_a_model_that_was_damaged_is_got_again(listed: str, site: Site, home: Path, model_files: Files) -> None:
    folder = get(listed)
    (folder / "am/final.mdl").write_bytes(b"damaged")
    (folder / "conf/mfcc.conf").unlink()
    report = verify(listed)
    assert (report.ok, report.changed, report.missing) == (False, ("am/final.mdl",), ("conf/mfcc.conf",))
    assert contents(get(listed)) == model_files
    assert len(site.asked) == 2
    assert leavings(home) == []


def test_cuts_and_failures_on_the_way_do_not_matter(listed: str, site: Site, model_files: Files) -> None:
    site.misdeeds.extend([Misdeed(status=500), Misdeed(cut_after=300_000), Misdeed(status=503), Misdeed(cut_after=1)])
    assert contents(get(listed)) == model_files
    assert [asked[1] for asked in site.asked] == [None, None, "bytes=300000-", "bytes=300000-", "bytes=300001-"]


def test_a_wrong_file_is_refused_and_not_kept(listed: str, site: Site, home: Path, model_files: Files) -> None:
    right = site.files[f"/official/{NAME}.zip"]
    site.files[f"/official/{NAME}.zip"] = other(model_files)
    with pytest.raises(ModelLoadError, match=r"SHA-256 .* and not .*--source"):
        get(listed)
    assert leavings(home) == []
    assert not (home / NAME).exists()
    site.files[f"/official/{NAME}.zip"] = right
    assert contents(get(listed)) == model_files


def test_a_file_larger_than_recorded_is_refused(listed: str, site: Site, home: Path) -> None:
    site.files[f"/official/{NAME}.zip"] += b"more"
    with pytest.raises(ModelLoadError, match="sends more than"):
        get(listed)
    assert not (home / NAME).exists()


def test_the_first_download_is_trusted_and_said_so(unsure: str, home: Path, archive: bytes) -> None:
    with structlog.testing.capture_logs() as logs:
        get(unsure)
    digest = sha256(archive).hexdigest()
    assert json.loads((home / "first-use.json").read_text("utf-8")) == {NAME: digest}
    said = [log for log in logs if log["event"] == "model_trusted_on_first_use"]
    assert [(log["model"], log["sha256"]) for log in said] == [(NAME, digest)]


def test_a_later_download_that_differs_is_refused(unsure: str, site: Site, home: Path, model_files: Files) -> None:
    shutil.rmtree(get(unsure))
    right = site.files[f"/official/{NAME}.zip"]
    site.files[f"/official/{NAME}.zip"] = other(model_files)
    with pytest.raises(ModelLoadError, match=r"when it first came.*first-use\.json"):
        get(unsure)
    assert not (home / NAME).exists()
    site.files[f"/official/{NAME}.zip"] = right
    assert contents(get(unsure)) == model_files


def test_a_broken_record_of_first_use_is_told(unsure: str, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "first-use.json").write_text("[", "utf-8")
    with pytest.raises(ModelLoadError, match=r"first-use\.json is broken"):
        get(unsure)


def test_an_archive_that_failed_is_not_trusted(unsure: str, site: Site, home: Path) -> None:
    site.files[f"/official/{NAME}.zip"] = tar_of({"../evil": b"x"})
    with pytest.raises(ModelLoadError, match="unsafe path"):
        get(unsure)
    assert not (home / "first-use.json").exists()
    assert leavings(home) == []
    assert not list(home.parent.rglob("evil"))


@pytest.mark.parametrize("path", ["/mirror", "/mirror/", f"/elsewhere/{NAME}.tar.gz"])
def test_a_mirror_or_another_address_serves_as_well(
    listed: str, site: Site, path: str, archive: bytes, model_files: Files
) -> None:
    del site.files[f"/official/{NAME}.zip"]
    site.files[f"/mirror/{NAME}.zip"] = site.files[f"/elsewhere/{NAME}.tar.gz"] = archive
    assert contents(get(listed, source=site.url + path)) == model_files


@pytest.mark.parametrize("form", ["zip", "tar.gz", "bare tar"])
def test_a_local_archive_serves(home: Path, tmp_path: Path, model_files: Files, form: str) -> None:
    topped = {f"some-folder/{path}": data for path, data in model_files.items()}
    data = {"zip": zip_of(topped), "tar.gz": tar_of(topped), "bare tar": tar_of(model_files, "w")}[form]
    (tmp_path / "download").write_bytes(data)
    folder = get("my-model", source=str(tmp_path / "download"))
    assert folder == home / "my-model"
    assert contents(folder) == model_files
    assert get("my-model") == folder


def test_a_local_archive_under_a_known_name_must_be_the_known_one(
    listed: str, tmp_path: Path, archive: bytes, model_files: Files
) -> None:
    (tmp_path / "a.zip").write_bytes(other(model_files))
    with pytest.raises(ModelLoadError, match="another name"):
        get(listed, source=str(tmp_path / "a.zip"))
    (tmp_path / "a.zip").write_bytes(archive)
    assert contents(get(listed, source=f"file://{tmp_path}/a.zip")) == model_files
    assert (tmp_path / "a.zip").exists()


def test_a_local_folder_serves(home: Path, tmp_path: Path, archive: bytes, model_files: Files) -> None:
    made = get("first", source=_write(tmp_path / "a.zip", archive))
    assert contents(get("second", source=str(made))) == model_files
    assert contents(get("first", source=str(home))) == model_files
    (made / "am/final.mdl").write_bytes(b"damaged")
    with pytest.raises(ModelLoadError, match=r"differs from its recorded checksums \(am/final.mdl\)"):
        get("third", source=str(made))
    assert sorted(p.name for p in home.iterdir() if p.is_dir()) == ["first", "second"]


def test_a_local_mirror_serves(listed: str, tmp_path: Path, archive: bytes, model_files: Files) -> None:
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / f"{NAME}.zip").write_bytes(archive)
    assert contents(get(listed, source=str(tmp_path / "mirror"))) == model_files


def test_what_is_no_vosk_model_is_refused(home: Path, tmp_path: Path, model_files: Files) -> None:
    for lacking in ("am/final.mdl", "conf/mfcc.conf", "graph/HCLG.fst"):
        files = {f"m/{path}": data for path, data in model_files.items() if path != lacking}
        with pytest.raises(ModelLoadError, match="no whole Vosk model"):
            get("mine", source=_write(tmp_path / "a.zip", zip_of(files)))
    assert [thing for thing in home.iterdir() if thing.is_dir()] == []


def test_a_broken_archive_leaves_nothing(home: Path, tmp_path: Path, archive: bytes) -> None:
    data = bytearray(archive)
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(ModelLoadError, match="broken"):
        get("mine", source=_write(tmp_path / "a.zip", bytes(data)))
    assert [thing for thing in home.iterdir() if thing.is_dir()] == []


def test_a_good_model_stays_when_its_renewal_fails(listed: str, site: Site, home: Path, model_files: Files) -> None:
    folder = get(listed)
    (folder / "README").write_bytes(b"changed")
    site.misdeeds.append(Misdeed(status=404))
    with pytest.raises(ModelLoadError, match="404"):
        get(listed)
    assert contents(folder) == {**model_files, "README": b"changed"}


def test_what_a_broken_off_run_left_is_cleared_away(listed: str, home: Path) -> None:
    left = home / f".{NAME}.ab_12xyz" / "unpacked" / "am"
    left.mkdir(parents=True)
    (left / "final.mdl").write_bytes(b"half")
    mine = home / f".{NAME}.not-a-leaving"
    mine.mkdir()
    get(listed)
    assert leavings(home) == [mine.name]


def test_two_at_once_download_once(listed: str, site: Site, model_files: Files) -> None:
    both = threading.Barrier(2)

    def run(_: int) -> Path:
        both.wait()
        return get(listed)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, range(2))
    assert first == second
    assert contents(first) == model_files
    assert len(site.asked) == 1


@pytest.mark.parametrize("name", ["../x", "a/b", "/etc", "", ".hidden", "a\\b", "x" * 200, "a."])
def test_a_name_that_is_no_folders_name_is_refused(home: Path, name: str) -> None:
    with pytest.raises(ModelLoadError, match="cannot be a model's name"):
        get(name, source="anything")


def test_an_unknown_name_or_source_names_the_mend(home: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"calmline models list.*--source"):
        get("vosk-model-xx")
    with pytest.raises(ModelLoadError, match="neither a file nor a folder nor an http"):
        get("vosk-model-xx", source="ftp://host/x.zip")
    with pytest.raises(ModelLoadError, match="neither a file nor a folder nor an http"):
        get("vosk-model-xx", source=str(tmp_path / "nothing"))


def test_a_folder_that_cannot_be_written_is_told(listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("CALMLINE_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelLoadError, match=r"could not be written.*CALMLINE_MODELS"):
        get(listed)


@pytest.mark.model
def test_a_real_model_that_was_downloaded_is_loaded(
    site: Site, home: Path, list_model: ListModel, tmp_path: Path, real_model: Path
) -> None:
    packed = shutil.make_archive(str(tmp_path / "real"), "zip", real_model.parent, real_model.name)
    site.files["/real.zip"] = Path(packed).read_bytes()
    list_model("real", url=f"{site.url}/real.zip")
    site.misdeeds.append(Misdeed(cut_after=len(site.files["/real.zip"]) // 2))
    get("real")
    recogniser = load_recogniser("vosk", "real")
    assert recogniser.name == "vosk real"
    assert recogniser.stream(8000).finish().words == ()


def _write(file: Path, data: bytes) -> str:
    file.write_bytes(data)
    return str(file)
