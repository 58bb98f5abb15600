"""Requests to Sessionboard; its error responses become the port's errors."""

import json
from collections.abc import Callable, Mapping
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
from core.domain.tenancy.secrets import Token
from ports.source import SourceEventGone, SourceRefused, SourceUnavailable, SourceUnreadable

R = TypeVar("R")
MIB = 2**20
SCOPES = "read:events, read:sessions and read:contacts"
ERROR_BYTES = 1024
"""Bytes of an error's body that are read, to detect a web page."""


def headers_with(token: Token) -> Mapping[str, str]:
    """Return the headers of all requests."""
    return {
        "X-Access-Token": token.value,
        "Accept": "application/json",
        "Content-Type": "application/json",
    }


class NoSuchPage(SourceUnreadable):
    """A page that was not announced does not exist."""


class TooLarge(SourceUnreadable):
    """A response is too large: request fewer rows."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one response."""

    body: int = 8 * MIB
    """Bytes of a page. A hundred sessions with long descriptions and all their people take about 1 MiB."""
    values: int = 100_000
    """JSON values in a page: one byte of text can take a hundred bytes of memory, which slows the garbage collector.

    A hundred sessions with five people each and sixty fields a person have 75,000.
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
        """Send a request and parse the body of its response.

        Args:
            method: of the request.
            path: below the base URL.
            params: of the query.
            body: the JSON body; None for none.
            read: parses the response's body.
            announced: whether the page was announced; an unannounced one may be missing.
            read_cut: parses the beginning of a body that is too large; its second argument says what is too large, in
                words that follow "the response". It returns None to request smaller responses instead.

        Raises:
            NoSuchPage: the page was not announced and does not exist.
            TooLarge: the response is too large, and `read_cut` returned None.
            InvalidInput: the host resolves to a private address, and the settings do not allow that.
            SourceError: any other failure; its text is a sentence for people.
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
        # A large response is parsed in a thread.
        return await self.lane.run(len(response.body), lambda: self._parse(response, read, read_cut))

    def _parse(
        self,
        response: Response,
        read: Callable[[bytes], R],
        read_cut: Callable[[bytearray, str], R | None] | None,
    ) -> R:
        """Parse a response and release its body."""
        size, excess = len(response.body), self._excess(response)
        try:
            if not excess:
                return read(response.take_body())
            if read_cut is not None and (cut := read_cut(response.body, excess)) is not None:
                return cut
        except WrongShape as error:
            if not excess or isinstance(error, TooManyRows):
                raise SourceUnreadable(
                    f"{self.host} returned {error} ({response.media_type}, {size:,} bytes). "
                    "Check that the address is that of Sessionboard's API."
                ) from error
        finally:
            # An error's traceback would keep the body in memory.
            response.body.clear()
        raise TooLarge(f"Sessionboard's response {excess}.")

    def _excess(self, response: Response) -> str:
        """Return what is too large about a response, and cut its body to what may be parsed."""
        end = end_of_values(response.body, self.limits.values)
        if end is not None:
            del response.body[end:]
        if response.is_cut:
            return f"is larger than {self.limits.body // MIB} MiB"
        return f"has more than {self.limits.values:,} values" if end is not None else ""

    def _max_body(self, response: Response) -> int:
        if response.status == HTTPStatus.OK:
            return self.limits.body
        return 0 if _is_clear_from_status(response) else ERROR_BYTES

    def _check(self, response: Response, *, is_event: bool, announced: bool) -> Response:
        host, status = self.host, response.status
        if sum(len(name) + len(value) for name, value in response.headers.raw) > self.limits.headers:
            raise SourceUnreadable("The headers of Sessionboard's response are too large.")
        if _is_clear_from_status(response):
            raise self._refusal(response)
        if status == HTTPStatus.OK and response.is_undecodable:
            raise SourceUnreadable(f"{host} sent a response that cannot be decompressed.")
        if response.is_web_page:
            # A challenge, a login or a notice from an intermediary: it does not answer the request.
            raise response.as_transient("; if this persists, check the address")
        if status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND) and not announced:
            raise NoSuchPage("Sessionboard has no such page.")
        if status == HTTPStatus.NOT_FOUND and is_event:
            raise SourceEventGone("Sessionboard no longer has this event, or the token has no access to it.")
        if status != HTTPStatus.OK:
            raise self._refusal(response)
        return response

    def _refusal(self, response: Response) -> Exception:
        host, status = self.host, response.status
        if response.is_server_error:
            return response.as_transient()
        if status == HTTPStatus.UNAUTHORIZED:
            return SourceRefused(
                f"{host} refused the Sessionboard token (401). It may be revoked, or belong to another region."
            )
        if status == HTTPStatus.FORBIDDEN:
            return SourceRefused(f"The Sessionboard token has no access (403). It needs the scopes {SCOPES}.")
        if response.is_redirect:
            return SourceUnreadable(
                f"{host} redirects to another address (HTTP {status}). Check Sessionboard's address."
            )
        return SourceUnreadable(
            f"{host} returned HTTP {status}. Check that the address is that of Sessionboard's API."
        )


def _is_clear_from_status(response: Response) -> bool:
    """Check for a status whose body does not matter."""
    return response.is_redirect or response.is_server_error or response.status == HTTPStatus.UNAUTHORIZED
