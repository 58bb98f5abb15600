"""Compressed answers, inflated in small pieces: a few kilobytes can hold gigabytes."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

CODING = "gzip"
"""What we say we take."""
MAX_PIECE = 256 * 1024
MAX_EMPTY = 1024 * 1024
"""Bytes more than twice those that come out: without a bound on these, an answer of nothing could go on for ever."""
MAX_MEMBERS = 1000
"""A server sends one, or one for each piece it writes; each takes as long to begin as 10 KiB take to inflate."""
_GZIPS = (CODING, "x-gzip")
_WITH_GZIP_HEADER = zlib.MAX_WBITS | 16


def inflated(response: httpx.Response) -> httpx.Response:
    """Undo what httpx would undo as well, but without a bound; to httpx, the answer is not compressed.

    A coding that is none of ours is told to whoever reads the body: the status alone may say enough.
    """
    said = response.headers.get("content-encoding")
    if said is None:
        return response
    codings = [coding for each in said.split(",") if (coding := each.strip().lower()) not in ("", "identity")]
    if codings:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Inflated(response.stream, is_ours=len(codings) == 1 and codings[0] in _GZIPS)
        del response.headers["content-encoding"]
        response.headers.pop("content-length", None)
    return response


class _Inflated(httpx.AsyncByteStream):
    def __init__(self, body: httpx.AsyncByteStream, *, is_ours: bool) -> None:
        self._body = body
        self._is_ours = is_ours

    async def __aiter__(self) -> AsyncIterator[bytes]:
        gzip = _Gzip()
        async for data in self._body:
            if not self._is_ours:
                raise httpx.DecodingError("the answer has a coding that was not asked for, or several")
            for piece in gzip.pieces(data):
                yield piece
                if len(piece) == MAX_PIECE:  # a few bytes can be thousands of them, without any wait for more
                    await asyncio.sleep(0)
        if not gzip.is_whole:
            raise httpx.DecodingError("the gzip stream ends too early")

    async def aclose(self) -> None:
        await self._body.aclose()


class _Gzip:
    """Inflates one gzip member after the other; no member at all is what an answer without a body has."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
        self._members = 0
        self._surplus = 0
        self.is_whole = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        # What waits inside to come out is not lost when the data end here: a member's checksum is still to come.
        self._surplus += len(data)
        while data:
            self.is_whole = False
            try:
                piece = self._member.decompress(data, MAX_PIECE)
            except zlib.error as error:
                raise httpx.DecodingError("the gzip stream is broken") from error
            if piece:
                self._surplus -= 2 * len(piece)
                yield piece
            data = self._member.unconsumed_tail
            if self._member.eof:
                data = self._member.unused_data
                self._members += 1
                if self._members > MAX_MEMBERS:
                    raise httpx.DecodingError("the answer has too many gzip members")
                self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
                self.is_whole = True
        if self._surplus > MAX_EMPTY:
            raise httpx.DecodingError("the gzip stream has next to nothing in it")
