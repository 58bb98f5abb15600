"""The production transport: httpx over aiohttp, hardened, without access to private addresses."""

import functools
import socket
import ssl

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from httpx_aiohttp import AiohttpTransport

from adapters.http_client.address_rules import is_public_ip
from adapters.http_client.gzip import CODING
from adapters.http_client.metrics import NO_RESPONSE, REQUESTS
from core.domain.errors import InvalidInput

_CONNECTIONS = 64
_IDLE_SECONDS = 5
_MAX_HEADER = 8190
_MAX_HEADERS = 128
_HEADERS = {"Accept-Encoding": CODING, "User-Agent": "gleanin-sync"}
"""Default headers; without them, aiohttp would ask for more codings."""


class _PublicResolver(AbstractResolver):
    """Resolves host names and refuses those with private addresses, as `check_base_url` does."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        results = await self._resolver.resolve(host, port, family)
        if not all(is_public_ip(result["host"]) for result in results):
            raise InvalidInput(
                f"The host {host} has a private address. "
                "Private addresses are not allowed unless a setting permits them."
            )
        return results

    async def close(self) -> None:
        await self._resolver.close()


class HardenedTransport(AiohttpTransport):
    """A transport that verifies TLS, ignores cookies and bounds the headers.

    It follows no redirects, ignores proxy settings in the environment, and requests gzip only, without decompressing it.

    It raises `errors.TRANSPORT_ERRORS`; which of them a server that hangs up causes is not reliable.
    """

    def __init__(self, *, allow_private: bool = False, counted_as: str | None = None) -> None:
        """Create the transport; connections are opened on demand.

        Args:
            allow_private: whether requests may go to private addresses.
            counted_as: the metrics label for requests, instead of their host.
        """
        self._allow_private = allow_private
        self._counted_as = counted_as
        super().__init__(verify=_ssl_context(), client=self._session)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=_CONNECTIONS,
                ssl=self.ssl_context,
                keepalive_timeout=_IDLE_SECONDS,
                resolver=None if self._allow_private else _PublicResolver(),
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
def _ssl_context() -> ssl.SSLContext:
    """Load the trusted certificates, once: it takes longer than many syncs."""
    return httpx.create_ssl_context()
