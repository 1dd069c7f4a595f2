"""Groups of near intents of public requests, as if each were a call: what people want, in the words of many hands.

In: a folder with `banking77.jsonl.gz` and `clinc150.jsonl.gz` (rows of `text` and `intent`). Out: `AskCall`s. BANKING77
(PolyAI, CC BY 4.0) and CLINC150 (Larson et al., CC BY 3.0) are had from their authors' repositories.
"""

import random
from collections import defaultdict
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from assistant.signals.hostility.normalise import normalise
from assistant.signals.hostility.splits import split_of
from scripts.asks.calls import SHEAF, AskCall, AskLine
from scripts.hostility.public import public_rows

SOURCES = ("banking77", "clinc150")
INTENTS, NEAR, LINES = 3, 6, 6
"""A group has so many intents: one, and others of the so many that are nearest to it in words; and so many requests of each."""
_NO_INTENT = "oos"


def intent_groups(data: Path, count: int, seed: int) -> list[AskCall]:
    """`count` groups by chance, the same for a seed; rows of the test split are left out. Errors: `OSError` if a file is not there."""
    requests: dict[str, list[str]] = defaultdict(list)
    for source in SOURCES:
        for row in public_rows(data, source):
            if row["intent"] != _NO_INTENT and split_of(row["text"]) != "test":
                requests[f"{source}:{row['intent']}"].append(normalise(row["text"]))
    names = sorted(name for name, texts in requests.items() if len(texts) >= LINES)
    words = TfidfVectorizer(sublinear_tf=True).fit_transform(" ".join(requests[name]) for name in names)
    nearness = (words @ words.T).toarray()
    np.fill_diagonal(nearness, -1.0)

    rng = random.Random(seed)
    groups = []
    for number in range(count):
        first = rng.randrange(len(names))
        others = rng.sample([int(at) for at in np.argsort(-nearness[first])[:NEAR]], INTENTS - 1)
        lines = [AskLine(ask, text) for ask, at in enumerate((first, *others), 1) for text in rng.sample(requests[names[at]], LINES)]
        rng.shuffle(lines)
        groups.append(AskCall(f"public_{number}", (SHEAF,), tuple(lines)))
    return groups
