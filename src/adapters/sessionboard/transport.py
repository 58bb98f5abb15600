"""The transport for production: fast, with TLS verified, and with private addresses out of reach."""

import socket

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from httpx_aiohttp import AiohttpTransport

from core.domain.addresses import is_public_ip

LONGEST_HEADER = 8190


class PrivateAddressError(OSError):
    """A public name leads to a private address, which no setting allows."""


class PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead into the network we are in."""

    def __init__(self) -> None:
        self._names = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not all(is_public_ip(result["host"]) for result in found):
            raise PrivateAddressError(None, f"the name {host} leads to a private address")
        return found

    async def close(self) -> None:
        await self._names.close()


def open_transport(*, allow_private: bool = False) -> httpx.AsyncBaseTransport:
    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=httpx.create_ssl_context(), resolver=None if allow_private else PublicOnly()
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            max_line_size=LONGEST_HEADER,
            max_field_size=LONGEST_HEADER,
        )

    return AiohttpTransport(client=session)
