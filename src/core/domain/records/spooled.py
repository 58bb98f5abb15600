"""Lists of pickled objects: tens of thousands of live objects would need too much memory."""

import pickle
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
BLOCK = 100
"""The number of objects that are written and read together."""
MAX_CACHED_BLOCKS = 4
"""The number of blocks that stay unpickled: the next object is usually in the same block."""


class Spool(Protocol):
    """A store of byte blocks, which are deleted with it."""

    def write(self, block: bytes) -> int:
        """Store a block, and return the number by which it is read."""
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
    """An append-only list of objects in a spool."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._numbers: list[int] = []
        self._last: list[T] = []
        self._cached: dict[int, list[T]] = {}

    def append(self, item: T) -> int:
        """Store an object, and return its index."""
        self._last.append(item)
        index = len(self) - 1
        if len(self._last) == BLOCK:
            self._numbers.append(self._spool.write(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL)))
            self._last = []
        return index

    def __len__(self) -> int:
        return BLOCK * len(self._numbers) + len(self._last)

    def __getitem__(self, index: int) -> T:
        block, offset = divmod(index, BLOCK)
        return self._block(block)[offset]

    def __iter__(self) -> Iterator[T]:
        for block in range(len(self._numbers) + 1):
            yield from self._block(block)

    def _block(self, block: int) -> list[T]:
        if block == len(self._numbers):
            return self._last
        items = self._cached.get(block)
        if items is None:
            while len(self._cached) >= MAX_CACHED_BLOCKS:
                del self._cached[next(iter(self._cached))]
            # Unpickling is safe: only this process writes to the spool.
            items = self._cached[block] = pickle.loads(self._spool.read(self._numbers[block]))  # noqa: S301
        return items
