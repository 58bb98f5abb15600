"""Objects that are kept until they are needed, but not as objects: tens of thousands of them would fill the memory."""

import pickle
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
BLOCK = 100
"""Objects that are written and read together."""
BLOCKS_AT_HAND = 4
"""Blocks that stay as objects after they were read: mostly the next object is out of the same one."""


class Spool(Protocol):
    """Where blocks of bytes are kept; what is kept goes with the spool."""

    def write(self, block: bytes) -> int:
        """Keep a block, and return the number by which it is read."""
        ...

    def read(self, number: int) -> bytes: ...


class InMemorySpool:
    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        self._blocks.append(block)
        return len(self._blocks) - 1

    def read(self, number: int) -> bytes:
        return self._blocks[number]


class Spooled(Generic[T]):
    """A list of objects, in a spool; it can only grow."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._numbers: list[int] = []
        self._last: list[T] = []
        self._at_hand: dict[int, list[T]] = {}

    def append(self, item: T) -> int:
        """Keep an object, and return its index."""
        self._last.append(item)
        index = len(self) - 1
        if len(self._last) == BLOCK:
            self._numbers.append(self._spool.write(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL)))
            self._last = []
        return index

    def __len__(self) -> int:
        return BLOCK * len(self._numbers) + len(self._last)

    def __getitem__(self, index: int) -> T:
        block, place = divmod(index, BLOCK)
        return self._block(block)[place]

    def __iter__(self) -> Iterator[T]:
        for block in range(len(self._numbers) + 1):
            yield from self._block(block)

    def _block(self, block: int) -> list[T]:
        if block == len(self._numbers):
            return self._last
        found = self._at_hand.get(block)
        if found is None:
            while len(self._at_hand) >= BLOCKS_AT_HAND:
                del self._at_hand[next(iter(self._at_hand))]
            # Out of our own spool, which nobody else writes to.
            found = self._at_hand[block] = pickle.loads(self._spool.read(self._numbers[block]))  # noqa: S301
        return found
