"""The transport in production: httpx over aiohttp, its traps closed, with private addresses out of reach."""

import functools
import socket
import ssl

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from httpx_aiohttp import AiohttpTransport

from adapters.http_client.gzip import CODING
from adapters.http_client.metrics import NO_RESPONSE, REQUESTS
from core.domain.addresses import is_public_ip
from core.domain.errors import InvalidInput

_CONNECTIONS = 64
_IDLE_SECONDS = 5
_MAX_HEADER = 8190
_MAX_HEADERS = 128
_HEADERS = {"Accept-Encoding": CODING, "User-Agent": "gleanin-sync"}
"""Of requests that do not have them; aiohttp would ask for more codings."""


class _PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead into the network we are in, as `check_address` does."""

    def __init__(self) -> None:
        self._names = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not all(is_public_ip(result["host"]) for result in found):
            raise InvalidInput(
                f"The name {host} leads to a private address. "
                "Private addresses are refused unless a setting allows them."
            )
        return found

    async def close(self) -> None:
        await self._names.close()


class HardenedTransport(AiohttpTransport):
    """Verifies TLS, keeps no cookies, and bounds the headers.

    It follows no redirect, takes no proxy from the environment, and asks for one coding, gzip, which it leaves as it is.

    Its errors are those of `errors.TRANSPORT_ERRORS`; which one a server causes that hangs up cannot be relied on.
    """

    def __init__(self, *, allow_private: bool = False, counted_as: str | None = None) -> None:
        """Open none yet.

        Args:
            allow_private: lets them lead into the networks around us.
            counted_as: what requests are counted under, instead of their host.
        """
        self._allow_private = allow_private
        self._counted_as = counted_as
        super().__init__(verify=_trusted(), client=self._session)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_CONNECTIONS,
                ssl=self.ssl_context,
                keepalive_timeout=_IDLE_SECONDS,
                resolver=None if self._allow_private else _PublicOnly(),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
            max_headers=_MAX_HEADERS,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        status = NO_RESPONSE
        try:
            response = await super().handle_async_request(request)
            status = str(response.status_code)
        finally:
            REQUESTS.labels(self._counted_as or request.url.host, status).inc()
        return response


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Load the certificates once: it takes longer than many a sync."""
    return httpx.create_ssl_context()
