"""An httpx transport over our client, for libraries that build their requests with httpx, such as Authlib."""

from dataclasses import dataclass

import httpx

from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.responses import Response
from adapters.http_client.retries import single_attempt

_SECONDS = 10
_MAX_BODY = 2**20
_SET_BY_TRANSPORT = frozenset({"accept-encoding", "connection", "content-length", "host", "user-agent"})


@dataclass(frozen=True, slots=True)
class LibraryTransport(httpx.AsyncBaseTransport):
    """Opens a connection for each request, so that it survives the library's clients, which close their transport."""

    transport: OpenTransport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: text for name, text in request.headers.items() if name not in _SET_BY_TRANSPORT}
        body = await request.aread()
        async with self.transport() as transport:
            policy = single_attempt(_SECONDS)
            http = HttpClient(transport, str(request.url), "The identity provider", headers, policy)
            return await http.send(request.method, http.base_url, _to_httpx, lambda _: _MAX_BODY, body=body)


def _to_httpx(response: Response) -> httpx.Response:
    if response.is_cut or response.is_undecodable:
        raise httpx.DecodingError("the response is too large, or is not gzip")
    return httpx.Response(response.status, headers=response.headers, content=bytes(response.body))
