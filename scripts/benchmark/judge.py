"""What the classifier costs on one thread, alone and in batches, and how long it takes to load.

In: the bundled classifier; texts of exactly 24 tokens from the demo call's script. Out: CPU milliseconds a text.
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import resources

from assistant.signals.hostility import Classifier, Text, bundled_folder, load_classifier
from assistant.signals.hostility.encode import Encoder
from assistant.signals.hostility.load import TOKENIZER_FILE
from scripts.benchmark.figures import NotMeasured, Part, Tick

TOKENS = 24
BATCH = 32
LOAD = """
import time
began = time.perf_counter()
from assistant.signals.hostility import load_classifier
load_classifier()
print(time.perf_counter() - began)
"""


def measure_classifier(quick: bool, tick: Tick) -> list[Part]:
    """Milliseconds a text and seconds to load."""
    part = Part("classifier", f"Classifier, texts of {TOKENS} tokens, one thread")
    judge = load_classifier()
    texts = texts_of(TOKENS, BATCH)
    judge.judge(texts)
    tick(0.2)
    rounds = 2 if quick else 6
    part.add("batch_1_ms", "a text, alone", _ms_a_text(judge, [[text] for text in texts], rounds), "ms CPU")
    tick(0.5)
    part.add(f"batch_{BATCH}_ms", f"a text, {BATCH} at a time", _ms_a_text(judge, [texts], rounds), "ms CPU")
    tick(0.8)
    loads = [_load_s() for _ in range(3)]
    part.add("load_s", "load in a fresh process, imports too", statistics.median(loads), "s")
    part.detail = {"classifier": judge.name}
    return [part]


def texts_of(tokens: int, count: int) -> list[Text]:
    """Runs of words from the demo call's script that are exactly so many tokens with the judge's marks. Raises `NotMeasured`."""
    script = json.loads((resources.files("assistant") / "data" / "demo_call.truth.json").read_text("utf-8"))
    words = [word for turn in script["turns"] for word in turn["text"].split()]
    encoder = Encoder(bundled_folder() / TOKENIZER_FILE)
    found = []
    for begin in range(len(words)):
        for end in range(begin + tokens // 2, min(len(words), begin + tokens) + 1):
            text = Text(" ".join(words[begin:end]))
            if len(encoder.encode(text.text, text).ids) == tokens:
                found.append(text)
                break
        if len(found) == count:
            return found
    raise NotMeasured(f"the demo's script has only {len(found)} texts of {tokens} tokens")


def _ms_a_text(judge: Classifier, batches: Sequence[Sequence[Text]], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        for batch in batches:
            began = time.process_time()
            judge.judge(batch)
            spent.append((time.process_time() - began) / len(batch))
    return 1000 * statistics.median(spent)


def _load_s() -> float:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise NotMeasured(f"the classifier did not load: {done.stderr.strip().splitlines()[-1:]}")
    return float(done.stdout)
