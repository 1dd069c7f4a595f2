"""Measures the judge on functions of hateful and harmless speech, one by one: `python -m scripts.evaluate_functional`.

The cases are `tests/data/functional`, written by another hand than any training line; nothing is trained or tuned on them.
"""

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.signals.hostility.judge import HostilityJudge
from assistant.signals.hostility.labels import Text
from assistant.signals.hostility.load import load_classifier

CASES = Path(__file__).parents[1] / "tests" / "data" / "functional" / "cases.txt"


@dataclass(frozen=True)
class Case:
    """One line of the suite."""

    functionality: str
    hateful: bool
    of_whom: str
    """`group`, `individual` or `none`."""
    words: str


def read_cases(path: Path) -> list[Case]:
    """The cases of a file, `functionality | hateful or not | of whom | words`. Errors: `ValueError` naming the line."""
    cases = []
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = [field.strip() for field in row.split("|")]
        if len(fields) != 4 or fields[1] not in ("hateful", "not") or fields[2] not in ("group", "individual", "none"):
            raise ValueError(f"{path}:{number}: not `functionality | hateful or not | group, individual or none | words`")
        cases.append(Case(fields[0], fields[1] == "hateful", fields[2], fields[3]))
    return cases


def share_right(judge: HostilityJudge, cases: Sequence[Case]) -> dict[str, tuple[int, float]]:
    """Of each functionality, of all hateful, all harmless and all hate at individuals: the number of cases, and the share judged right."""
    right = [
        judged.abuse == case.hateful
        for case, judged in zip(cases, judge.judge([Text(case.words, "caller") for case in cases]), strict=True)
    ]
    groups: dict[str, list[bool]] = {}
    for case, passed in zip(cases, right, strict=True):
        for name in _groups(case):
            groups.setdefault(name, []).append(passed)
    return {name: (len(passed), sum(passed) / len(passed)) for name, passed in groups.items()}


def _groups(case: Case) -> Iterable[str]:
    yield case.functionality
    yield "all hateful" if case.hateful else "all harmless"
    if case.hateful and case.of_whom == "individual":
        yield "hateful, at individuals"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="evaluate_functional", description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of weights; the shipped ones where it is left out")
    parser.add_argument("--cases", type=Path, default=CASES, help="a file of the same form")
    options = parser.parse_args(arguments)
    try:
        cases = read_cases(options.cases)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print("| function | cases | right |\n|---|---|---|")
    for name, (count, share) in share_right(load_classifier(options.model), cases).items():
        print(f"| {name} | {count} | {share:.3f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
