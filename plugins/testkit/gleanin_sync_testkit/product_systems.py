"""The two systems of a product: a plug-in's, guarded as in the installed program, or one in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from adapters.memory.destination import InMemoryGleanin
from adapters.plugins.destinations import InstalledDestinations
from adapters.plugins.sources import InstalledSources
from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.secrets import Token
from gleanin_sync_testkit.memory_source import MemorySource
from gleanin_sync_testkit.registered_kinds import readers_of, schemas_of
from ports.destination import DestinationMissing, DestinationOpener
from ports.plugins import DestinationPlugin, KindPlugin, OpenHttp, SourcePlugin
from ports.source import SourceMissing, SourceOpener

PACKAGE = "the plug-in"
"""Named by errors, as the distribution is in the installed program."""
TOKEN = Token("a-token-of-the-test-kit")
SOURCE_EVENT = SourceEvent(SourceEventId("here"), "PyConf", "Europe/Paris")
DESTINATION_EVENT = DestinationEventId("there")
O = TypeVar("O")  # noqa: E741 - an opener


@dataclass(frozen=True, slots=True)
class ProductSource:
    """A source, with what an admin enters."""

    opener: SourceOpener
    event: SourceEventId
    """The event that is mapped."""
    url: str = "https://source.example.org"
    token: Token = TOKEN


@dataclass(frozen=True, slots=True)
class ProductDestination:
    """A destination, likewise."""

    opener: DestinationOpener
    event: DestinationEventId
    """The event that is mapped, as the product calls it: see `destination_of`."""
    token: Token = TOKEN


def source_of(
    plugin: SourcePlugin,
    http: OpenHttp,
    event: str,
    *,
    url: str,
    token: str,
    kinds: Sequence[KindPlugin] = (),
) -> ProductSource:
    """Return a plug-in's source.

    Args:
        plugin: what an author wrote.
        http: opens its client; `Wire.open_http()`.
        event: the id of the event that is mapped.
        url: what an admin enters.
        token: likewise.
        kinds: of other plug-ins that the source reads, too.
    """
    sources = InstalledSources(
        lambda _: (plugin, PACKAGE), http, str, lambda identifier: readers_of(kinds, identifier)
    )
    return ProductSource(sources.named(plugin.identifier), SourceEventId(event), url, Token(token))


def destination_of(
    plugin: DestinationPlugin,
    http: OpenHttp,
    event: str,
    *,
    token: str,
    url: str = "",
    kinds: Sequence[KindPlugin] = (),
) -> ProductDestination:
    """Return a plug-in's destination; arguments as in `source_of`.

    The product stores events under ids that begin with the destination's identifier.
    """
    destinations = InstalledDestinations(
        lambda _: (plugin, PACKAGE),
        lambda identifier: schemas_of(kinds, identifier),
        http,
        {plugin.identifier: url} if url else {},
    )
    stored = DestinationEventId(f"{plugin.identifier}:{event}")
    return ProductDestination(destinations.named(plugin.identifier), stored, Token(token))


def memory_source(source: MemorySource | None = None) -> ProductSource:
    """Return a source in memory with one event."""
    source = source or MemorySource()
    if SOURCE_EVENT.id not in source.programmes:
        source.add(SOURCE_EVENT)
    return ProductSource(source, SOURCE_EVENT.id)


def memory_destination(destination: InMemoryGleanin | None = None) -> ProductDestination:
    """Return a destination in memory with one event; it reports no time zone."""
    destination = destination or InMemoryGleanin()
    if DESTINATION_EVENT not in destination.events:
        destination.add_event(DESTINATION_EVENT, "PyConf goes on")
    return ProductDestination(destination, DESTINATION_EVENT)


@dataclass(frozen=True, slots=True)
class Openers(Generic[O]):
    """The systems that are installed in a product: one, or none."""

    identifier: str
    opener: O
    missing: type[Exception]
    removed: set[str] = field(default_factory=set)
    """The identifiers of systems that are uninstalled again."""

    def named(self, identifier: str) -> O:
        if identifier != self.identifier or identifier in self.removed:
            raise self.missing(f"{identifier!r} is not installed.")
        return self.opener


def sources(source: ProductSource) -> Openers[SourceOpener]:
    return Openers(source.opener.system.identifier, source.opener, SourceMissing)


def destinations(destination: ProductDestination) -> Openers[DestinationOpener]:
    return Openers(destination.opener.system.identifier, destination.opener, DestinationMissing)
