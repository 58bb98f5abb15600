"""Requests and what became of them: tried again where that is safe, their failures sorted."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar

import httpx

from adapters.gleanin import answers, wire
from adapters.gleanin.complaints import complaint
from adapters.gleanin.sending import READ, Answer, Garbled, Sender
from adapters.http_client.parsing import ParsingLane
from adapters.http_client.patience import Faltered, Throttled, TooSlow, persist, retry_after
from core.domain.secrets import Token
from ports.destination import (
    AnswerLost,
    DestinationError,
    DestinationEventGone,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    RecordGone,
    RecordRejected,
    WriteForbidden,
)

T = TypeVar("T")
_NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class NotGiven(DestinationUnreadable):
    """A read was refused for what it asks for."""


class NoApiAnswer(DestinationUnavailable):
    """A web page says that there is nothing: there may be no such address, or somebody in between does not know it."""


class Exchange:
    def __init__(self, sender: Sender, base_url: str, token: Token, lane: ParsingLane) -> None:
        self._sender = sender
        self._lane = lane
        self._base_url = base_url
        self._token = token
        self._headers = httpx.Headers({**wire.HEADERS, "Authorization": f"Bearer {token.value}"})
        self.host = httpx.URL(base_url).netloc.decode()
        self._collections: dict[str, httpx.URL] = {}

    @property
    def most_in_flight(self) -> int:
        return self._sender.limit.ceiling

    def url(self, path: str) -> httpx.URL:
        return httpx.URL(f"{self._base_url}/{path}")

    async def read(self, url: httpx.URL) -> wire.Document:
        """Read one page.

        Raises:
            DestinationEventGone: 404.
            DestinationError: whatever else stands in the way.
        """
        request = httpx.Request(READ, url, headers=self._headers)
        return await self._parsed(request, answers.parse)

    async def read_plainly(self, url: httpx.URL) -> Any:
        """Read one page as it is, for who wants to see what we do not know about.

        Raises:
            DestinationError: whatever stands in the way.
        """
        request = httpx.Request(READ, url, headers=self._headers)
        return await self._parsed(request, answers.parse_plainly)

    async def _parsed(self, request: httpx.Request, parse: Callable[[bytearray], T]) -> T:
        body = (await self._patiently(self._read_once, request)).body
        return await self._lane.run(len(body), lambda: parse(body))

    async def create(self, collection: str, body: bytes) -> Answer:
        """Send a write to a collection, as `write` does."""
        url = self._collections.get(collection)
        if url is None:  # parsed once: it costs as much as building the body
            url = self._collections[collection] = self.url(collection)
        return await self._write("POST", url, body)

    async def write(self, method: str, path: str, body: bytes) -> Answer:
        """Send one write; it is sent again only when it is known not to have been executed.

        Raises:
            RecordGone: 404 or 410: what was written to is not there.
            DestinationError: whatever else stands in the way.
        """
        return await self._write(method, self.url(path), body)

    async def _write(self, method: str, url: httpx.URL, body: bytes) -> Answer:
        # With `content`, httpx would also write headers that the transport writes anyway.
        request = httpx.Request(method, url, headers=self._headers, stream=httpx.ByteStream(body))
        request.read()
        return await self._patiently(self._write_once, request)

    def following(self, here: httpx.URL, link: str) -> httpx.URL:
        """Resolve a link to the next page; the token goes to no other place than the one it is for."""
        try:
            there = here.join(link)
        except (httpx.InvalidURL, ValueError) as error:
            raise DestinationUnreadable("Gleanin's link to the next page is no address.") from error
        if (there.scheme, there.netloc) != (here.scheme, here.netloc) or there.userinfo:
            raise DestinationUnreadable("Gleanin's link to the next page leads to another place.")
        return there

    async def _patiently(
        self, once: Callable[[httpx.Request], Awaitable[Answer]], request: httpx.Request
    ) -> Answer:
        patience = self._sender.patience
        try:
            return await persist(patience, request.url.host, lambda: once(request))
        except Throttled as error:
            if patience.is_interactive:
                message = f"Gleanin ({self.host}) has too many requests, and asks for a longer pause. Try again later."
                raise DestinationUnavailable(message) from error
            message = (
                f"{self.host} has too many requests to answer, "
                f"and asks for more than the {patience.waits_in_all / 60:.0f} minutes that are waited in all."
            )
            raise DestinationUnavailable(message) from error
        except TooSlow as error:
            message = f"Gleanin ({self.host}) {error}. Try again later."
            raise DestinationUnavailable(message) from error
        except Faltered as error:
            raise DestinationUnavailable(f"{self.host} {error}.") from error

    async def _read_once(self, request: httpx.Request) -> Answer:
        try:
            answer = await self._sender.send(request)
        except Garbled as error:
            raise DestinationUnreadable(f"{self.host} {error}.") from error
        if answer.is_success and not answer.is_web_page:
            return answer
        if answer.is_failure_of_theirs:
            raise Faltered(f"answers with an error (HTTP {answer.status})", retry_after(answer.headers))
        if self._is_from_in_between(answer):
            if answer.status in _NOT_THERE:
                raise NoApiAnswer(
                    f"{self.host} answers with a web page instead of an API answer (HTTP {answer.status})."
                )
            raise Faltered(
                f"answers with a web page instead of an API answer (HTTP {answer.status})",
                retry_after(answer.headers),
            )
        if answer.status in _NOT_THERE:
            raise DestinationEventGone("There is no such event in Gleanin, or the token does not see it.")
        raise self._refusal(answer) or NotGiven(
            f"{self.host} does not give what was asked for: {self._said(answer)}"
        )

    async def _write_once(self, request: httpx.Request) -> Answer:
        try:
            answer = await self._sender.send(request)
        except (Faltered, Garbled) as error:
            if isinstance(error, Faltered) and error.never_left:
                raise
            raise AnswerLost(f"No answer came to a write: {self.host} {error}.") from error
        if answer.is_success:
            return answer
        if answer.is_failure_of_theirs:
            sentence = f"{self.host} answered a write with an error (HTTP {answer.status})."
            raise AnswerLost(sentence, retry_after(answer.headers))
        if self._is_from_in_between(answer):
            raise WriteForbidden(
                f"{self.host} answered with a web page (HTTP {answer.status}), as a firewall does."
            )
        if answer.status == HTTPStatus.FORBIDDEN:
            raise WriteForbidden(self._said(answer))
        if answer.status in _NOT_THERE:
            raise RecordGone(self._said(answer))
        raise self._refusal(answer) or RecordRejected(self._said(answer))

    @staticmethod
    def _is_from_in_between(answer: Answer) -> bool:
        """Check for a web page that is neither a redirect nor a refused token: what it says is not Gleanin's word."""
        is_redirect = HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST
        return answer.is_web_page and not is_redirect and answer.status != HTTPStatus.UNAUTHORIZED

    def _refusal(self, answer: Answer) -> DestinationError | None:
        """Say what an answer means that means the same for reads and writes."""
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return DestinationRefused(self._said(answer))
        if answer.status < HTTPStatus.BAD_REQUEST:
            return DestinationUnreadable(
                f"{self.host} answers with HTTP {answer.status}, which leads elsewhere. "
                "Check the address of Gleanin in the settings."
            )
        return None

    def _said(self, answer: Answer) -> str:
        """Quote Gleanin; a token that it echoes is not shown (rule 2)."""
        words = complaint(bytes(answer.body).replace(self._token.value.encode(), b"(token)"))
        return words or f"HTTP {answer.status}, without a word why."
