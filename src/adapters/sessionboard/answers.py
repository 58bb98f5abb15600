"""One request and its answer, kept small, with every trouble told as one of the port's errors."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from adapters.http_client.connections import problem_in
from adapters.http_client.json_values import end_of_values
from adapters.http_client.parsing import ParsingLane
from adapters.http_client.patience import (
    Faltered,
    Patience,
    Throttled,
    TooSlow,
    pause_asked,
    persist,
    retry_after,
)
from adapters.sessionboard.reading import TooManyRows, WrongShape
from ports.session_source import SourceEventGone, SourceRefused, SourceUnavailable, SourceUnreadable

R = TypeVar("R")
MIB = 2**20
SCOPES = "read:events, read:sessions and read:contacts"
HTML = frozenset({"text/html", "application/xhtml+xml"})
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
BEGINNING = 1024
"""Bytes of an error's body that are looked at, to see whether it is a web page."""


class NoSuchPage(SourceUnreadable):
    """A page that nobody had announced is not there."""


class TooLarge(SourceUnreadable):
    """Ask for fewer rows at once."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one answer may take."""

    body: int = 8 * MIB
    """Bytes of a page. A hundred long descriptions, with all the people there, are about 1 MiB."""
    values: int = 100_000
    """Of JSON, in a page: a byte of text can become a hundred of memory, which the garbage collector walks through.

    A hundred sessions with five people each, of whom each has sixty fields, have 75,000.
    """
    headers: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answers:
    client: httpx.AsyncClient
    patience: Patience
    lane: ParsingLane
    bounds: Bounds = Bounds()

    @property
    def host(self) -> str:
        return self.client.base_url.host

    async def read(
        self,
        method: str,
        path: str,
        params: dict[str, int],
        body: object,
        read: Callable[[bytes], R],
        *,
        announced: bool = True,
        read_cut: Callable[[bytearray, str], R | None] | None = None,
    ) -> R:
        """Send a request and read the answer, which happens in a thread where it is not small.

        Args:
            method: of the request.
            path: below the base address.
            params: of the query.
            body: is sent as JSON, unless it is None.
            read: makes of an answer what is returned.
            announced: whether the page is known to be there.
            read_cut: does the same with the beginning of an answer that is too large, and with what is
                too large about it, in words that follow what has it; None where smaller answers are wanted.

        Raises:
            NoSuchPage: it was not announced, and is not there.
            TooLarge: the answer is too large, and nothing could be made of its beginning.
            BadInput: the host's name leads to a private address, which no setting allows.
            SourceError: whatever else was wrong, in words for people.
        """

        async def ask() -> _Answer:
            try:
                async with asyncio.timeout(self.patience.whole_read):
                    return await self._ask(method, path, params, body, announced=announced)
            except httpx.DecodingError as error:
                raise SourceUnreadable(f"The answer of {self.host} cannot be decoded.") from error
            except (httpx.RequestError, TimeoutError) as error:
                raise Faltered(problem_in(error)) from error

        answer = await self._patiently(ask)
        return await self.lane.run(len(answer.content), lambda: self._made_of(answer, read, read_cut))

    def _made_of(
        self,
        answer: "_Answer",
        read: Callable[[bytes], R],
        read_cut: Callable[[bytearray, str], R | None] | None,
    ) -> R:
        """Parse an answer, of which nothing is kept."""
        size, excess = len(answer.content), self._excess(answer)
        try:
            if not excess:
                return read(answer.taken())
            if read_cut is not None and (cut := read_cut(answer.content, excess)) is not None:
                return cut
        except WrongShape as error:
            if not excess or isinstance(error, TooManyRows):
                raise SourceUnreadable(
                    f"The answer of {self.host} is {error} ({answer.kind}, {size:,} bytes). "
                    "Is the address that of Sessionboard's API?"
                ) from error
        finally:
            # The traceback of an error would keep it.
            answer.content.clear()
        raise TooLarge(f"The answer of {self.host} {excess}.")

    def _excess(self, answer: "_Answer") -> str:
        """Return what is too large about an answer, of which only what may be parsed is left."""
        end = end_of_values(answer.content, self.bounds.values)
        if end is not None:
            del answer.content[end:]
        if not answer.is_whole:
            return f"is larger than {self.bounds.body // MIB} MiB"
        return f"has more than {self.bounds.values:,} values" if end is not None else ""

    async def _patiently(self, ask: "Callable[[], Awaitable[_Answer]]") -> "_Answer":
        try:
            return await persist(self.patience, self.host, ask)
        except TooSlow as error:
            raise SourceUnavailable(f"Sessionboard ({self.host}) {error}. Try again later.") from error
        except Faltered as error:
            raise SourceUnavailable(f"{self.host} {error}.") from error
        except Throttled as error:
            if self.patience.is_interactive:
                raise SourceUnavailable(
                    f"Sessionboard ({self.host}) limits how often we may ask (429), and asks for a longer pause. "
                    "Try again later."
                ) from error
            raise SourceUnavailable(
                f"{self.host} limits how often we may ask (429), and asks for longer pauses "
                f"than {self.patience.waits_in_all / 60:.0f} minutes in all."
            ) from error

    async def _ask(
        self, method: str, path: str, params: dict[str, int], body: object, *, announced: bool
    ) -> "_Answer":
        sent: dict[str, Any] = {} if body is None else {"json": body}
        async with self.client.stream(method, path, params=params, **sent) as answer:
            self._check_at_once(answer)
            kind = answer.headers.get("content-type", "no content type").partition(";")[0].strip()[:60]
            read = _Answer(kind)
            await self._take(answer, read)
            is_labelled = kind.lower() in HTML and not JSON.match(read.content)
            if is_labelled or MARKUP.match(read.content):
                # A challenge, a login or a notice in front of the API: it says nothing about what was asked.
                raise Faltered(
                    f"answers with a web page instead of an API answer (HTTP {answer.status_code}); "
                    "if that lasts, check the address",
                    retry_after(answer.headers),
                )
            self._check(answer, announced=announced)
            return read

    async def _take(self, answer: httpx.Response, read: "_Answer") -> None:
        """Read the body into memory: as much of it as is allowed, and of an error only the beginning."""
        is_error = answer.status_code != httpx.codes.OK
        most = BEGINNING if is_error else self.bounds.body
        try:
            async for chunk in answer.aiter_bytes():
                read.content += chunk
                if len(read.content) > most:
                    del read.content[most:]
                    read.is_whole = False
                    return
        except httpx.DecodingError:
            if not is_error:  # of an error, the status says enough
                raise

    def _check_at_once(self, answer: httpx.Response) -> None:
        """Check what does not depend on the body."""
        status, host = answer.status_code, self.host
        if sum(len(name) + len(value) for name, value in answer.headers.raw) > self.bounds.headers:
            raise SourceUnreadable(f"The headers of {host}'s answer are too large.")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Throttled(pause_asked(answer.headers))
        if answer.is_server_error:
            raise Faltered(f"answers with an error (HTTP {status})", retry_after(answer.headers))
        if status == httpx.codes.UNAUTHORIZED:
            raise SourceRefused(
                f"{host} refused the Sessionboard token (401). Was it revoked, or is it of another region?"
            )
        if answer.is_redirect or answer.has_redirect_location:
            raise SourceUnreadable(
                f"{host} redirects elsewhere (HTTP {status}), and redirects are not followed. "
                "The address is probably wrong."
            )

    def _check(self, answer: httpx.Response, *, announced: bool) -> None:
        status, host = answer.status_code, self.host
        if status == httpx.codes.OK:
            return
        if status == httpx.codes.FORBIDDEN:
            raise SourceRefused(
                f"The Sessionboard token may not read this (403). It needs the scopes {SCOPES}."
            )
        if status in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND) and not announced:
            raise NoSuchPage(f"{host} has no such page.")
        if status == httpx.codes.NOT_FOUND and "/event/" in answer.request.url.path:
            raise SourceEventGone("Sessionboard has no such event any more, or the token does not see it.")
        raise SourceUnreadable(
            f"{host} answered with HTTP {status}. Is the address that of Sessionboard's API?"
        )


@dataclass(slots=True)
class _Answer:
    kind: str
    """Its content type."""
    content: bytearray = field(default_factory=bytearray)
    is_whole: bool = True

    def taken(self) -> bytes:
        """Return the content, and keep none of it."""
        content = bytes(self.content)
        self.content.clear()
        return content
