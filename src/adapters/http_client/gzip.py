"""Gzip decompression in small pieces, with bounds: a few kilobytes can expand to gigabytes."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

CODING = "gzip"
"""The coding that requests ask for."""
MAX_PIECE = 256 * 1024
MAX_EMPTY = 1024 * 1024
"""Input bytes in excess of twice the output: without this bound, a stream that yields nothing could go on for ever."""
MAX_MEMBERS = 1000
"""A server sends one member, or one for each chunk it writes; starting one takes as long as decompressing 10 KiB."""
_GZIPS = (CODING, "x-gzip")
_WITH_GZIP_HEADER = zlib.MAX_WBITS | 16


def decompressed(response: httpx.Response) -> httpx.Response:
    """Decompress a response's stream with bounds, which httpx does not have; httpx then sees an uncompressed response.

    A coding that was not asked for raises only when the body is read: the status alone may be enough.
    """
    header = response.headers.get("content-encoding")
    if header is None:
        return response
    codings = [
        coding for item in header.split(",") if (coding := item.strip().lower()) not in ("", "identity")
    ]
    if codings:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        is_gzip = len(codings) == 1 and codings[0] in _GZIPS
        response.stream = _DecompressedStream(response.stream, is_gzip=is_gzip)
        del response.headers["content-encoding"]
        response.headers.pop("content-length", None)
    return response


class _DecompressedStream(httpx.AsyncByteStream):
    def __init__(self, body: httpx.AsyncByteStream, *, is_gzip: bool) -> None:
        self._body = body
        self._is_gzip = is_gzip

    async def __aiter__(self) -> AsyncIterator[bytes]:
        gzip = _GzipDecoder()
        async for data in self._body:
            if not self._is_gzip:
                raise httpx.DecodingError("the response has a coding that was not asked for, or several")
            for piece in gzip.pieces(data):
                yield piece
                # A few bytes can yield thousands of pieces without waiting for input: let other tasks run.
                if len(piece) == MAX_PIECE:
                    await asyncio.sleep(0)
        if not gzip.is_whole:
            raise httpx.DecodingError("the gzip stream ends too early")

    async def aclose(self) -> None:
        await self._body.aclose()


class _GzipDecoder:
    """Decompresses one gzip member after the other; an empty body has none."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
        self._members = 0
        self._surplus = 0
        self.is_whole = True

    def pieces(self, data: bytes) -> Iterator[bytes]:
        # Output that zlib still buffers is not lost if the data end here: the member's checksum follows.
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
                    raise httpx.DecodingError("the response has too many gzip members")
                self._member = zlib.decompressobj(_WITH_GZIP_HEADER)
                self.is_whole = True
        if self._surplus > MAX_EMPTY:
            raise httpx.DecodingError("the gzip stream is almost empty")
