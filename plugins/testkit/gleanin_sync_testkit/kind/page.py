"""What a suite requires of a kind's page: it shows any row."""

from collections.abc import Iterator
from typing import Any

from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.requirements import requirement
from ports.plugins import PageColumn, SettingValue

PAGE = ("has_page",)


class KindPage(KindBase):
    @requirement("Its page has a title, a search, and columns with different headings", needs=PAGE)
    def test_page_has_headings(self) -> None:
        assert self.plugin.page_label.strip(), "`page_label` is blank"
        assert self.plugin.search_label.strip(), "`search_label` is empty"
        headings = [column.heading for column in self.plugin.columns]
        assert all(heading.strip() for heading in headings), f"A column has no heading: {headings}"
        assert len(set(headings)) == len(headings), f"Several columns have the same heading: {headings}"

    @requirement("Each line has a name, and the id of a record", needs=PAGE)
    def test_lines_are_records(self) -> None:
        for row in self._rows():
            records = self.select([row]).verdicts.keys()
            lines = [*self.plugin.lines(row)]
            ids = [line.id for line in lines]
            assert {*ids} <= records, (
                f"The lines of {row!r:.200} have the ids {ids}, but its records are {sorted(records)}"
            )
            assert len(set(ids)) == len(ids), f"Several lines of {row!r:.200} have the same id: {ids}"
            for line in lines:
                assert isinstance(line.label, str) and line.label.strip(), f"{line!r:.200} has no label"

    @requirement("Each column is a text, also where values are missing", needs=PAGE)
    def test_columns_are_texts(self) -> None:
        for row in self._rows():
            for line in self.plugin.lines(row):
                for column in self.plugin.columns:
                    text = column.text(line, *self._defaults(column))
                    assert isinstance(text, str), (
                        f"{column.heading!r} of {line!r:.200} is {text!r:.60}, no text"
                    )

    def _defaults(self, column: PageColumn) -> list[SettingValue]:
        """Return the default of the setting on which a column depends; nothing if it depends on none."""
        found = [setting.default for setting in self.plugin.kind.settings if setting.name == column.setting]
        assert bool(found) == bool(column.setting), (
            f"{column.heading!r} depends on a setting {column.setting!r}, which the kind does not have"
        )
        return found

    def _rows(self) -> Iterator[Any]:
        """Yield the example rows, and the first one without each field, and without all."""
        yield from self.rows()
        bare = self.rows()[0]
        for field in (*self.own_required, *self.own_optional):
            yield self.with_value(self.rows()[0], field, None)
            bare = self.with_value(bare, field, None)
        yield bare
