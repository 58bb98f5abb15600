"""A spool in an unnamed temporary file, which disappears with the process however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from os import strerror
from tempfile import TemporaryFile
from typing import IO


class FileSpool:
    """A spool whose file is created with the first block, because most events need none."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._ends = [0]

    def write(self, block: bytes) -> int:
        """Store a block, and return the number to read it by.

        Raises:
            OSError: the disk is full.
        """
        if self._file is None:
            self._file = TemporaryFile(prefix="gleanin-sync-", buffering=0)  # noqa: SIM115 - `close` ends it
        self._file.seek(self._ends[-1])
        if self._file.write(block) != len(block):
            raise OSError(ENOSPC, strerror(ENOSPC))
        self._ends.append(self._ends[-1] + len(block))
        return len(self._ends) - 2

    def read(self, number: int) -> bytes:
        assert self._file is not None, "something was written"
        start, end = self._ends[number : number + 2]
        self._file.seek(start)
        return self._file.read(end - start)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


@contextmanager
def file_spool() -> Iterator[FileSpool]:
    spool = FileSpool()
    try:
        yield spool
    finally:
        spool.close()
