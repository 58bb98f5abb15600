"""The page of a kind that a plug-in brings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Unreadable
from core.domain.systems import ExternalSystem
from core.usecases.sync.get_event import EventView
from entrypoints.http.pages.events.record_page import Cell, Column, RecordPage, has_left, steps_of
from ports.plugins import KindPlugin, PageColumn


@dataclass(frozen=True, slots=True)
class PluginPageRow:
    record_id: SourceId
    label: str
    step: Step | None
    line: Any = None
    """What the plug-in made of a row; None for a record that has left, or a row that cannot be read."""
    has_left: bool = False

    def fits(self, search: RecordSearch) -> bool:
        email = self.step.record.email if self.step else None
        return search.fits(self.label, email, self.record_id)


def page_of(plugin: KindPlugin) -> RecordPage[PluginPageRow]:
    return RecordPage(
        plugin.kind.scope,
        plugin.page_label,
        plugin.kind.plural.capitalize(),
        plugin.search_label,
        partial(_rows, plugin),
        partial(_columns, plugin),
    )


def _rows(plugin: KindPlugin, view: EventView) -> Iterator[PluginPageRow]:
    """Yield a line for each record, then those that are in the destination but no longer in the source."""
    steps, shown = steps_of(view, plugin.kind), set[SourceId]()
    for row in view.rows(plugin.kind.feed):
        for line in (row,) if isinstance(row, Unreadable) else plugin.lines(row):
            shown.add(line.id)
            what = None if isinstance(line, Unreadable) else line
            yield PluginPageRow(line.id, line.label, steps.get(line.id), what)
    for record_id, step in steps.items():
        if record_id not in shown:
            yield PluginPageRow(record_id, step.record.label, step, has_left=has_left(step))


def _columns(
    plugin: KindPlugin, source: ExternalSystem, _zone: str | None
) -> Sequence[Column[PluginPageRow]]:
    def name(row: PluginPageRow) -> Cell:
        email = (row.step.record.email if row.step else None) or ""
        return Cell(row.label, "" if email == row.label else email)

    # Not `Column[PluginPageRow](...)`, which sets an attribute of what it makes: frozen ones with slots refuse that.
    first: Column[PluginPageRow] = Column(plugin.kind.singular.capitalize(), name, is_record=True)
    state: Column[PluginPageRow] = Column("", lambda row: Cell(f"Not in {source}" if row.has_left else ""))
    rest: list[Column[PluginPageRow]] = [
        Column(column.heading, partial(_cell, column), is_labelled=True) for column in plugin.columns
    ]
    return first, *(rest or [state])


def _cell(column: PageColumn, row: PluginPageRow) -> Cell:
    if row.line is None:
        return Cell("")
    try:
        return Cell(str(column.text(row.line)))
    except Exception:  # noqa: BLE001 - whatever a plug-in raises, the rest of the page is shown
        return Cell("Cannot be shown")
