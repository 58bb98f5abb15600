"""Connections in production: httpx over aiohttp, its traps closed, with private addresses out of reach."""

import functools
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.resolver import DefaultResolver
from httpx_aiohttp import AiohttpTransport

from adapters.http_client.inflating import CODING, inflated
from adapters.http_client.meters import NO_ANSWER, REQUESTS
from core.domain.addresses import is_public_ip
from core.domain.refusals import BadInput

_CONNECTIONS = 64
_IDLE_SECONDS = 5
_LONGEST_HEADER = 8190
_MOST_HEADERS = 128
_ASKED_FOR = {"accept-encoding": CODING}


def careful_client(
    transport: httpx.AsyncBaseTransport,
    timeout: httpx.Timeout,
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
) -> httpx.AsyncClient:
    """Open a client that follows no redirect, keeps no cookie and takes no proxy from the environment."""
    return httpx.AsyncClient(
        transport=transport,
        timeout=timeout,
        base_url=base_url,
        headers={**_ASKED_FOR, **(headers or {})},
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    )


class _PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead into the network we are in, as `check_address` does."""

    def __init__(self) -> None:
        self._names = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not all(is_public_ip(result["host"]) for result in found):
            raise BadInput(
                f"The name {host} leads to a private address. "
                "Private addresses are refused unless a setting allows them."
            )
        return found

    async def close(self) -> None:
        await self._names.close()


class Connections(AiohttpTransport):
    """Verifies TLS, keeps no cookies, bounds the headers, and lets no error of aiohttp's through.

    It takes one coding, gzip, and inflates it piece by piece.

    A server that hangs up and one that refuses the connection are both a `ConnectTimeout` here:
    only that it is a `TransportError` can be relied on.
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
            headers=_ASKED_FOR,  # for requests that a client did not build; aiohttp would ask for more
            max_line_size=_LONGEST_HEADER,
            max_field_size=_LONGEST_HEADER,
            max_headers=_MOST_HEADERS,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        status = NO_ANSWER
        try:
            response = await super().handle_async_request(request)
            status = str(response.status_code)
        except _UNTRANSLATED as error:
            raise _translated(error) from error
        finally:
            REQUESTS.labels(self._counted_as or request.url.host, status).inc()
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream)
        return inflated(response)


class _Body(httpx.AsyncByteStream):
    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._body:
                yield piece
        except _UNTRANSLATED as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        await self._body.aclose()


# Such as a header that is too long: httpx-aiohttp has no translation for these.
_UNTRANSLATED = (aiohttp.ClientError, HttpProcessingError)


def _translated(error: Exception) -> httpx.RemoteProtocolError:
    return httpx.RemoteProtocolError(f"the answer is not HTTP as it should be: {type(error).__name__}")


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Load the certificates once: it takes longer than many a sync."""
    return httpx.create_ssl_context()


_PROBLEMS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "is a host that nobody knows (DNS)"),
    ((aiohttp.ClientSSLError, ssl.SSLError), "has no certificate that can be trusted"),
    ((aiohttp.ClientConnectorError, ConnectionRefusedError, httpx.ConnectError), "accepts no connection"),
    ((aiohttp.ServerTimeoutError, aiohttp.SocketTimeoutError), "did not answer in time"),
    ((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError), "broke the connection"),
    ((httpx.TimeoutException, TimeoutError), "did not answer in time"),
    (httpx.RemoteProtocolError, "gave an answer that is not HTTP"),
)


def never_left(error: BaseException) -> bool:
    """Check whether a request failed before it had a connection, so that nothing of it was sent.

    httpx-aiohttp reports a connection that was refused and one that was closed later alike: only the cause tells.
    """
    chain = _chain(error)
    if any(isinstance(link, aiohttp.ClientError) for link in chain):
        return any(
            isinstance(link, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError) for link in chain
        )
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def problem_in(error: BaseException) -> str:
    """Say what went wrong, in words that follow the host's name; the causes know better than the error."""
    chain = _chain(error)
    return next(
        (words for kinds, words in _PROBLEMS if any(isinstance(link, kinds) for link in chain)),
        "broke the connection",
    )


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    return chain
