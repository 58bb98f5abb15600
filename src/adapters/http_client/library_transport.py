"""The client for a library that builds its requests with httpx, such as Authlib: it is the library's transport."""

from dataclasses import dataclass

import httpx

from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.responses import Response
from adapters.http_client.retries import single_attempt

_SECONDS = 10
_MAX_BODY = 2**20
_NOT_THE_LIBRARYS = frozenset({"accept-encoding", "connection", "content-length", "host", "user-agent"})


@dataclass(frozen=True, slots=True)
class LibraryTransport(httpx.AsyncBaseTransport):
    """Opens a connection for each request, so that it outlives the library's clients, which close it."""

    transport: OpenTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: text for name, text in request.headers.items() if name not in _NOT_THE_LIBRARYS}
        body = await request.aread()
        async with self.transport() as transport:
            http = HttpClient(transport, str(request.url), "The sign-in", headers, single_attempt(_SECONDS))
            return await http.send(request.method, http.base_url, _answer, lambda _: _MAX_BODY, body=body)


def _answer(response: Response) -> httpx.Response:
    if response.is_cut or response.is_undecodable:
        raise httpx.DecodingError("the response is too large, or no gzip")
    return httpx.Response(response.status, headers=response.headers, content=bytes(response.body))
