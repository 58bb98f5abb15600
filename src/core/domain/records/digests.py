"""Digests that are the same in every process, unlike Python's hashes."""

import hashlib
from collections.abc import Iterable


def digest_of(values: Iterable[object]) -> str:
    """Return a short digest of values, computed from their repr."""
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        digest.update(repr(value).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def hash_texts(*texts: str | None) -> int:
    """Return a 64-bit hash of texts in their order; hashes can be added up to be independent of order."""
    joined = "\0".join([text or "" for text in texts])
    return int.from_bytes(hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=8).digest())
