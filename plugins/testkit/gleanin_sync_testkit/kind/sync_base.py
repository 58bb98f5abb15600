"""Whole syncs of a kind, by the use cases of the product."""

from collections.abc import Sequence
from typing import Any

from adapters.memory.destination import LISTS
from adapters.memory.records import LoggedWrite
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.product import Product, Synced


class KindSyncBase(KindBase):
    def product_of(self, rows: Sequence[Any] | None = None) -> Product:
        """Return a product whose source has these rows, by default all."""
        product = Product()
        examples = self.select(self.rows()).candidates
        lists = {
            name
            for candidate in examples
            for name, value in getattr(candidate.verdict, "fields", {}).items()
            if isinstance(value, tuple)
        }
        product.memory.lists = LISTS | lists
        self.put(product, self.rows() if rows is None else rows)
        return product

    def put(self, product: Product, rows: Sequence[Any]) -> None:
        product.programme.put(self.plugin.kind.feed, *rows)

    async def sync_and_list(self, product: Product) -> tuple[list[LoggedWrite], Synced]:
        """Sync, and return what was sent of this kind, with the result."""
        before = len(product.memory.writes)
        result = await product.sync()
        writes = product.memory.writes[before:]
        return [write for write in writes if write.kind.name == self.plugin.kind.name], result

    def ids_of(self, rows: Sequence[Any]) -> set[str]:
        return {source_id for row in rows for source_id in self.record_ids(row)}

    def ids_of_first(self) -> set[str]:
        """Return the ids of the records that come from the first row only."""
        first, *others = self.rows()
        ids = self.ids_of([first]) - self.ids_of(others)
        assert ids, "The first row needs a record that is in no other row"
        return ids
