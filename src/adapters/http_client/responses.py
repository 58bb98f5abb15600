"""A response whose body is read up to a limit."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from adapters.http_client.errors import TransientError
from adapters.http_client.gzip import decompressed
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
    """Whether the body is longer than the limit."""
    is_undecodable: bool = False
    """Whether the rest of the body is broken gzip, or has a coding that was not asked for."""

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
        """Check whether it comes from an intermediary, such as a firewall, and not from the API."""
        is_labelled = self.media_type.lower() in _HTML and not _JSON.match(self.body)
        return is_labelled or _MARKUP.match(self.body) is not None

    @property
    def problem(self) -> str:
        """Why the body is unusable, in words that follow the system's name; empty if it is usable."""
        if self.is_undecodable:
            return "sent a response that cannot be decompressed"
        return f"sent a response of more than {len(self.body):,} bytes" if self.is_cut else ""

    def as_transient(self, advice: str = "") -> TransientError:
        is_page = self.is_web_page and not self.is_server_error
        what = "a web page instead of an API response" if is_page else "an error"
        return TransientError(f"returned {what} (HTTP {self.status}){advice}", self.retry_after)

    def take_body(self) -> bytes:
        """Return the body and release it."""
        body = bytes(self.body)
        self.body.clear()
        return body


MaxBody = Callable[[Response], int]
"""Returns the most bytes of a body to read; the body of a 429 is never read."""


async def read(raw: httpx.Response, max_body: MaxBody) -> Response:
    """Read a response up to its limit; the status is kept even if the body cannot be decoded."""
    response = Response(raw.status_code, raw.headers)
    # The headers of a 429 say everything; a body that breaks off must not turn it into another error.
    limit = 0 if response.is_throttled else max_body(response)
    if not limit:
        return response
    stream = decompressed(raw).stream
    assert isinstance(stream, httpx.AsyncByteStream)
    body = response.body
    try:
        async for piece in stream:
            body += piece
            if len(body) > limit:
                del body[limit:]
                response.is_cut = True
                break
    except httpx.DecodingError:
        response.is_undecodable = True
    return response
