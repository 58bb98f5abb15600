"""What a suite requires of a kind's selection: one verdict for each record (rules 18 and 26)."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest

from core.domain.ids import SourceId
from core.domain.records.kinds import KINDS
from core.domain.records.source_records import Unreadable
from core.domain.selection.candidates import Blocked, Candidate, Eligible
from core.domain.text import strip_invisible
from gleanin_sync_testkit.clockless import without_clock
from gleanin_sync_testkit.kind_base import KindBase, Selected, naming_all
from gleanin_sync_testkit.requirements import requirement

INVISIBLE = "\u200b\u2060\u00ad"
BLANKS = ("", "  \t ", INVISIBLE)
ODD = Unreadable(SourceId("odd"), "The odd one", "It has two heads.")


class KindSelection(KindBase):
    @requirement("each record that was read has one candidate", rule=26)
    def test_each_record_has_one_candidate(self) -> None:
        rows = self.rows()
        assert len({row.id for row in rows}) > 1, "`rows` must return at least two rows with different ids"
        expected = {record_id for row in rows for record_id in self.record_ids(row)}
        selected = self.select(rows)
        self._check_candidates(selected)
        assert selected.verdicts.keys() == expected, (
            f"The records of the example rows are {sorted(expected)}, but the candidates {sorted(selected.verdicts)}"
        )

    @requirement(
        "complete records are eligible, with fields of the kind only, and without empty ones", rule=20
    )
    def test_complete_records_are_eligible(self) -> None:
        kind, selected = self.plugin.kind, self.select(self.rows())
        for candidate in selected.candidates:
            fields = selected.eligible(candidate.record.source_id).fields
            assert fields.keys() <= {*kind.fields}, (
                f"{sorted(fields.keys() - {*kind.fields})} are no fields of the kind: add them to it, or leave them out"
            )
            value: Any
            for name, value in fields.items():
                assert value, f"The field {name!r} is empty: leave it out (`filled` does)"
                assert isinstance(value, str) or (
                    isinstance(value, tuple) and all(isinstance(part, str) for part in value)
                ), f"The value of {name!r} is {value!r}: it must be text, or a tuple of texts"

    @requirement("a row that comes twice counts once, and the order of rows makes no difference", rule=26)
    def test_repeated_and_reordered_rows(self) -> None:
        rows = self.rows()
        expected = self.select(rows).verdicts
        for other in ([*rows, *rows], [rows[0], *rows], [*reversed(rows)]):
            selected = self.select(other)
            self._check_candidates(selected)
            assert selected.verdicts == expected, (
                "Rows that come twice, or in another order, change the selection"
            )

    @requirement("selecting again gives the same candidates, and leaves the rows as they are")
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

    @requirement("it takes the time from its context and reads no clock")
    def test_reads_no_clock(self) -> None:
        with without_clock(self.plugin.make_rows.__module__):
            self.select(self.rows())

    @requirement("a missing required field blocks the record and is named", rule=18)
    def test_missing_required_field(self) -> None:
        rows = self.rows()
        for field in self.own_required:
            for value in (None, *BLANKS):
                selected = self.select([self.with_value(rows[0], field, value), *rows[1:]])
                reason = selected.blocked(self.first_id(rows[0]))
                assert naming_all([field], reason), (
                    f"Without {field!r}, the reason does not name it: {reason}"
                )
                others = selected.verdicts.keys() - {*self.record_ids(rows[0])}
                assert all(isinstance(selected.of(other), Eligible) for other in others), (
                    f"A record without {field!r} must not keep others from being sent"
                )

    @requirement("all missing required fields are named, not only the first", rule=18)
    def test_all_missing_required_fields(self) -> None:
        row, source_id = self.example()
        for field in self.own_required:
            row = self.with_value(row, field, None)
        reason = self.select([row]).blocked(source_id)
        assert naming_all(self.own_required, reason), (
            f"{self.own_required} are all missing, but the reason names fewer: {reason}"
        )

    @requirement("no record is lost for an optional field", rule=14)
    def test_missing_optional_field(self) -> None:
        if not self.own_optional:
            pytest.skip("it has no optional fields of its own")
        rows = self.rows()
        before = self.select(rows).eligible(self.first_id(rows[0])).fields
        for field in self.own_optional:
            assert field in before, f"The first of the example rows needs a value of {field!r}"
            for value in (None, *BLANKS):
                changed = [self.with_value(rows[0], field, value), *rows[1:]]
                fields = self.select(changed).eligible(self.first_id(rows[0])).fields
                assert field not in fields, f"{field!r} is empty, but {fields[field]!r} would be sent"
                lost = before.keys() - fields.keys() - {field, *self.derived}
                assert not lost, f"Without {field!r}, {sorted(lost)} would not be sent either"

    @requirement("no invisible characters are sent", rule=18)
    def test_no_invisible_characters_are_sent(self) -> None:
        row, source_id = self.example()
        for field in self.plugin.kind.fields:
            if field in self.derived or field == "email":
                continue
            value = self.other_value(field)
            odd = self.with_value(row, field, f"{value}{INVISIBLE}\x00")
            sent = self.select([odd]).of(source_id)
            assert not isinstance(sent, Eligible) or all(
                strip_invisible(text) == text for text in _texts(sent.fields.get(field, ()))
            ), f"{field!r} would be sent with invisible characters: build rows with normalized texts"

    @requirement("an unreadable row is one blocked record, under its own name", rule=29)
    def test_unreadable_row(self) -> None:
        made = self.add([*self.rows(), ODD, ODD])
        self._check_candidates(self.select(made))
        found = [candidate for candidate in self._all(made) if candidate.record.source_id == ODD.id]
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

    @requirement("a row that comes readable and unreadable has one candidate", rule=26)
    def test_row_that_is_readable_and_unreadable(self) -> None:
        rows = self.rows()
        unreadable = Unreadable(rows[0].id, "Once more", "It was cut.")
        for both in ([*rows, unreadable], [unreadable, *rows]):
            self._check_candidates(self.select(both))

    @requirement("after a reading that is not complete, nothing counts as gone", rule=34)
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

    @requirement("something that is no row of its feed is refused")
    def test_no_row_of_the_feed(self) -> None:
        for other in (None, "text", {"id": "1"}, object()):
            with pytest.raises(TypeError):
                self.add([other])

    @requirement("the instants that it tells have a time zone")
    def test_instants_have_a_zone(self) -> None:
        made = self.add(self.rows())
        transition = made.next_transition_at
        for instant in (*made.instants, *((transition,) if transition else ())):
            assert instant.tzinfo is not None, f"{instant} has no time zone"
        assert made.masked is None, f"`masked` is {made.masked!r}, but no e-mail of the example rows is"

    @requirement("what depends on other records is a set of its own records", rule=25)
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

    def _check_candidates(self, selected: Selected) -> None:
        """Check what holds for any candidates."""
        ids = [candidate.record.source_id for candidate in selected.candidates]
        twice = {each for each in ids if ids.count(each) > 1}
        assert not twice, f"{sorted(twice)} have several candidates"
        assert selected.selection.size == len(ids), (
            f"`Selection.size` is {selected.selection.size}, but there are {len(ids)} candidates"
        )
        for candidate in selected.candidates:
            assert candidate.record.kind is self.plugin.kind, f"{candidate.record} is of another kind"
            assert candidate.record.label.strip(), f"{candidate.record.source_id!r} has no label"

    def _all(self, made: Any) -> list[Candidate]:
        """Return the candidates of all kinds that are selected from these rows."""
        index, none = self._nothing()
        return [
            candidate
            for selector in made.selectors().values()
            for candidate in selector.select(index, {}, none).candidates()
        ]

    def _nothing(self) -> tuple[Any, Any]:
        from core.domain.planning.destination_index import DestinationIndex
        from gleanin_sync_testkit.kind_base import CONNECTION, SYSTEMS

        none = {other.name: frozenset[SourceId]() for other in KINDS}
        return DestinationIndex(SYSTEMS.source, CONNECTION), none


def _texts(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
