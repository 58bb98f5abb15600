"""A spool in a temporary file without a name: it goes with the process, however that ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENOSPC
from os import strerror
from tempfile import TemporaryFile
from typing import IO


class FileSpool:
    """The file is made by the first block: most events have less to keep."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._ends = [0]

    def write(self, block: bytes) -> int:
        """Keep a block, and return the number by which it is read.

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
