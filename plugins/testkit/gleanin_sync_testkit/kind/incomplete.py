"""What a suite requires of a kind when not everything could be read (rules 29 and 34)."""

from core.domain.ids import SourceId
from core.domain.records.source_records import Unreadable
from core.domain.selection.candidates import Blocked
from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.requirements import requirement

ODD = Unreadable(SourceId("odd"), "The odd one", "It has two heads.")


class KindIncomplete(KindBase):
    @requirement("An unreadable row is one blocked record, under its own name", rule=29)
    def test_unreadable_row(self) -> None:
        made = self.add([*self.rows(), ODD, ODD])
        self.check_candidates(self.select(made))
        found = [candidate for candidate in self.all_candidates(made) if candidate.record.source_id == ODD.id]
        assert len(found) == 1, f"An unreadable row has {len(found)} candidates instead of one"
        (candidate,) = found
        assert isinstance(candidate.verdict, Blocked), (
            f"An unreadable row is {candidate.verdict}, not blocked"
        )
        assert ODD.problem in candidate.verdict.reason.sentence, (
            "The reason must say what is wrong with the row"
        )
        assert candidate.record.label == ODD.label
        assert self.select(made).verdicts.items() >= self.select(self.rows()).verdicts.items(), (
            "An unreadable row must not change what becomes of the others"
        )

    @requirement("A row that comes readable and unreadable has one candidate", rule=26)
    def test_row_that_is_readable_and_unreadable(self) -> None:
        rows = self.rows()
        unreadable = Unreadable(rows[0].id, "Once more", "It was cut.")
        for both in ([*rows, unreadable], [unreadable, *rows]):
            self.check_candidates(self.select(both))

    @requirement("After a reading that is not complete, nothing counts as gone", rule=34)
    def test_incomplete_reading(self) -> None:
        assert not self.select(self.rows()).selection.incomplete, (
            "Everything was read, but it says it was not"
        )
        made = self.add(self.rows())
        made.incomplete = True
        assert self.select(made).selection.incomplete, (
            "`incomplete` was set on the rows, so the `Selection` must have it, too"
        )
        assert self.select([*self.rows(), ODD]).selection.incomplete, (
            "After an unreadable row, the `Selection` must be incomplete: its record may be one that is synced"
        )
