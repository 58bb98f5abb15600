"""Sessionboard's requests, and what its responses mean, in the errors of the port."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlencode

from adapters.http_client.client import HttpClient
from adapters.http_client.errors import HostUnavailable
from adapters.http_client.json_values import end_of_values
from adapters.http_client.parsing import ParsingLane
from adapters.http_client.responses import Response
from adapters.sessionboard.parsing import TooManyRows, WrongShape
from ports.source import SourceEventGone, SourceRefused, SourceUnavailable, SourceUnreadable

R = TypeVar("R")
MIB = 2**20
SCOPES = "read:events, read:sessions and read:contacts"
BEGINNING = 1024
"""Bytes of an error's body that are looked at, to see whether it is a web page."""


class NoSuchPage(SourceUnreadable):
    """A page that nobody had announced is not there."""


class TooLarge(SourceUnreadable):
    """Ask for fewer rows at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one response may take."""

    body: int = 8 * MIB
    """Bytes of a page. A hundred long descriptions, with all the people there, are about 1 MiB."""
    values: int = 100_000
    """Of JSON, in a page: a byte of text can become a hundred of memory, which the garbage collector walks through.

    A hundred sessions with five people each, of whom each has sixty fields, have 75,000.
    """
    headers: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class SessionboardClient:
    http: HttpClient
    lane: ParsingLane
    limits: Limits = Limits()

    @property
    def host(self) -> str:
        return self.http.host

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
        """Send a request, with a body of JSON if there is one, and return what `read` makes of the response's body.

        `read_cut` does the same with the beginning of a body that is too large, and with what is too large about it, in
        words that follow what has it; it returns None where smaller responses are wanted.

        Raises:
            NoSuchPage: it was not announced, and is not there.
            TooLarge: the response is too large, and nothing could be made of its beginning.
            InvalidInput: the host's name leads to a private address, which no setting allows.
            SourceError: whatever else was wrong, in words for people.
        """
        check = partial(self._check, is_event=path.startswith("v1/event/"), announced=announced)
        url = self.http.url(f"{path}?{urlencode(params)}")
        content = (
            b"" if body is None else json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        )
        try:
            response = await self.http.send(method, url, check, self._max_body, body=content)
        except HostUnavailable as error:
            raise SourceUnavailable(str(error)) from error
        # In a thread where it is not small.
        return await self.lane.run(len(response.body), lambda: self._parse(response, read, read_cut))

    def _parse(
        self,
        response: Response,
        read: Callable[[bytes], R],
        read_cut: Callable[[bytearray, str], R | None] | None,
    ) -> R:
        """Parse a response, of which nothing is kept."""
        size, excess = len(response.body), self._excess(response)
        try:
            if not excess:
                return read(response.take_body())
            if read_cut is not None and (cut := read_cut(response.body, excess)) is not None:
                return cut
        except WrongShape as error:
            if not excess or isinstance(error, TooManyRows):
                raise SourceUnreadable(
                    f"The answer of {self.host} is {error} ({response.media_type}, {size:,} bytes). "
                    "Is the address that of Sessionboard's API?"
                ) from error
        finally:
            # The traceback of an error would keep it.
            response.body.clear()
        raise TooLarge(f"The answer of {self.host} {excess}.")

    def _excess(self, response: Response) -> str:
        """Return what is too large about a response, of which only what may be parsed is left."""
        end = end_of_values(response.body, self.limits.values)
        if end is not None:
            del response.body[end:]
        if response.is_cut:
            return f"is larger than {self.limits.body // MIB} MiB"
        return f"has more than {self.limits.values:,} values" if end is not None else ""

    def _max_body(self, response: Response) -> int:
        if response.status == HTTPStatus.OK:
            return self.limits.body
        return 0 if _says_enough(response) else BEGINNING

    def _check(self, response: Response, *, is_event: bool, announced: bool) -> Response:
        host, status = self.host, response.status
        if sum(len(name) + len(value) for name, value in response.headers.raw) > self.limits.headers:
            raise SourceUnreadable(f"The headers of {host}'s answer are too large.")
        if _says_enough(response):
            raise self._refusal(response)
        if status == HTTPStatus.OK and response.is_undecodable:
            raise SourceUnreadable(f"The answer of {host} cannot be decoded.")
        if response.is_web_page:
            # A challenge, a login or a notice in front of the API: it says nothing about what was asked.
            raise response.as_transient("; if that lasts, check the address")
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND) and not announced:
            raise NoSuchPage(f"{host} has no such page.")
        if status == HTTPStatus.NOT_FOUND and is_event:
            raise SourceEventGone("Sessionboard has no such event any more, or the token does not see it.")
        if status != HTTPStatus.OK:
            raise self._refusal(response)
        return response

    def _refusal(self, response: Response) -> Exception:
        host, status = self.host, response.status
        if response.is_server_error:
            return response.as_transient()
        if status == HTTPStatus.UNAUTHORIZED:
            return SourceRefused(
                f"{host} refused the Sessionboard token (401). Was it revoked, or is it of another region?"
            )
        if status == HTTPStatus.FORBIDDEN:
            return SourceRefused(
                f"The Sessionboard token may not read this (403). It needs the scopes {SCOPES}."
            )
        if response.is_redirect:
            return SourceUnreadable(
                f"{host} redirects elsewhere (HTTP {status}), and redirects are not followed. "
                "The address is probably wrong."
            )
        return SourceUnreadable(
            f"{host} answered with HTTP {status}. Is the address that of Sessionboard's API?"
        )


def _says_enough(response: Response) -> bool:
    """Check for a status whose body does not count."""
    return response.is_redirect or response.is_server_error or response.status == HTTPStatus.UNAUTHORIZED
