"""What a suite requires of any history of edits."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gleanin_sync_testkit.kind.sync_base import KindSyncBase
from gleanin_sync_testkit.requirements import requirement

Edit = tuple[int, str, str | None]
"""Which row gets which value of which field."""


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A state of the programme: which of the rows there are, and how they were edited."""

    present: frozenset[int]
    edits: tuple[Edit, ...]
    is_complete: bool


class KindHistories(KindSyncBase):
    @requirement(
        "Whatever is edited: sums balance, nothing is removed or doubled, and a second sync writes nothing"
    )
    def test_random_histories(self) -> None:
        @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
        @given(st.lists(self._history_steps(), min_size=1, max_size=3))
        def check(history: list[HistoryStep]) -> None:
            asyncio.run(self._live(history))

        check()

    async def _live(self, history: Sequence[HistoryStep]) -> None:
        product, kind = self.product_of(()), self.plugin.kind
        await product.start()
        for step in history:
            rows = [row for at, row in enumerate(self._edited(step.edits)) if at in step.present]
            self.put(product, rows)
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
