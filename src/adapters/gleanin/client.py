"""Gleanin's requests, and what its responses mean, in the errors of the port."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from adapters.gleanin.error_details import error_detail
from adapters.http_client.client import HttpClient, InvalidLink, Url
from adapters.http_client.errors import HostUnavailable
from adapters.http_client.parsing import ParsingLane
from adapters.http_client.responses import Response
from core.domain.tenancy.secrets import Token
from ports.destination import (
    DestinationError,
    DestinationEventGone,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    RecordGone,
    RecordRejected,
    WriteForbidden,
    WriteOutcomeUnknown,
)

T = TypeVar("T")
MAX_BYTES_READ = 128 * 1024 * 1024
"""50,000 speakers in one response are about 25 MB."""
MAX_BYTES_WRITTEN = 1024 * 1024
"""Of the response to a write, and of any that is no success."""
_NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class NotGiven(DestinationUnreadable):
    """A read was refused for what it asks for."""


class NoApiAnswer(DestinationUnavailable):
    """A web page says that there is nothing: there may be no such address, or somebody in between does not know it."""


class GleaninClient:
    def __init__(self, http: HttpClient, token: Token, lane: ParsingLane, max_in_flight: int) -> None:
        self._http = http
        self._token = token
        self._lane = lane
        self.max_in_flight = max_in_flight
        self.host = http.host
        self.url = http.url

    async def read(self, url: Url, parse: Callable[[bytearray], T]) -> T:
        """Read one page.

        Raises:
            DestinationEventGone: 404.
            DestinationError: whatever else stands in the way.
        """
        try:
            response = await self._http.send("GET", url, self._read, _max_read)
        except HostUnavailable as error:
            raise DestinationUnavailable(str(error)) from error
        return await self._lane.run(len(response.body), lambda: parse(response.body))

    async def write(self, method: str, path: str, body: bytes) -> Response:
        """Send one write; it is sent again only when it is known not to have been executed.

        Raises:
            RecordGone: 404 or 410: what was written to is not there.
            DestinationError: whatever else stands in the way.
        """
        url = self.url(path)
        try:
            return await self._http.send(
                method, url, self._written, lambda _: MAX_BYTES_WRITTEN, body=body, is_write=True
            )
        except HostUnavailable as error:
            if error.not_executed:
                raise DestinationUnavailable(str(error)) from error
            raise WriteOutcomeUnknown(f"No answer came to a write: {error}") from error

    def next_page(self, here: Url, link: str) -> Url:
        try:
            return self._http.follow(here, link)
        except InvalidLink as error:
            raise DestinationUnreadable(f"Gleanin's link to the next page {error}.") from error

    def _read(self, response: Response) -> Response:
        if response.problem:
            raise DestinationUnreadable(f"{self.host} {response.problem}.")
        if response.is_success and not response.is_web_page:
            return response
        is_page = _is_from_in_between(response)
        if _is_failure_of_theirs(response) or (is_page and response.status not in _NOT_THERE):
            raise response.as_transient()
        if is_page:
            raise NoApiAnswer(f"{self.host} {response.as_transient()}.")
        if response.status in _NOT_THERE:
            raise DestinationEventGone("There is no such event in Gleanin, or the token does not see it.")
        raise self._refusal(response) or NotGiven(
            f"{self.host} does not give what was asked for: {self._said(response)}"
        )

    def _written(self, response: Response) -> Response:
        if response.problem:
            raise WriteOutcomeUnknown(f"No answer came to a write: {self.host} {response.problem}.")
        if response.is_success:
            return response
        if _is_failure_of_theirs(response):
            sentence = f"{self.host} answered a write with an error (HTTP {response.status})."
            raise WriteOutcomeUnknown(sentence, response.retry_after)
        if _is_from_in_between(response):
            raise WriteForbidden(
                f"{self.host} answered with a web page (HTTP {response.status}), as a firewall does."
            )
        if response.status == HTTPStatus.FORBIDDEN:
            raise WriteForbidden(self._said(response))
        if response.status in _NOT_THERE:
            raise RecordGone(self._said(response))
        raise self._refusal(response) or RecordRejected(self._said(response))

    def _refusal(self, response: Response) -> DestinationError | None:
        """Return what a response means that means the same for reads and writes."""
        if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return DestinationRefused(self._said(response))
        if response.is_redirect:
            return DestinationUnreadable(
                f"{self.host} answers with HTTP {response.status}, which leads elsewhere. "
                "Check the address of Gleanin in the settings."
            )
        return None

    def _said(self, response: Response) -> str:
        """Quote Gleanin; a token that it echoes is not shown (rule 2)."""
        words = error_detail(bytes(response.body).replace(self._token.value.encode(), b"(token)"))
        return words or f"HTTP {response.status}, without a word why."


def _max_read(response: Response) -> int:
    return MAX_BYTES_READ if response.is_success else MAX_BYTES_WRITTEN


def _is_failure_of_theirs(response: Response) -> bool:
    """Check for a response that leaves unclear whether the request was carried out."""
    is_informational = response.status < HTTPStatus.OK
    return response.is_server_error or is_informational or response.status == HTTPStatus.REQUEST_TIMEOUT


def _is_from_in_between(response: Response) -> bool:
    """Check for a web page that is neither a redirect nor a refused token: what it says is not Gleanin's word."""
    return response.is_web_page and not response.is_redirect and response.status != HTTPStatus.UNAUTHORIZED
