"""Kinds of plug-ins among those of the product, until a block ends."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from core.domain.records.kinds import KINDS, RecordKind
from core.domain.selection import source_snapshot
from ports.plugins import FeedReader, KindPlugin, RecordSchema


@contextmanager
def registered(*plugins: KindPlugin) -> Iterator[None]:
    """Register kinds as the installed program does; those that are registered already stay at the end.

    Raises:
        ValueError: a kind clashes with another one.
    """
    added: list[RecordKind] = []
    feeds = dict(source_snapshot._make_rows)
    try:
        for plugin in plugins:
            KINDS.check(plugin.kind)
            source_snapshot.register_feed(plugin.kind.feed, plugin.make_rows)
            if plugin.kind not in tuple(KINDS):
                KINDS.register(plugin.kind)
                added.append(plugin.kind)
        yield
    finally:
        for kind in added:
            KINDS.unregister(kind)
        for feed in source_snapshot._make_rows.keys() - feeds.keys():
            del source_snapshot._make_rows[feed]


def readers_of(plugins: Sequence[KindPlugin], source: str) -> Mapping[str, FeedReader]:
    """Return how a source reads the feeds of kinds, by the feed's name."""
    return {plugin.kind.feed.name: plugin.readers[source] for plugin in plugins if source in plugin.readers}


def schemas_of(plugins: Sequence[KindPlugin], destination: str) -> Mapping[str, RecordSchema]:
    """Return how a destination writes kinds, by the kind's name."""
    return {
        plugin.kind.name: plugin.schemas[destination] for plugin in plugins if destination in plugin.schemas
    }
