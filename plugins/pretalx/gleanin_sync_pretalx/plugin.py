"""What an admin enters for pretalx, and how it is opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gleanin_sync_pretalx.client import API_VERSION, PretalxClient
from gleanin_sync_pretalx.questions import QuestionNames
from gleanin_sync_pretalx.source import PretalxSource
from ports.plugins import Access, OpenHttp, SourcePlugin

_API = "/api"


def api_url(url: str) -> str:
    """Return the address of the API of a pretalx server."""
    base = url.rstrip("/")
    return base if base.endswith(_API) else base + _API


@asynccontextmanager
async def _open(access: Access, http: OpenHttp) -> AsyncIterator[PretalxSource]:
    headers = {"Authorization": f"Token {access.token.value}", "Pretalx-Version": API_VERSION}
    async with http(api_url(access.url), headers) as opened:
        yield PretalxSource(PretalxClient(opened), QuestionNames(), access.readers)


PLUGIN = SourcePlugin(
    "pretalx",
    "pretalx",
    _open,
    url_help="The address of the pretalx server, such as https://pretalx.com or https://talks.example.org.",
    access_help=(
        "An API token of a user whose team can change submissions; it includes the events, and may read the list of "
        "submissions."
    ),
    time_zone_help="pretalx shows the zone in the event's settings, where an organizer can change it.",
)
