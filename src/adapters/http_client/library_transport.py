"""The client for a library that builds its requests with httpx, such as Authlib: it is the library's transport."""

from dataclasses import dataclass

import httpx

from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.responses import Response
from adapters.http_client.retries import RetryPolicy


class TooLarge(Exception):
    """The body of a response has more than is allowed."""


@dataclass(frozen=True, slots=True)
class LibraryTransport(httpx.AsyncBaseTransport):
    """Opens a connection for each request, so that it outlives the library's clients, which close it."""

    transport: OpenTransport
    system: str
    policy: RetryPolicy
    max_body: int

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        # Which codings are taken, and how long is waited, is not the library's to say.
        kept = [(name, value) for name, value in request.headers.items() if name not in _REPLACED]
        async with self.transport() as transport:
            http = HttpClient(transport, str(request.url), self.system, httpx.Headers(kept), self.policy)
            body = await request.aread()
            return await http.send(
                request.method, http.base_url, self._as_answer, lambda _: self.max_body, body=body
            )

    def _as_answer(self, response: Response) -> httpx.Response:
        if response.is_cut:
            raise TooLarge
        if response.is_undecodable:
            raise httpx.DecodingError("the response is no gzip")
        return httpx.Response(response.status, headers=response.headers, content=bytes(response.body))


_REPLACED = frozenset({"accept-encoding", "connection", "content-length", "host", "user-agent"})
