"""Requests to Gleanin; its error responses become the port's errors."""

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
"""For the response to a write, and for any error response."""
_NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_NOT_CONFIRMED = "Gleanin did not confirm a write"


class ReadRejected(DestinationUnreadable):
    """Gleanin rejected what a read asks for."""


class NotFoundPage(DestinationUnavailable):
    """A 404 or 410 as a web page: the path may not exist, or an intermediary may not know it."""


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
            DestinationEventGone: 404 or 410.
            DestinationError: any other failure.
        """
        try:
            response = await self._http.send("GET", url, self._check_read, _max_read)
        except HostUnavailable as error:
            raise DestinationUnavailable(str(error)) from error
        return await self._lane.run(len(response.body), lambda: parse(response.body))

    async def write(self, method: str, path: str, body: bytes) -> Response:
        """Send one write; it is retried only if it is certain that it was not executed.

        Raises:
            RecordGone: 404 or 410: the record or the event does not exist.
            DestinationError: any other failure.
        """
        url = self.url(path)
        try:
            return await self._http.send(
                method, url, self._check_write, lambda _: MAX_BYTES_WRITTEN, body=body, is_write=True
            )
        except HostUnavailable as error:
            if error.not_executed:
                raise DestinationUnavailable(str(error)) from error
            raise WriteOutcomeUnknown(f"{_NOT_CONFIRMED}: {error}") from error

    def next_page(self, current: Url, link: str) -> Url:
        try:
            return self._http.follow(current, link)
        except InvalidLink as error:
            raise DestinationUnreadable(f"Gleanin's link to the next page {error}.") from error

    def _check_read(self, response: Response) -> Response:
        if response.problem:
            raise DestinationUnreadable(f"Gleanin {response.problem}.")
        if response.is_success and not response.is_web_page:
            return response
        is_page = _is_from_intermediary(response)
        if _is_server_failure(response) or (is_page and response.status not in _NOT_FOUND):
            raise response.as_transient()
        if is_page:
            raise NotFoundPage(f"Gleanin {response.as_transient()}.")
        if response.status in _NOT_FOUND:
            raise DestinationEventGone("Gleanin has no such event, or the token has no access to it.")
        raise self._refusal(response) or ReadRejected(f"Gleanin rejected a read: {self._detail(response)}")

    def _check_write(self, response: Response) -> Response:
        if response.problem:
            raise WriteOutcomeUnknown(f"{_NOT_CONFIRMED}: Gleanin {response.problem}.")
        if response.is_success:
            return response
        if _is_server_failure(response):
            sentence = f"Gleanin returned an error for a write (HTTP {response.status})."
            raise WriteOutcomeUnknown(sentence, response.retry_after)
        if _is_from_intermediary(response):
            raise WriteForbidden(
                f"{self.host} returned a web page (HTTP {response.status}), as a firewall does."
            )
        if response.status == HTTPStatus.FORBIDDEN:
            raise WriteForbidden(self._detail(response))
        if response.status in _NOT_FOUND:
            raise RecordGone(self._detail(response))
        raise self._refusal(response) or RecordRejected(self._detail(response))

    def _refusal(self, response: Response) -> DestinationError | None:
        """Return the error of a response that means the same for reads and writes; None for any other."""
        if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return DestinationRefused(self._detail(response))
        if response.is_redirect:
            return DestinationUnreadable(
                f"{self.host} redirects to another address (HTTP {response.status}). "
                "Check Gleanin's address in the settings."
            )
        return None

    def _detail(self, response: Response) -> str:
        """Return Gleanin's own explanation of an error, without the token if it echoes it (rule 2)."""
        detail = error_detail(bytes(response.body).replace(self._token.value.encode(), b"(token)"))
        return detail or f"HTTP {response.status}, without an explanation."


def _max_read(response: Response) -> int:
    return MAX_BYTES_READ if response.is_success else MAX_BYTES_WRITTEN


def _is_server_failure(response: Response) -> bool:
    """Check for a response that does not say whether the request was executed."""
    is_informational = response.status < HTTPStatus.OK
    return response.is_server_error or is_informational or response.status == HTTPStatus.REQUEST_TIMEOUT


def _is_from_intermediary(response: Response) -> bool:
    """Check for a web page that is neither a redirect nor a refused token: it does not come from Gleanin's API."""
    return response.is_web_page and not response.is_redirect and response.status != HTTPStatus.UNAUTHORIZED
