"""`calmline classify`: lines in, JSON lines out, in order, with the memory of one batch.

In: text or JSON lines. Out: JSON lines. A bad line is answered with an `error` field and the rest go on.
"""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TextIO

from assistant.signals.hostility.labels import Classifier, Judgement, Text

_PLACES = 4


def classify_stream(lines: Iterable[str | bytes], out: TextIO, classifier: Classifier, batch: int = 32, threads: int = 1) -> int:
    """Judges each of `lines` and writes one JSON line for each to `out`; returns how many were bad.

    A line is a text, or a JSON object `{"text", "speaker"?, "before"?, "before_speaker"?, "confidence"?}`. Bytes that
    are not UTF-8 are replaced, not refused. An empty line is judged (and abstained from), so that line numbers stay in
    step. `out` is flushed after each batch, whose texts are shared out among `threads`; it is 1 for interactive use. Errors:
    `ValueError` for a `batch` or `threads` below 1.
    """
    if batch < 1 or threads < 1:
        raise ValueError(f"batch and threads must be at least 1, not {batch} and {threads}")
    bad = 0
    with ThreadPoolExecutor(threads) as pool:
        for chunk in _chunks(lines, batch):
            parsed = [_parse(line) for line in chunk]
            texts = [text for text in parsed if isinstance(text, Text)]
            shares = pool.map(classifier.judge, (texts[at::threads] for at in range(threads)))
            judgements = iter(_dealt(list(shares), len(texts)))
            for item in parsed:
                if isinstance(item, Text):
                    record = as_record(item, next(judgements))
                else:
                    record = item
                    bad += 1
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
            out.flush()
    return bad


def _dealt(shares: list[list[Judgement]], count: int) -> list[Judgement]:
    """What was dealt out like cards, in its first order again."""
    return [shares[at % len(shares)][at // len(shares)] for at in range(count)]


def as_record(text: Text, judgement: Judgement) -> dict[str, Any]:
    """The contract's object for one text; `reason` is added when the judge abstains, `speaker` when it is not a
    caller."""
    record: dict[str, Any] = {
        "text": text.text.encode("utf-8", "replace").decode("utf-8"),
        "level": judgement.level,
        "p": {name: round(value, _PLACES) for name, value in judgement.p.items()},
        "target": judgement.target,
        "p_abuse": round(judgement.p_abuse, _PLACES),
        "abuse": judgement.abuse,
    }
    if judgement.reason is not None:
        record["reason"] = judgement.reason
    if text.speaker != "caller":
        record["speaker"] = text.speaker
    return record


def _chunks(lines: Iterable[str | bytes], size: int) -> Iterator[list[str | bytes]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _parse(line: str | bytes) -> Text | dict[str, Any]:
    """A text to judge, or the record that tells why there is none."""
    plain = line.decode("utf-8", "replace") if isinstance(line, bytes) else line
    plain = plain.rstrip("\r\n")
    if not plain.lstrip().startswith("{"):
        return Text(plain)
    try:
        data = json.loads(plain)
    except (ValueError, RecursionError) as error:
        return {"text": plain.encode("utf-8", "replace").decode("utf-8"), "error": f"not JSON: {error}"}
    return _from_object(data)


def _from_object(data: dict[str, Any]) -> Text | dict[str, Any]:
    if not isinstance(data.get("text"), str):
        return {"text": None, "error": "the object lacks a string `text`"}
    for name in ("speaker", "before", "before_speaker"):
        if not isinstance(data.get(name), str | None):
            return {"text": data["text"], "error": f"`{name}` is not a string"}
    confidence = data.get("confidence")
    confidence = 1.0 if confidence is None else confidence
    if isinstance(confidence, bool) or not isinstance(confidence, int | float) or not 0 <= confidence <= 1:
        return {"text": data["text"], "error": "`confidence` is not a number in [0, 1]"}
    return Text(data["text"], data.get("speaker") or "caller", data.get("before"), data.get("before_speaker"), float(confidence))
