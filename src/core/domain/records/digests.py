"""Short numbers and texts that differ where things do: the same in every process, unlike Python's own hashes."""

import hashlib
from collections.abc import Iterable


def digest_of(things: Iterable[object]) -> str:
    """Give a short text that differs where the things do; they are compared by how Python writes them."""
    digest = hashlib.blake2b(digest_size=16)
    for thing in things:
        digest.update(repr(thing).encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def number_of(*texts: str | None) -> int:
    """Give a number of 64 bits for some texts in their order; several can be added up, whatever order they come in."""
    joined = "\0".join([text or "" for text in texts])
    return int.from_bytes(hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=8).digest())
