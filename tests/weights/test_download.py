"""Downloads against a real server that cuts, changes its mind, lies and fails."""

import json
from pathlib import Path

import numpy as np
import pytest

from assistant.errors import ModelLoadError
from assistant.weights.download import ATTEMPTS, download
from tests.weights.site import Misdeed, Site

pytestmark = pytest.mark.server

BODY = np.random.default_rng(7).bytes(1_500_000)
OTHER = np.random.default_rng(8).bytes(1_200_000)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "model.zip"


@pytest.fixture
def file(site: Site) -> str:
    site.files["/model.zip"] = BODY
    return f"{site.url}/model.zip"


def fetch(url: str, target: Path, max_bytes: int = 2_000_000) -> list[tuple[int, int | None]]:
    told: list[tuple[int, int | None]] = []
    download(url, target, max_bytes=max_bytes, progress=lambda done, total: told.append((done, total)))
    return told


def left_behind(target: Path) -> list[str]:
    return sorted(thing.name for thing in target.parent.iterdir() if thing != target)


def test_a_file_comes_whole_and_progress_is_told(file: str, target: Path) -> None:
    told = fetch(file, target)
    assert target.read_bytes() == BODY
    assert told[0] == (0, len(BODY))
    assert told[-1] == (len(BODY), len(BODY))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert left_behind(target) == []


@pytest.mark.parametrize("marks", ["strong", "date", "weak"])
def test_a_cut_download_goes_on_where_it_stopped(file: str, site: Site, target: Path, marks: str) -> None:
    site.marks = marks
    site.misdeeds.extend([Misdeed(cut_after=600_000), Misdeed(cut_after=500_000)])
    told = fetch(file, target)
    assert target.read_bytes() == BODY
    assert [asked[1] for asked in site.asked] == [None, "bytes=600000-", "bytes=1100000-"]
    assert site.asked[1][2] in site.headers_of(BODY).values()
    assert not str(site.asked[1][2]).startswith("W/")
    assert (600_000, len(BODY)) in told


def test_a_later_run_goes_on_where_an_earlier_one_stopped(file: str, site: Site, target: Path) -> None:
    def interrupt(done: int, _: int | None) -> None:
        if done > 500_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(file, target, max_bytes=2_000_000, progress=interrupt)
    assert not target.exists()
    fetch(file, target)
    assert target.read_bytes() == BODY
    asked = site.asked[1][1]
    assert asked is not None
    assert int(asked.removeprefix("bytes=").removesuffix("-")) > 500_000


def test_without_a_mark_of_its_version_a_file_is_not_pieced_together(file: str, site: Site, target: Path) -> None:
    site.marks = "none"
    site.misdeeds.append(Misdeed(cut_after=600_000))
    fetch(file, target)
    assert target.read_bytes() == BODY
    assert [asked[1] for asked in site.asked] == [None, None]


def test_a_server_that_ignores_range_is_read_from_the_start(file: str, site: Site, target: Path) -> None:
    site.misdeeds.extend([Misdeed(cut_after=600_000), Misdeed(ignore_range=True)])
    fetch(file, target)
    assert target.read_bytes() == BODY


def test_a_server_that_goes_on_elsewhere_is_not_believed(file: str, site: Site, target: Path) -> None:
    site.misdeeds.extend([Misdeed(cut_after=600_000), Misdeed(wrong_range=True)])
    fetch(file, target)
    assert target.read_bytes() == BODY
    assert [asked[1] for asked in site.asked] == [None, "bytes=600000-", None]


def test_a_file_that_changes_between_tries_is_read_anew(file: str, site: Site, target: Path) -> None:
    def change() -> None:
        site.files["/model.zip"] = OTHER

    site.misdeeds.extend([Misdeed(cut_after=600_000), Misdeed(before=change)])
    fetch(file, target)
    assert target.read_bytes() == OTHER


def test_a_file_that_shrank_below_the_part_is_read_anew(file: str, site: Site, target: Path) -> None:
    def shrink() -> None:
        site.files["/model.zip"] = BODY[:1000]

    site.misdeeds.extend([Misdeed(cut_after=600_000), Misdeed(before=shrink)])
    fetch(file, target)
    assert target.read_bytes() == BODY[:1000]


def test_a_part_that_is_already_whole_is_taken(file: str, site: Site, target: Path) -> None:
    Path(f"{target}.part").write_bytes(BODY)
    Path(f"{target}.part.json").write_text(json.dumps({"url": file, "mark": site.headers_of(BODY)["ETag"]}), "utf-8")
    fetch(file, target)
    assert target.read_bytes() == BODY
    assert len(site.asked) == 1


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"url": "http://elsewhere/", "mark": "x"}', '{"url": 3, "mark": 3}'])
def test_a_part_of_unknown_origin_is_thrown_away(file: str, site: Site, target: Path, kept: str) -> None:
    Path(f"{target}.part").write_bytes(b"rubbish" * 1000)
    Path(f"{target}.part.json").write_text(kept, "utf-8")
    fetch(file, target)
    assert target.read_bytes() == BODY
    assert site.asked[0][1] is None


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_passing_failure_is_tried_again(file: str, site: Site, target: Path, status: int) -> None:
    site.misdeeds.extend([Misdeed(status=status, retry_after="1"), Misdeed(status=status)])
    fetch(file, target)
    assert target.read_bytes() == BODY
    assert len(site.asked) == 3


def test_a_lasting_failure_is_told_after_some_tries(file: str, site: Site, target: Path) -> None:
    site.misdeeds.extend(Misdeed(status=500) for _ in range(100))
    with pytest.raises(ModelLoadError, match=r"status 500.*later.*--source"):
        fetch(file, target)
    assert len(site.asked) == ATTEMPTS


@pytest.mark.parametrize(("status", "mend"), [(404, "check the name"), (410, "check the name"), (403, "proxy")])
def test_a_refusal_is_told_at_once(file: str, site: Site, target: Path, status: int, mend: str) -> None:
    site.misdeeds.append(Misdeed(status=status))
    with pytest.raises(ModelLoadError, match=rf"status {status}.*{mend}.*--source"):
        fetch(file, target)
    assert len(site.asked) == 1


def test_a_server_that_always_cuts_leaves_a_part_to_go_on_from(file: str, site: Site, target: Path) -> None:
    site.misdeeds.extend(Misdeed(cut_after=1000) for _ in range(ATTEMPTS))
    with pytest.raises(ModelLoadError, match="run the same command again"):
        fetch(file, target)
    assert Path(f"{target}.part").read_bytes() == BODY[: ATTEMPTS * 1000]
    fetch(file, target)
    assert target.read_bytes() == BODY


def test_a_file_that_is_announced_too_large_is_not_read(file: str, target: Path) -> None:
    with pytest.raises(ModelLoadError, match="more than the 1000000 bytes"):
        fetch(file, target, max_bytes=1_000_000)
    assert not target.exists()


def test_a_file_of_untold_length_is_cut_off_at_the_limit(file: str, site: Site, target: Path) -> None:
    site.misdeeds.append(Misdeed(no_length=True))
    with pytest.raises(ModelLoadError, match="more than the 1000000 bytes"):
        fetch(file, target, max_bytes=1_000_000)
    assert left_behind(target) == []
    site.misdeeds.append(Misdeed(no_length=True))
    assert fetch(file, target)[-1] == (len(BODY), None)
    assert target.read_bytes() == BODY


def test_a_redirect_is_followed(file: str, site: Site, target: Path) -> None:
    site.misdeeds.append(Misdeed(redirect=file))
    fetch(f"{site.url}/old.zip", target)
    assert target.read_bytes() == BODY


def test_a_redirect_to_what_is_no_http_is_refused(site: Site, target: Path) -> None:
    site.misdeeds.append(Misdeed(redirect="file:///etc/passwd"))
    with pytest.raises(ModelLoadError, match="--source"):
        fetch(f"{site.url}/old.zip", target)
    assert len(site.asked) == 1


def test_a_server_that_is_not_there_is_told(target: Path, site: Site) -> None:
    with pytest.raises(ModelLoadError, match=r"could not be downloaded.*check the network"):
        fetch("http://127.0.0.1:1/model.zip", target)


def test_what_is_no_url_is_told(target: Path) -> None:
    with pytest.raises(ModelLoadError, match=r"not a URL.*--source"):
        fetch("http://[::1/model.zip", target)
