"""How well repeated demands are found: over calls whose lines tell what they ask for, through the engine that hears live calls.

python -m scripts.evaluate_asks [--calls FOLDER ...] [--wrong N] [--json]
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from assistant.call import CallSettings, SaidLine
from assistant.config import ModelSettings
from assistant.engine import WordModels, load_words, recite
from assistant.events import CueHeard, Utterance
from assistant.guidance.policy_file import load_policy
from scripts.asks.calls import AskCall, made_again, read_ask_calls

_DATA = Path(__file__).parent.parent / "tests" / "data"
CALLS = (_DATA / "asks", _DATA / "asks_2")
EVERY_S, SAID_S = 12.0, 4.0
"""From one line to the next, and how long each takes to say."""


def heard_again(call: AskCall, words: WordModels, settings: CallSettings) -> list[CueHeard | None]:
    """For each line of the caller, the repeated demand that was heard in it."""
    lines = [SaidLine("caller", at * EVERY_S, at * EVERY_S + SAID_S, line.text) for at, line in enumerate(call.lines)]
    events = recite(words, settings, call.family, ("agent", "caller"), lines)
    told = {event.utterance_id: event for event in events if isinstance(event, CueHeard) and event.cue == "repeated_demand"}
    return [told.get(event.utterance_id) for event in events if isinstance(event, Utterance)]


def measure(calls: Sequence[AskCall], heard: Sequence[Sequence[CueHeard | None]]) -> dict[str, float]:
    """Counts of lines and of asks made again, and how many of these were found, precision and recall, by which rule."""
    held = [again for call in calls for again in made_again(call)]
    found = [event for events in heard for event in events]
    right = sum(again and event is not None for again, event in zip(held, found, strict=True))
    rules = Counter(event.rule for event in found if event is not None)
    return {
        "calls": len(calls),
        "lines": len(held),
        "again": sum(held),
        "precision": round(right / max(1, sum(rules.values())), 3),
        "recall": round(right / max(1, sum(held)), 3),
        **dict(sorted(rules.items())),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=Path, nargs="+", default=CALLS, help="folders of calls, taken together")
    parser.add_argument("--wrong", type=int, default=0, help="print so many lines that were missed or wrongly found")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    calls = [call for folder in options.calls for call in read_ask_calls(folder)]
    words, settings = load_words(ModelSettings()), CallSettings(policy=load_policy())
    heard = [heard_again(call, words, settings) for call in calls]
    figures = measure(calls, heard)
    print(json.dumps(figures) if options.json else "\n".join(f"{name:16} {value:g}" for name, value in figures.items()))
    wrong = [
        f"{'missed' if again else 'wrong '} {call.family}: {line.text} << {event.detail if event else ''}"
        for call, events in zip(calls, heard, strict=True)
        for line, again, event in zip(call.lines, made_again(call), events, strict=True)
        if again != (event is not None)
    ]
    print("\n".join(wrong[: options.wrong]), end="\n" if options.wrong and wrong else "")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
