"""A shelf in a safe, which needs more than a token, and a toy box that is public, which needs none."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from toy_destination import SCHEMAS, ToyShelf  # type: ignore[import-not-found] # installed beside it
from toy_source import ToySource  # type: ignore[import-not-found] # likewise

from ports.plugins import (
    Access,
    AccessField,
    BeforeWrite,
    DestinationPlugin,
    Finding,
    Marked,
    OpenHttp,
    SourcePlugin,
    Verdict,
)


@asynccontextmanager
async def _open_safe(
    access: Access, http: OpenHttp, before_write: BeforeWrite | None
) -> AsyncIterator[ToyShelf]:
    headers = {
        "Authorization": f"Token {access.token.value}",
        "X-Combination": access.fields["combination"],
        "X-Drawer": access.fields["drawer"],
        "X-Note": access.fields.get("note", "none"),
    }
    async with http(access.url, headers, before_write) as opened:
        yield ToyShelf(opened, {**SCHEMAS, **access.schemas}, access.token.value)


@asynccontextmanager
async def _open_leaflet(access: Access, http: OpenHttp) -> AsyncIterator[ToySource]:
    async with http(access.url, {}) as opened:
        yield ToySource(opened, access.readers)


async def _probe(access: Access, http: OpenHttp) -> Sequence[Finding]:
    async with _open_safe(access, http, None) as shelf:
        if not (events := await shelf.events()):
            raise ZeroDivisionError("the safe is empty")
        return [Finding("the safe has shelves", Marked.DOCUMENTED, Verdict.AGREES, f"{len(events)}")]


SAFE = DestinationPlugin(
    "safe",
    "Toy Safe",
    _open_safe,
    url_help="Where the safe is.",
    access_fields=(
        AccessField("combination", "Combination", "Left, right, left.", is_secret=True),
        AccessField("drawer", "Drawer", choices=("upper", "lower")),
        AccessField("note", "Note", is_required=False),
    ),
    probe=_probe,
)
LEAFLET = SourcePlugin("leaflet", "Toy Leaflet", _open_leaflet, url_help="The file.", needs_token=False)
