"""A source in memory that takes the share links of an application that is served already, also in its jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from adapters.memory.link_writer import HOMES, InMemoryLinkHolders, InMemoryLinkWriters
from adapters.plugins.link_writers import InstalledLinkWriters
from core.domain.ids import MappingId
from core.usecases.results.queries import ListShareLinks
from entrypoints.container import Container
from tests.support.http_server import Running
from tests.support.link_source import add_holders

COMPANY, PRIMARY = "exhibitor-1", "contact-1"


@contextmanager
def memory_links(
    running: Running, mapping_id: str, *, takes_links: bool = True
) -> Iterator[InMemoryLinkHolders]:
    """Replace the source of links by one that has a mapping's people, and a company."""
    source = InMemoryLinkHolders()

    async def ids(container: Container) -> list[str]:
        people = await container.resolve(ListShareLinks)(MappingId(mapping_id))
        return [person.source_id for person in people]

    add_holders(source, *running.ask(ids), company=COMPANY, primary=PRIMARY)
    writers = InMemoryLinkWriters(source, HOMES if takes_links else {})
    with patch.multiple(
        InstalledLinkWriters,
        homes=lambda _, identifier: writers.homes(identifier),
        open=lambda _, *access: writers.open(*access),
    ):
        yield source
