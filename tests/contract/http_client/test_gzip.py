"""Decompressed responses are bounded and complete; anything else is an error."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http_client.gzip import MAX_PIECE, decompressed
from tests.contract.http_client.conftest import MIB

WELL = b'{"data": []}'


class Pieces(httpx.AsyncByteStream):
    def __init__(self, body: bytes, size: int) -> None:
        self._body, self._size = body, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), self._size):
            yield self._body[start : start + self._size]


async def decoded(body: bytes, coding: str | None, size: int = 5000) -> bytes:
    headers = {} if coding is None else {"content-encoding": coding, "content-length": str(len(body))}
    answer = decompressed(httpx.Response(200, headers=headers, stream=Pieces(body, size)))
    async with aclosing(answer):
        content = b""
        async for piece in answer.aiter_raw():
            assert len(piece) <= max(MAX_PIECE, size)
            content += piece
    return content


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        pytest.param(WELL, None, id="as it is"),
        pytest.param(WELL, "identity", id="identity"),
        pytest.param(WELL, "", id="nothing"),
        pytest.param(gzip.compress(WELL), "gzip", id="gzip"),
        pytest.param(gzip.compress(WELL), "X-GZip", id="by its old name"),
        pytest.param(gzip.compress(WELL), "identity, gzip", id="after identity"),
        pytest.param(
            gzip.compress(WELL[:5]) + gzip.compress(b"") + gzip.compress(WELL[5:]),
            "gzip",
            id="in several members",
        ),
    ],
)
async def test_compressed_body_is_decompressed(body: bytes, coding: str | None) -> None:
    assert await decoded(body, coding) == WELL


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, gzip"])
async def test_empty_body_is_accepted_with_any_coding(coding: str) -> None:
    assert await decoded(b"", coding) == b""


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        pytest.param(WELL, "gzip", id="none at all"),
        pytest.param(gzip.compress(WELL)[:-1], "gzip", id="cut off"),
        pytest.param(gzip.compress(WELL)[:4], "gzip", id="cut off in its header"),
        pytest.param(gzip.compress(WELL)[:-8] + bytes(8), "gzip", id="wrong checksum"),
        pytest.param(gzip.compress(WELL) + b"more", "gzip", id="garbage behind it"),
        pytest.param(gzip.compress(WELL) + b"\x1f", "gzip", id="what could have become another member"),
        pytest.param(gzip.compress(gzip.compress(WELL)), "gzip, gzip", id="twice"),
        pytest.param(zlib.compress(WELL), "deflate", id="deflate"),
        pytest.param(WELL, "br", id="brotli"),
        pytest.param(WELL, "zstd", id="zstandard"),
        pytest.param(WELL, "nonsense", id="unknown"),
    ],
)
async def test_broken_or_unknown_coding_is_an_error(body: bytes, coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        await decoded(body, coding)


@given(
    members=st.lists(
        st.one_of(
            st.binary(max_size=100),
            st.integers(-3, 300).map(lambda more: bytes(2 * MAX_PIECE + more)),
            st.integers(0, 3).map(lambda times: bytes(range(256)) * 1024 * times),
        ),
        max_size=4,
    ),
    size=st.integers(1, 5000),
)
async def test_chunk_boundaries_do_not_matter(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    assert await decoded(packed, "gzip", size) == b"".join(members)


async def test_other_tasks_run_while_a_few_bytes_expand_to_many() -> None:
    """Input that has already arrived is decompressed without awaiting more, so nothing else would yield to other tasks."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    packed = gzip.compress(bytes(32 * MAX_PIECE))
    answer = decompressed(
        httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed))
    )
    task = asyncio.create_task(others())
    await asyncio.sleep(0)
    async with aclosing(answer):
        await answer.aread()
    task.cancel()
    assert turns >= 32


@pytest.mark.parametrize(
    ("head", "piece", "words"),
    [
        (b"", gzip.compress(b""), "too many gzip members"),
        (gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff" * 100, "almost empty"),
        (b"\x1f\x8b\x08\x08" + bytes(6), b"x" * 1000, "almost empty"),
    ],
    ids=["empty members", "empty blocks", "a long file name"],
)
async def test_endless_empty_gzip_is_stopped(head: bytes, piece: bytes, words: str) -> None:
    given = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal given
            yield head
            while given < 100 * MIB:
                given += len(piece)
                yield piece

    answer = decompressed(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Endless()))
    async with aclosing(answer):
        with pytest.raises(httpx.DecodingError, match=words):
            await answer.aread()
    assert given < 2 * MIB
