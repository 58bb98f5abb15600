"""What a suite requires of syncs in which something is missing: nothing is removed (rules 10, 18, 20, 22 and 34)."""

import pytest

from core.domain.ids import SourceId
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Unreadable
from core.domain.runs.run import RunState
from gleanin_sync_testkit.kind.sync_base import KindSyncBase
from gleanin_sync_testkit.requirements import requirement

GONE = "not_in_sessionboard"
"""The code of the reason for a record that has left the programme."""


class KindLosses(KindSyncBase):
    @requirement("A record whose row is gone is kept, and nothing is removed", rule=22)
    async def test_gone_rows_are_kept(self) -> None:
        product, gone = self.product_of(), self.ids_of_first()
        await product.sync()
        before = product.stored(self.plugin.kind)
        self.put(product, self.rows()[1:])
        sent, result = await self.sync_and_list(product)
        for source_id in gone:
            outcome = result.of(self.plugin.kind, source_id)
            assert outcome.outcome is Outcome.KEPT, (
                f"{source_id!r} has left, but it is {outcome.outcome}: {outcome.reason}"
            )
        assert not sent, f"A row is gone, but this was sent: {sent}"
        assert product.stored(self.plugin.kind).keys() == before.keys(), "Records were removed"

    @requirement("A reading that is not complete reports nothing as gone", rule=34)
    async def test_incomplete_reading_in_a_sync(self) -> None:
        kind = self.plugin.kind
        for is_unreadable in (False, True):
            product, rows = self.product_of(), self.rows()
            await product.sync()
            if is_unreadable:
                self.put(product, [Unreadable(SourceId("odd"), "The odd one", "It was cut."), *rows[1:]])
            else:
                self.put(product, rows[1:])
                product.programme.missing.add(kind.feed.name)
            result = await product.sync()
            gone = [outcome for outcome in result.outcomes if outcome.reason.code == GONE]
            assert not gone, f"Not everything was read, but these are reported as gone: {gone}"
            assert result.run.state is RunState.COMPLETED_WITH_PROBLEMS, (
                f"The run ended as {result.run.state}"
            )

    @requirement("After a disconnect, what was sent before is not written again", rule=10)
    async def test_no_resync_after_disconnect(self) -> None:
        product, new = self.product_of(self.rows()[1:]), self.ids_of_first()
        await product.sync()
        before = {*product.stored(self.plugin.kind)}
        await product.reconnect()
        self.put(product, self.rows())
        result = await product.sync()
        for source_id in before:
            outcome = result.of(self.plugin.kind, source_id)
            assert outcome.outcome is Outcome.SKIPPED, (
                f"{source_id!r} was sent before, but is {outcome.outcome}"
            )
        for source_id in new:
            outcome = result.of(self.plugin.kind, source_id)
            assert outcome.outcome is Outcome.CREATED, (
                f"{source_id!r} was never sent, but is {outcome.outcome}: {outcome.reason}"
            )

    @requirement("A required field that is emptied blocks the record, and is not cleared", rule=18)
    async def test_emptied_required_field(self) -> None:
        kind = self.plugin.kind
        for field in self.own_required:
            product, row = self.product_of(), self.rows()[0]
            await product.sync()
            before = dict(product.stored(kind)[self.first_id(row)].fields)
            self.put(product, [self.with_value(row, field, None), *self.rows()[1:]])
            result = await product.sync()
            outcome = result.of(kind, self.first_id(row))
            assert outcome.outcome is Outcome.BLOCKED, (
                f"{field!r} is missing, but the record is {outcome.outcome}"
            )
            assert product.stored(kind)[self.first_id(row)].fields == before, (
                f"{field!r} is missing, but it was sent"
            )

    @requirement("An optional field that is emptied is cleared, one that was never sent is not", rule=20)
    async def test_emptied_optional_field(self) -> None:
        if not self.own_optional:
            pytest.skip("it has no optional fields of its own")
        kind = self.plugin.kind
        for field in self.own_optional:
            product, row = self.product_of(), self.rows()[0]
            empty = [self.with_value(row, field, None), *self.rows()[1:]]
            await product.sync()
            self.put(product, empty)
            sent, result = await self.sync_and_list(product)
            outcome = result.of(kind, self.first_id(row))
            assert outcome.outcome is Outcome.UPDATED, (
                f"{field!r} was emptied, but the record is {outcome.outcome}"
            )
            assert any((field, None) in write.sent for write in sent), (
                f"{field!r} was emptied, but not cleared: {sent}"
            )
            never = self.product_of(empty)
            await never.sync()
            assert all((field, None) not in write.sent for write in never.memory.writes)
            assert (await never.sync()).writes == 0, f"{field!r} was never sent, but it is cleared"
