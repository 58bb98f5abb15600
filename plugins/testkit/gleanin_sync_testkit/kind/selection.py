"""What a suite requires of a kind's selection: one verdict for each record (rule 26)."""

from copy import deepcopy

import pytest

from core.domain.ids import SourceId
from core.domain.records.kinds import KINDS
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.requirements import requirement


class KindSelection(KindBase):
    @requirement("Each record that was read has one candidate", rule=26)
    def test_each_record_has_one_candidate(self) -> None:
        rows = self.rows()
        assert len({row.id for row in rows}) > 1, "`rows` must return at least two rows with different ids"
        expected = {record_id for row in rows for record_id in self.record_ids(row)}
        selected = self.select(rows)
        self.check_candidates(selected)
        assert selected.verdicts.keys() == expected, (
            f"The records of the example rows are {sorted(expected)}, but the candidates {sorted(selected.verdicts)}"
        )

    @requirement("A row that comes twice counts once, and the order of rows makes no difference", rule=26)
    def test_repeated_and_reordered_rows(self) -> None:
        rows = self.rows()
        expected = self.select(rows).verdicts
        for other in ([*rows, *rows], [rows[0], *rows], [*reversed(rows)]):
            selected = self.select(other)
            self.check_candidates(selected)
            assert selected.verdicts == expected, (
                "Rows that come twice, or in another order, change the selection"
            )

    @requirement("Selecting again gives the same candidates, and leaves the rows as they are")
    def test_selecting_again(self) -> None:
        rows = self.rows()
        before = deepcopy(rows)
        made = self.add(rows)
        first, second = self.select(made), self.select(made)
        assert second.candidates == first.candidates, "A second selection of the same rows differs"
        assert [*first.selection.candidates()] == first.candidates, (
            "`Selection.candidates` must return a new iterator each time it is called"
        )
        assert [*rows] == [*before], "Rows must not be changed"

    @requirement("A run knows nothing of the rows of another one")
    def test_runs_are_independent(self) -> None:
        rows = self.rows()
        self.add(rows)
        expected = {record_id for row in rows[1:] for record_id in self.record_ids(row)}
        found = self.select(self.add(rows[1:])).verdicts.keys()
        assert found == expected, (
            f"`make_rows` must return new rows each time, but there are also {sorted(found - expected)} of another run"
        )

    @requirement("Something that is no row of its feed is refused")
    def test_no_row_of_the_feed(self) -> None:
        for other in (None, "text", {"id": "1"}, object()):
            with pytest.raises(TypeError):
                self.add([other])

    @requirement("What depends on other records is a set of its own records", rule=25)
    def test_dependents(self) -> None:
        selector = self.add(self.rows()).selectors()[self.plugin.kind]
        own = {record_id for row in self.rows() for record_id in self.record_ids(row)}
        ids = {SourceId(record_id) for record_id in own}
        for records in (
            {},
            {kind.name: {SourceId("nobody")} for kind in KINDS},
            {k.name: ids for k in KINDS},
        ):
            found = selector.dependents(records)
            assert found <= own, f"{found - own} are no records of this kind"
