"""Gleanin as a plug-in: how it is called, and how it is opened."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import cast

from adapters.gleanin.destination import GleaninDestinations
from adapters.gleanin.probe import GleaninProbe
from adapters.gleanin.system import GLEANIN
from adapters.http_client.clients import HttpClients
from ports.destination import BeforeWrite, Destination
from ports.plugins import Access, DestinationPlugin, OpenHttp, RecordSchema
from ports.probe import Finding

URL = "https://app.gleanin.com/api/clients/v1"


def at(url: str, http: OpenHttp, schemas: Mapping[str, RecordSchema] | None = None) -> GleaninDestinations:
    """Return Gleanin at a URL, with the installation's HTTP."""
    clients = cast("HttpClients", http)
    return GleaninDestinations(
        url,
        clients.allow_private,
        clients.transport,
        clients.policy,
        threads=clients.threads,
        limits=clients.limits,
        schemas=schemas or {},
    )


def _open(
    access: Access, http: OpenHttp, before_write: BeforeWrite | None
) -> AbstractAsyncContextManager[Destination]:
    return at(access.url, http, access.schemas).open(access.token, before_write)


async def _probe(access: Access, http: OpenHttp) -> Sequence[Finding]:
    return await GleaninProbe(at(access.url, http, access.schemas))(access.token)


PLUGIN = DestinationPlugin(
    GLEANIN.identifier,
    GLEANIN.display_name,
    _open,
    url=URL,
    access_help="Find it in Gleanin under My Profile, API Tokens.",
    probe=_probe,
)
