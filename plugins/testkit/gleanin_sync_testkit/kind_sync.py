"""What a suite requires of whole syncs of a kind, by the use cases of the product."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.memory.destination import LISTS
from adapters.memory.records import LoggedWrite
from core.domain.ids import SourceId
from core.domain.records.kinds import ALL, KINDS
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Unreadable
from core.domain.runs.run import RunState
from gleanin_sync_testkit.kind_base import KindBase
from gleanin_sync_testkit.product import Product
from gleanin_sync_testkit.requirements import requirement

GONE = "not_in_sessionboard"
"""The code of the reason for a record that has left the programme."""
Edit = tuple[int, str, str | None]
"""Which row gets which value of which field."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A state of the programme: which of the rows there are, and how they were edited."""

    present: frozenset[int]
    edits: tuple[Edit, ...]
    is_complete: bool


class KindSync(KindBase):
    @requirement("the first sync creates each record, and the second writes nothing", rule=21)
    async def test_second_sync_writes_nothing(self) -> None:
        product = self._product()
        first = await product.sync()
        for source_id in self._ids(self.rows()):
            outcome = first.of(self.plugin.kind, source_id)
            assert outcome.outcome is Outcome.CREATED, f"{source_id!r} is {outcome.outcome}: {outcome.reason}"
        self._put(product, self.rows())
        second = await product.sync()
        changed = [outcome for outcome in second.outcomes if outcome.outcome is not Outcome.UNCHANGED]
        assert not changed, f"Nothing was edited, but the second sync does this: {changed}"

    @requirement("a check finds that nothing has changed, and finds an edit", rule=24)
    async def test_checks(self) -> None:
        product = self._product()
        await product.sync()
        await product.sync()
        self._put(product, self.rows())
        assert await product.check() is None, (
            "Nothing was edited, but a check finds a difference: equal rows must have an equal `repr`"
        )
        field = (*self.own_optional, *self.own_required)[0]
        self._put(
            product, [self.with_value(self.rows()[0], field, self.other_value(field)), *self.rows()[1:]]
        )
        product.clock.advance(timedelta(minutes=30))
        run = await product.check()
        assert run is not None and run.writes, f"{field!r} was edited, but a check finds no difference"

    @requirement("an edit of one field is one update of just that field", rule=21)
    async def test_edits_send_what_they_change(self) -> None:
        for field in (*self.own_required, *self.own_optional):
            product, row = self._product(), self.rows()[0]
            await product.sync()
            self._put(product, [self.with_value(row, field, self.other_value(field)), *self.rows()[1:]])
            sent, result = await self._sent(product)
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

    @requirement("a record whose row is gone is kept, and nothing is removed", rule=22)
    async def test_gone_rows_are_kept(self) -> None:
        product, gone = self._product(), self._only_in_first()
        await product.sync()
        before = product.stored(self.plugin.kind)
        self._put(product, self.rows()[1:])
        sent, result = await self._sent(product)
        for source_id in gone:
            outcome = result.of(self.plugin.kind, source_id)
            assert outcome.outcome is Outcome.KEPT, (
                f"{source_id!r} has left, but it is {outcome.outcome}: {outcome.reason}"
            )
        assert not sent, f"A row is gone, but this was sent: {sent}"
        assert product.stored(self.plugin.kind).keys() == before.keys(), "Records were removed"

    @requirement("a reading that is not complete reports nothing as gone", rule=34)
    async def test_incomplete_reading_in_a_sync(self) -> None:
        kind = self.plugin.kind
        for is_unreadable in (False, True):
            product, rows = self._product(), self.rows()
            await product.sync()
            if is_unreadable:
                self._put(product, [Unreadable(SourceId("odd"), "The odd one", "It was cut."), *rows[1:]])
            else:
                self._put(product, rows[1:])
                product.programme.missing.add(kind.feed.name)
            result = await product.sync()
            gone = [outcome for outcome in result.outcomes if outcome.reason.code == GONE]
            assert not gone, f"Not everything was read, but these are reported as gone: {gone}"
            assert result.run.state is RunState.COMPLETED_WITH_PROBLEMS, (
                f"The run ended as {result.run.state}"
            )

    @requirement("after a disconnect, what was sent before is not written again", rule=10)
    async def test_no_resync_after_disconnect(self) -> None:
        product, new = self._product(self.rows()[1:]), self._only_in_first()
        await product.sync()
        before = {*product.stored(self.plugin.kind)}
        await product.reconnect()
        self._put(product, self.rows())
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

    @requirement("a sync of its scope covers it, and a sync of another scope leaves it alone")
    async def test_scopes(self) -> None:
        kind = self.plugin.kind
        for scope in KINDS.scopes:
            product = self._product()
            await product.start()
            result = await product.sync(scope)
            is_covered = scope in (ALL, kind.scope)
            assert bool(result.by_id(kind)) == is_covered, f"A sync of {scope!r} reports {result.by_id(kind)}"
            assert bool(product.stored(kind)) == is_covered, (
                f"A sync of {scope!r} wrote {product.stored(kind)}"
            )

    @requirement("a required field that is emptied blocks the record, and is not cleared", rule=18)
    async def test_emptied_required_field(self) -> None:
        kind = self.plugin.kind
        for field in self.own_required:
            product, row = self._product(), self.rows()[0]
            await product.sync()
            before = dict(product.stored(kind)[self.first_id(row)].fields)
            self._put(product, [self.with_value(row, field, None), *self.rows()[1:]])
            result = await product.sync()
            outcome = result.of(kind, self.first_id(row))
            assert outcome.outcome is Outcome.BLOCKED, (
                f"{field!r} is missing, but the record is {outcome.outcome}"
            )
            assert product.stored(kind)[self.first_id(row)].fields == before, (
                f"{field!r} is missing, but it was sent"
            )

    @requirement("an optional field that is emptied is cleared, one that was never sent is not", rule=20)
    async def test_emptied_optional_field(self) -> None:
        if not self.own_optional:
            pytest.skip("it has no optional fields of its own")
        kind = self.plugin.kind
        for field in self.own_optional:
            product, row = self._product(), self.rows()[0]
            empty = [self.with_value(row, field, None), *self.rows()[1:]]
            await product.sync()
            self._put(product, empty)
            sent, result = await self._sent(product)
            outcome = result.of(kind, self.first_id(row))
            assert outcome.outcome is Outcome.UPDATED, (
                f"{field!r} was emptied, but the record is {outcome.outcome}"
            )
            assert any((field, None) in write.sent for write in sent), (
                f"{field!r} was emptied, but not cleared: {sent}"
            )
            never = self._product(empty)
            await never.sync()
            assert all((field, None) not in write.sent for write in never.memory.writes)
            assert (await never.sync()).writes == 0, f"{field!r} was never sent, but it is cleared"

    @requirement(
        "whatever is edited: sums balance, nothing is removed or doubled, and a second sync writes nothing"
    )
    def test_random_histories(self) -> None:
        @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
        @given(st.lists(self._history_steps(), min_size=1, max_size=3))
        def check(history: list[HistoryStep]) -> None:
            asyncio.run(self._live(history))

        check()

    async def _live(self, history: Sequence[HistoryStep]) -> None:
        product, kind = self._product(()), self.plugin.kind
        await product.start()
        for step in history:
            rows = [row for at, row in enumerate(self._edited(step.edits)) if at in step.present]
            self._put(product, rows)
            product.programme.missing = set() if step.is_complete else {kind.feed.name}
            before, plan = {*product.memory.records}, await product.preview()
            result = await product.sync()
            assert result.run.counts == plan.counts, "A sync does something else than its preview says"
            assert {*product.memory.records} >= before, "Records were removed (rule 22)"
            assert product.memory.duplicates == 0, "Records were created twice (rule 32)"
            assert result.by_id(kind).keys() >= {*self.select(rows).verdicts}, (
                "A record has no outcome (rule 26)"
            )
            again = await product.sync()
            assert again.writes == 0, f"Nothing was edited, but a second sync writes {again.outcomes}"

    def _history_steps(self) -> st.SearchStrategy[HistoryStep]:
        numbers = range(len(self.rows()))
        fields = (*self.own_required, *self.own_optional)
        field = st.sampled_from(fields)
        edit = st.one_of(
            st.tuples(st.sampled_from(numbers), field, st.none()),
            field.flatmap(
                lambda name: st.tuples(
                    st.sampled_from(numbers), st.just(name), st.just(self.other_value(name))
                )
            ),
        )
        return st.builds(
            HistoryStep,
            st.frozensets(st.sampled_from(numbers)),
            st.lists(edit, max_size=3).map(tuple),
            st.sampled_from((True, True, True, False)),
        )

    def _edited(self, edits: Sequence[Edit]) -> list[Any]:
        rows = [*self.rows()]
        for at, field, value in edits:
            rows[at] = self.with_value(rows[at], field, value)
        return rows

    def _product(self, rows: Sequence[Any] | None = None) -> Product:
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
        self._put(product, self.rows() if rows is None else rows)
        return product

    def _put(self, product: Product, rows: Sequence[Any]) -> None:
        product.programme.put(self.plugin.kind.feed, *rows)

    async def _sent(self, product: Product) -> tuple[list[LoggedWrite], Any]:
        """Sync, and return what was sent of this kind, with the result."""
        before = len(product.memory.writes)
        result = await product.sync()
        writes = product.memory.writes[before:]
        return [write for write in writes if write.kind.name == self.plugin.kind.name], result

    def _ids(self, rows: Sequence[Any]) -> set[str]:
        return {source_id for row in rows for source_id in self.record_ids(row)}

    def _only_in_first(self) -> set[str]:
        """Return the ids of the records that come from the first row only."""
        first, *others = self.rows()
        ids = self._ids([first]) - self._ids(others)
        assert ids, "The first row needs a record that is in no other row"
        return ids
