"""The toy kind, registered in this process as an installed package's kind is."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.plugins.kind_guard import guarded
from core.domain.records.kinds import KINDS
from core.domain.selection.source_snapshot import register_feed
from ports.plugins import KindPlugin
from tests.plugins.toy_kind.toy_kind import HELPER, PLUGIN


@contextmanager
def registered(plugin: KindPlugin = PLUGIN) -> Iterator[KindPlugin]:
    """Register a kind until the block ends."""
    kind = guarded(plugin, "toy-kind")
    register_feed(kind.kind.feed, kind.make_rows)
    KINDS.register(kind.kind)
    try:
        yield kind
    finally:
        KINDS.unregister(kind.kind)


__all__ = ["HELPER", "registered"]
