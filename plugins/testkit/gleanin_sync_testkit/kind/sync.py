"""What a suite requires of syncs of a kind: they write what has changed, and nothing else (rule 21)."""

from datetime import timedelta

from core.domain.records.kinds import ALL, KINDS
from core.domain.records.outcomes import Outcome
from gleanin_sync_testkit.kind.sync_base import KindSyncBase
from gleanin_sync_testkit.requirements import requirement


class KindSync(KindSyncBase):
    @requirement("The first sync creates each record, and the second writes nothing", rule=21)
    async def test_second_sync_writes_nothing(self) -> None:
        product = self.product_of()
        first = await product.sync()
        for source_id in self.ids_of(self.rows()):
            outcome = first.of(self.plugin.kind, source_id)
            assert outcome.outcome is Outcome.CREATED, f"{source_id!r} is {outcome.outcome}: {outcome.reason}"
        self.put(product, self.rows())
        second = await product.sync()
        changed = [outcome for outcome in second.outcomes if outcome.outcome is not Outcome.UNCHANGED]
        assert not changed, f"Nothing was edited, but the second sync does this: {changed}"

    @requirement("A check finds that nothing has changed, and finds an edit", rule=24)
    async def test_checks(self) -> None:
        product = self.product_of()
        await product.sync()
        await product.sync()
        self.put(product, self.rows())
        assert await product.check() is None, (
            "Nothing was edited, but a check finds a difference: equal rows must have an equal `repr`"
        )
        field = (*self.own_optional, *self.own_required)[0]
        self.put(product, [self.with_value(self.rows()[0], field, self.other_value(field)), *self.rows()[1:]])
        product.clock.advance(timedelta(minutes=30))
        run = await product.check()
        assert run is not None and run.writes, f"{field!r} was edited, but a check finds no difference"

    @requirement("An edit of one field is one update of just that field", rule=21)
    async def test_edits_send_what_they_change(self) -> None:
        for field in (*self.own_required, *self.own_optional):
            product, row = self.product_of(), self.rows()[0]
            await product.sync()
            self.put(product, [self.with_value(row, field, self.other_value(field)), *self.rows()[1:]])
            sent, result = await self.sync_and_list(product)
            outcome = result.of(self.plugin.kind, self.first_id(row))
            assert outcome.outcome is Outcome.UPDATED, (
                f"{field!r} was edited, but the record is {outcome.outcome}: {outcome.reason}"
            )
            edited = {product.stored(self.plugin.kind)[each].id for each in self.record_ids(row)}
            assert len(sent) == len({write.destination_id for write in sent}), (
                f"One record was sent twice: {sent}"
            )
            for write in sent:
                names = {name for name, _ in write.sent}
                assert write.destination_id in edited, (
                    f"{field!r} of another record was edited, but this was sent: {write}"
                )
                assert names <= {field, *self.derived}, f"{field!r} was edited, but {sorted(names)} were sent"

    @requirement("A sync of its scope covers it, and a sync of another scope leaves it alone")
    async def test_scopes(self) -> None:
        kind = self.plugin.kind
        for scope in KINDS.scopes:
            product = self.product_of()
            await product.start()
            result = await product.sync(scope)
            is_covered = scope in (ALL, kind.scope)
            assert bool(result.by_id(kind)) == is_covered, f"A sync of {scope!r} reports {result.by_id(kind)}"
            assert bool(product.stored(kind)) == is_covered, (
                f"A sync of {scope!r} wrote {product.stored(kind)}"
            )
