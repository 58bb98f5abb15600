"""The contract of spools."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import pytest

from adapters.system.spool import file_spool
from core.domain.records.spooled import Spool
from ports.spools import memory_spool


@pytest.fixture(params=[memory_spool, file_spool], ids=["memory", "file"])
def spool(request: pytest.FixtureRequest) -> Iterator[Spool]:
    opens: Callable[[], AbstractContextManager[Spool]] = request.param
    with opens() as spool:
        yield spool


def test_blocks_can_be_read_in_any_order(spool: Spool) -> None:
    blocks = [bytes([number]) * (number * 1000) for number in range(20)]
    numbers = [spool.write(block) for block in blocks]
    for number, block in [*zip(numbers, blocks, strict=True)][::-1]:
        assert spool.read(number) == block
    more = spool.write(b"more")
    assert (spool.read(more), spool.read(numbers[3])) == (b"more", blocks[3])


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_file_is_unnamed_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = _open_files()
    with file_spool() as spool:
        assert _open_files() == before, "no file before the first block"
        spool.write(b"names and e-mails")
        assert _open_files() == before + 1
        assert [*tmp_path.iterdir()] == []
    assert _open_files() == before


def test_full_disk_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> IO[bytes]:
        return Path("/dev/full").open("r+b", buffering=0)

    monkeypatch.setattr("adapters.system.spool.TemporaryFile", full)
    with file_spool() as spool, pytest.raises(OSError, match="No space left"):
        spool.write(b"x")
