"""The page of a plug-in's kind: its lines and columns, and what is shown when its code raises."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.plugins.kind_guard import guarded
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Person, SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import MappingSettings
from core.usecases.sync.get_event import EventView
from entrypoints.http.pages.events.plugin_page import PluginPageRow, page_of
from entrypoints.http.pages.events.record_page import RecordPage
from ports.plugins import KindPlugin, PageColumn
from tests.plugins.toy_kind.toy_kind import PLUGIN
from tests.support.builders import mapping
from tests.support.systems import SESSIONBOARD

HEDY = Person(SourceId("h1"), full_name="Hedy Help", job_title="Morning shift")
BROKEN = Person(SourceId("h2"), full_name="Hugo Help", job_title="Break the column")


def page(plugin: KindPlugin = PLUGIN) -> RecordPage[PluginPageRow]:
    return page_of(guarded(plugin, "toy-kind"))


def rows_of(page: RecordPage[PluginPageRow], *helpers: Any) -> list[PluginPageRow]:
    event = SourceEvent(SourceEventId("summer"), "Summer", "Europe/Paris")
    return [*page.rows(EventView(event, datetime(2030, 1, 1, tzinfo=UTC), {"helpers": helpers}))]


def texts_of(page: RecordPage[PluginPageRow], rows: list[PluginPageRow]) -> tuple[list[list[str]], list[str]]:
    columns, problems = page.shown_columns(rows, SESSIONBOARD, None)
    table = [
        [column.heading for column in columns],
        *([column.cell(row).text for column in columns] for row in rows),
    ]
    return table, [*problems]


def test_rule_43_the_menu_entry_and_the_page_say_what_the_kind_is_called() -> None:
    assert (page().sync_words, page().label, page().what) == ("helpers", "Helpers", "Helpers")


def test_rule_44_a_source_without_a_reader_for_the_kind_is_not_said_to_have_such_records() -> None:
    other = ExternalSystem("pretalx", "pretalx")
    assert (page().is_read_from(SESSIONBOARD), page().is_read_from(other)) == (True, False)
    assert page().empty(SESSIONBOARD) == (
        "No helpers yet",
        "Helpers appear here once they are added in Sessionboard.",
    )
    assert page().empty(other) == ("No helpers", "Helpers are not read from pretalx.")


def test_rule_43_columns_show_what_the_plugin_makes_of_each_row() -> None:
    rows = rows_of(page(), HEDY, Unreadable(SourceId("h3"), "Row 3", "It is empty."))
    assert texts_of(page(), rows) == (
        [["Helper", "Shift"], ["Hedy Help", "Morning shift"], ["Row 3", ""]],
        [],
    )


def test_rule_43_a_column_that_raises_is_left_out_with_a_sentence() -> None:
    table, problems = texts_of(page(), rows_of(page(), HEDY, BROKEN))
    assert table == [["Helper"], ["Hedy Help"], ["Hugo Help"]]
    failed = "toy-kind failed: ZeroDivisionError: the column broke. Report this to its authors."
    assert problems == [f"The column Shift is not shown: {failed}"]


def test_rule_43_the_column_with_the_names_stays_if_another_of_its_heading_raises() -> None:
    shift = replace(PLUGIN.columns[0], heading="Helper")
    broken = page(replace(PLUGIN, columns=(shift,)))
    table, _ = texts_of(broken, rows_of(broken, BROKEN))
    assert table == [["Helper"], ["Hugo Help"]]


def test_rule_43_a_row_of_which_no_lines_can_be_made_is_shown_by_its_name_with_a_sentence() -> None:
    def lines(row: Person) -> Iterable[Person]:
        if row is BROKEN:
            raise KeyError("id")
        return (row,)

    broken = page(
        replace(PLUGIN, lines=lines, columns=(PageColumn("Shift", lambda person: person.job_title or ""),))
    )
    table, problems = texts_of(broken, rows_of(broken, BROKEN, HEDY))
    assert table == [["Helper", "Shift"], ["Hugo Help", ""], ["Hedy Help", "Morning shift"]]
    assert problems == ["toy-kind failed: KeyError: 'id'. Report this to its authors."]


def test_rule_43_a_column_can_depend_on_a_setting_of_the_mapping() -> None:
    def shift(person: Person, team: str) -> str:
        return f"{team}: {person.job_title}"

    by_team = page(replace(PLUGIN, columns=(PageColumn("Shift", shift, setting="team"),)))
    event = SourceEvent(SourceEventId("summer"), "Summer", "Europe/Paris")
    view = EventView(event, datetime(2030, 1, 1, tzinfo=UTC), {"helpers": (HEDY,)})
    mapped = replace(view, mapping=mapping(settings=MappingSettings(kinds={"helper": {"team": "Doors"}})))
    for each, shown in ((view, ": Morning shift"), (mapped, "Doors: Morning shift")):
        table, problems = texts_of(by_team, [*by_team.rows(each)])
        assert (table[1], problems) == (["Hedy Help", shown], [])


def test_rule_43_a_search_finds_what_stands_in_a_column() -> None:
    rows = rows_of(page(), HEDY, BROKEN)
    for text, found in (("morning", ["Hedy Help"]), ("HUGO", ["Hugo Help"]), ("evening", [])):
        assert [row.label for row in rows if row.fits(RecordSearch(text))] == found
