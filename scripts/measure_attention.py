"""Measures how much of the agents' attention the cards took: `python -m scripts.measure_attention DOCS... [--json]`.

DOCS are call documents that `calmline score` or the API wrote, or folders of them. Ends with code 1 where none could be read.
"""

import argparse
import json
import sys
from pathlib import Path

from assistant.offline.documents import DocumentError, find_documents, read_document
from scripts.attention import Attention, as_text


def main(arguments: list[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    files, passed_over = find_documents(options.docs)
    attention = Attention()
    for file in files:
        try:
            attention.add(read_document(file))
        except DocumentError as wrong:
            passed_over.append((str(file), str(wrong)))
    facts = attention.facts()
    if options.json:
        print(json.dumps(facts | {"passed_over": [{"file": file, "why": why} for file, why in passed_over]}, indent=1))
    else:
        for file, why in passed_over:
            print(f"passed over: {file}: {why}")
        print(as_text(facts))
    return 0 if facts["calls"] else 1


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="measure_attention", description="How much of the agents' attention the cards took.")
    parser.add_argument("docs", type=Path, nargs="+", metavar="DOCS", help="call documents, or folders of them")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
