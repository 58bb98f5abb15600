"""The production transport over real HTTP: whatever is compressed, what comes out is bounded."""

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from functools import cache

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from adapters.gleanin.http import GleaninDestinations
from adapters.http_client.connections import Connections, careful_client
from adapters.http_client.inflating import LONGEST_PIECE, inflated
from adapters.http_client.patience import Patience
from adapters.sessionboard.http import SessionboardSources
from core.domain.identifiers import ExternalId
from core.domain.identifiers import GleaninEventId as EventId
from core.domain.kinds import SPEAKER
from core.domain.secrets import Token
from ports.destination import AnswerLost, DestinationUnreadable
from ports.session_source import SourceUnavailable, SourceUnreadable

MIB = 2**20
BOMB = 256 * MIB
QUICK = Patience(first_wait=0.001, longest_wait=0.01, jitter=0.001, tries=2)
WELL = b'{"data": []}'


@cache
def bomb() -> bytes:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(MIB)
    return b"".join(packer.compress(zeros) for _ in range(BOMB // MIB)) + packer.flush()


BOMBS: Mapping[str, Callable[[], bytes]] = {"gzip": bomb, "gzip, gzip": lambda: gzip.compress(bomb())}


@asynccontextmanager
async def serving(
    body: bytes, coding: str | None, status: int = 200, headers: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[str, list[str]]]:
    """Answer everything in the same way; give the address, and the codings that were asked for."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.headers["Accept-Encoding"])
        said = {} if coding is None else {"Content-Encoding": coding}
        return web.Response(body=body, status=status, headers={**said, **(headers or {})})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


def client() -> httpx.AsyncClient:
    return careful_client(Connections(allow_private=True), httpx.Timeout(5))


async def fetched(body: bytes, coding: str | None) -> bytes:
    async with serving(body, coding) as (url, _), client() as careful:
        return (await careful.get(url)).content


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 60 * MIB


@pytest.mark.parametrize("coding", BOMBS)
@pytest.mark.parametrize("status", [200, 500])
async def test_a_bomb_from_gleanin_does_not_go_off(
    coding: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.gleanin.sending.MOST_BYTES_READ", 32 * MIB)
    words = "compression" if "," in coding else "more than"
    async with serving(BOMBS[coding](), coding, status) as (url, _):
        destinations = GleaninDestinations(url, allow_private=True, patience=QUICK)
        async with destinations.open(Token("t")) as gleanin:
            with little_memory(), pytest.raises(DestinationUnreadable, match=words):
                await gleanin.events()
            with little_memory(), pytest.raises(AnswerLost, match=words):
                await gleanin.create(EventId("8"), SPEAKER, ExternalId("x"), {})


async def test_a_refusal_is_allowed_less_than_what_was_asked_for() -> None:
    async with serving(bomb(), "gzip", 500) as (url, _):
        destinations = GleaninDestinations(url, allow_private=True, patience=QUICK)
        async with destinations.open(Token("t")) as gleanin:
            with little_memory(), pytest.raises(DestinationUnreadable, match=f"more than {MIB} bytes"):
                await gleanin.events()


@pytest.mark.parametrize(
    ("coding", "status", "kind", "words"),
    [
        ("gzip", 200, SourceUnreadable, "larger than 8 MiB"),
        ("gzip, gzip", 200, SourceUnreadable, "cannot be decoded"),
        ("gzip", 500, SourceUnavailable, "HTTP 500"),
        ("gzip, gzip", 500, SourceUnavailable, "HTTP 500"),
    ],
)
async def test_a_bomb_from_sessionboard_does_not_go_off(
    coding: str, status: int, kind: type[Exception], words: str
) -> None:
    async with serving(BOMBS[coding](), coding, status) as (url, _):
        sources = SessionboardSources(True, lambda: Connections(allow_private=True), patience=QUICK)
        async with sources.open(url, Token("t")) as source:
            with little_memory(), pytest.raises(kind, match=words):
                await source.events()


async def test_what_is_inflated_comes_in_pieces_that_are_bounded() -> None:
    total = 0
    async with serving(bomb(), "gzip") as (url, _), client() as careful, careful.stream("GET", url) as answer:
        assert not {"content-encoding", "content-length"} & set(answer.headers)
        with little_memory():
            async for piece in answer.aiter_bytes():
                assert len(piece) <= LONGEST_PIECE
                total += len(piece)
    assert total == BOMB


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (WELL, None),
        (WELL, "identity"),
        (WELL, ""),
        (gzip.compress(WELL), "gzip"),
        (gzip.compress(WELL), "X-GZip"),
        (gzip.compress(WELL), "identity, gzip"),
        (gzip.compress(WELL[:5]) + gzip.compress(b"") + gzip.compress(WELL[5:]), "gzip"),
    ],
    ids=[
        "as it is",
        "identity",
        "nothing",
        "gzip",
        "by its old name",
        "after identity",
        "in several members",
    ],
)
async def test_what_came_compressed_is_read_as_what_it_was(body: bytes, coding: str | None) -> None:
    assert await fetched(body, coding) == WELL


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, gzip"])
async def test_no_body_is_none_whatever_its_coding(coding: str) -> None:
    assert await fetched(b"", coding) == b""


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (WELL, "gzip"),
        (gzip.compress(WELL)[:-1], "gzip"),
        (gzip.compress(WELL)[:4], "gzip"),
        (gzip.compress(WELL)[:-8] + bytes(8), "gzip"),
        (gzip.compress(WELL) + b"more", "gzip"),
        (gzip.compress(WELL) + b"\x1f", "gzip"),
        (gzip.compress(gzip.compress(WELL)), "gzip, gzip"),
        (zlib.compress(WELL), "deflate"),
        (WELL, "br"),
        (WELL, "zstd"),
        (WELL, "nonsense"),
    ],
    ids=[
        "none at all",
        "cut off",
        "cut off in its header",
        "wrong checksum",
        "garbage behind it",
        "what could have become another member",
        "twice",
        "deflate",
        "brotli",
        "zstandard",
        "unknown",
    ],
)
async def test_what_is_not_one_whole_gzip_is_not_decoded(body: bytes, coding: str) -> None:
    with pytest.raises(httpx.DecodingError):
        await fetched(body, coding)


async def test_a_status_is_told_whatever_the_coding_of_its_body() -> None:
    async with (
        serving(b"slow down", "br", 429, {"Retry-After": "7"}) as (url, _),
        client() as careful,
        careful.stream("GET", url) as answer,
    ):
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


async def test_gzip_is_asked_for_and_nothing_else() -> None:
    async with serving(WELL, None) as (url, asked), client() as careful:
        await careful.get(url)
        await careful.send(httpx.Request("GET", url))
    assert asked == ["gzip", "gzip"]


class Pieces(httpx.AsyncByteStream):
    def __init__(self, body: bytes, size: int) -> None:
        self._body, self._size = body, size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), self._size):
            yield self._body[start : start + self._size]


@given(
    members=st.lists(
        st.one_of(
            st.binary(max_size=100),
            st.integers(-3, 300).map(lambda more: bytes(2 * LONGEST_PIECE + more)),
            st.integers(0, 3).map(lambda times: bytes(range(256)) * 1024 * times),
        ),
        max_size=4,
    ),
    size=st.integers(1, 5000),
)
async def test_however_it_is_cut_nothing_is_lost(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    answer = inflated(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Pieces(packed, size)))
    async with aclosing(answer):
        assert await answer.aread() == b"".join(members)


async def test_others_go_on_while_a_few_bytes_are_inflated_to_many() -> None:
    """What is there already is inflated without a wait for more, so that nothing else would let others go on."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    packed = gzip.compress(bytes(32 * LONGEST_PIECE))
    answer = inflated(
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
        (gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff" * 100, "next to nothing"),
        (b"\x1f\x8b\x08\x08" + bytes(6), b"x" * 1000, "next to nothing"),
    ],
    ids=["empty members", "empty blocks", "a long file name"],
)
async def test_gzip_of_nothing_does_not_go_on_for_ever(head: bytes, piece: bytes, words: str) -> None:
    given = 0

    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal given
            yield head
            while given < 100 * MIB:
                given += len(piece)
                yield piece

    answer = inflated(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=Endless()))
    async with aclosing(answer):
        with pytest.raises(httpx.DecodingError, match=words):
            await answer.aread()
    assert given < 2 * MIB
