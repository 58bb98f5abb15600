"""A response, of which no more was taken than was allowed."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from adapters.http_client.errors import TransientError
from adapters.http_client.gzip import inflated
from adapters.http_client.retry_after import retry_after

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<")
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_MAX_MEDIA_TYPE = 60


@dataclass(slots=True)
class Response:
    status: int
    headers: httpx.Headers
    body: bytearray = field(default_factory=bytearray)
    is_cut: bool = False
    """Whether there was more of the body."""
    is_undecodable: bool = False
    """Whether the rest of the body is no gzip, or has a coding that was not asked for."""

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_throttled(self) -> bool:
        return self.status == HTTPStatus.TOO_MANY_REQUESTS

    @property
    def is_redirect(self) -> bool:
        return HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST

    @property
    def is_server_error(self) -> bool:
        return self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    @property
    def retry_after(self) -> float | None:
        return retry_after(self.headers)

    @property
    def media_type(self) -> str:
        kind: str = self.headers.get("content-type", "no content type").partition(";")[0]
        return kind.strip()[:_MAX_MEDIA_TYPE]

    @property
    def is_web_page(self) -> bool:
        """Check whether it comes from something in between, such as a firewall, and not from the API."""
        is_labelled = self.media_type.lower() in _HTML and not _JSON.match(self.body)
        return is_labelled or _MARKUP.match(self.body) is not None

    @property
    def problem(self) -> str:
        """What keeps the body from being read, in words that follow the host's name; empty if nothing does."""
        if self.is_undecodable:
            return "gave an answer whose compression is broken or not known"
        return f"gave an answer of more than {len(self.body)} bytes" if self.is_cut else ""

    def as_transient(self, advice: str = "") -> TransientError:
        is_page = self.is_web_page and not self.is_server_error
        what = "a web page instead of an API answer" if is_page else "an error"
        return TransientError(f"answers with {what} (HTTP {self.status}){advice}", self.retry_after)

    def take_body(self) -> bytes:
        """Return the body, and keep none of it."""
        body = bytes(self.body)
        self.body.clear()
        return body


MaxBody = Callable[[Response], int]
"""Returns how many bytes of a body are taken; of the body of a 429 none is."""


async def read(answer: httpx.Response, max_body: MaxBody) -> Response:
    """Read what is allowed; a status says enough even where its body cannot be decoded."""
    response = Response(answer.status_code, answer.headers)
    # A 429 says all in its headers; a body that breaks off must not make it unclear.
    most = 0 if response.is_throttled else max_body(response)
    if not most:
        return response
    stream = inflated(answer).stream
    assert isinstance(stream, httpx.AsyncByteStream)
    body = response.body
    try:
        async for piece in stream:
            body += piece
            if len(body) > most:
                del body[most:]
                response.is_cut = True
                break
    except httpx.DecodingError:
        response.is_undecodable = True
    return response
