"""Which part of the data a family belongs to: by hash, so that it holds on every machine and whatever is added
later."""

from hashlib import blake2b
from typing import Literal

Split = Literal["train", "dev", "test"]


def split_of(family: str) -> Split:
    """80 % train, 10 % dev, 10 % test by the hash of `family` (a family id, or a normalised text of a public
    source)."""
    bucket = int.from_bytes(blake2b(family.encode("utf-8", "replace"), digest_size=4).digest(), "big") % 10
    return "test" if bucket == 9 else "dev" if bucket == 8 else "train"
