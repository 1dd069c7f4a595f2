"""The tokenizer, pruned to what is spoken: half of the encoder's weights are its vocabulary.

In: the encoder's tokenizer and the training texts. Out: a tokenizer of the kept pieces and the rows of the embedding
to keep.
"""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from assistant.signals.hostility.encode import AGENT_MARK, CALLER_MARK
from assistant.signals.hostility.wordlist import HIDDEN_WORDS

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_UNUSED_ROWS = ("[unused0]", "[unused1]")
_COMMON_IDS = 17000
_SEEN_OFTEN = 5


def pruned_tokenizer(tokenizer_file: Path, texts: Iterable[str]) -> tuple[str, list[int]]:
    """The new tokenizer's JSON, and for each of its pieces in order the row of the old embedding.

    Kept: letters, pieces seen `_SEEN_OFTEN` times in `texts`, whole words among the encoder's commonest, hidden words.
    """
    data: dict[str, Any] = json.loads(tokenizer_file.read_text(encoding="utf-8"))
    old: dict[str, int] = data["model"]["vocab"]
    full = Tokenizer.from_file(str(tokenizer_file))
    full.no_truncation()
    full.no_padding()
    counts: Counter[str] = Counter()
    for encoding in full.encode_batch(list(texts), add_special_tokens=False):
        counts.update(encoding.tokens)
    for encoding in full.encode_batch(list(HIDDEN_WORDS), add_special_tokens=False):
        counts.update(encoding.tokens * _SEEN_OFTEN)
    kept = [piece for piece, row in sorted(old.items(), key=lambda item: item[1]) if _keep(piece, row, counts)]
    pieces = [*_SPECIAL, AGENT_MARK, CALLER_MARK, *kept]
    rows = [old[piece] for piece in (*_SPECIAL, *_UNUSED_ROWS, *kept)]
    data["model"]["vocab"] = {piece: at for at, piece in enumerate(pieces)}
    data["truncation"] = data["padding"] = None
    special = (*_SPECIAL, AGENT_MARK, CALLER_MARK)
    data["added_tokens"] = [
        {
            "id": at,
            "content": piece,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for at, piece in enumerate(special)
    ]
    for item in data["post_processor"]["special_tokens"].values():
        item["ids"] = [pieces.index(token) for token in item["tokens"]]
    return json.dumps(data, ensure_ascii=False), rows


def _keep(piece: str, row: int, counts: Counter[str]) -> bool:
    plain = piece.removeprefix("##")
    if piece in _SPECIAL or not (plain.isascii() and (plain.isalpha() or plain == "'")):
        return False
    return len(plain) == 1 or counts[piece] >= _SEEN_OFTEN or (row < _COMMON_IDS and plain == piece)
