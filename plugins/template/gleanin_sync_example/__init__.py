"""Example as a source for gleanin-sync."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gleanin_sync_example.source import ExampleSource
from ports.plugins import Access, OpenHttp, SourcePlugin


@asynccontextmanager
async def open_source(access: Access, http: OpenHttp) -> AsyncIterator[ExampleSource]:
    async with http(access.url, {"Authorization": f"Token {access.token.value}"}) as client:
        yield ExampleSource(client)


PLUGIN = SourcePlugin(
    "example",
    "Example",
    open_source,
    url_help="The address of Example's API, such as https://example.org/api.",
    access_help="Create a token in Example under Account, API.",
    time_zone_help="Example shows the zone in the settings of the event.",
)
