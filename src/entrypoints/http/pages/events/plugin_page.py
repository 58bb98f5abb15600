"""The page of a kind that a plug-in brings."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Unreadable
from core.domain.selection.failures import KindFailed
from core.domain.systems import ExternalSystem
from core.domain.tenancy.kind_values import value_of
from core.usecases.sync.get_event import EventView
from entrypoints.http.pages.events.record_page import Cell, Column, RecordPage, has_left, steps_of
from ports.plugins import KindPlugin, PageColumn, SettingValue


@dataclass(frozen=True, slots=True)
class PluginPageRow:
    record_id: SourceId
    label: str
    step: Step | None
    texts: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """What the plug-in shows of it, by the column's heading, each of which may raise KindFailed; nothing for a record that
    has left, or a row that cannot be read."""
    has_left: bool = False
    problem: str = ""
    """Why the plug-in made nothing of the row, in a sentence."""

    def fits(self, search: RecordSearch) -> bool:
        """Check whether the record, or what stands in one of the columns, matches a search."""
        email = self.step.record.email if self.step else None
        return search.fits(self.label, email, self.record_id) or any(
            search.fits(text, None, "") for text in self._shown()
        )

    def _shown(self) -> Iterator[str]:
        for text in self.texts.values():
            with suppress(KindFailed):
                yield text()


def page_of(plugin: KindPlugin) -> RecordPage[PluginPageRow]:
    """Return the page of a kind whose functions raise nothing but KindFailed."""
    return RecordPage(
        plugin.kind.scope,
        plugin.page_label,
        plugin.kind.plural.capitalize(),
        plugin.search_label,
        partial(_rows, plugin),
        partial(_columns, plugin),
        problems=partial(_problems, plugin),
        sync_words=plugin.kind.plural,
        is_read_from=lambda source: source.identifier in plugin.readers,
    )


def _rows(plugin: KindPlugin, view: EventView) -> Iterator[PluginPageRow]:
    """Yield a line for each record, then those that are in the destination but no longer in the source."""
    steps, shown = steps_of(view, plugin.kind), set[SourceId]()
    settings = _settings(plugin, view)
    for row in view.rows(plugin.kind.feed):
        for record_id, label, line, problem in _lines(plugin, row):
            shown.add(record_id)
            texts = {} if line is None else _texts(plugin.columns, line, settings)
            yield PluginPageRow(record_id, label, steps.get(record_id), texts, problem=problem)
    for record_id, step in steps.items():
        if record_id not in shown:
            yield PluginPageRow(record_id, step.record.label, step, has_left=has_left(step))


def _settings(plugin: KindPlugin, view: EventView) -> Mapping[str, SettingValue]:
    """Return the values of the kind's settings for the event's mapping."""
    chosen = view.mapping.settings.kinds if view.mapping else {}
    return {setting.name: value_of(chosen, plugin.kind, setting) for setting in plugin.kind.settings}


def _texts(
    columns: Iterable[PageColumn], line: Any, settings: Mapping[str, SettingValue]
) -> Mapping[str, Callable[[], str]]:
    return {
        column.heading: partial(column.text, line, *([settings[column.setting]] if column.setting else ()))
        for column in columns
    }


def _lines(plugin: KindPlugin, row: Any) -> Iterable[tuple[SourceId, str, Any, str]]:
    """Return id, label, line and problem of each line of a row; what the plug-in makes nothing of has no line."""
    if isinstance(row, Unreadable):
        return [(row.id, row.label, None, "")]
    try:
        return [(line.id, line.label, line, "") for line in plugin.lines(row)]
    except KindFailed as failed:
        return [(row.id, str(getattr(row, "label", row.id)), None, str(failed))]


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
    return Cell(row.texts[column.heading]() if row.texts else "")


def _problems(plugin: KindPlugin, rows: Sequence[PluginPageRow]) -> Mapping[str, str]:
    """Return why columns, by their heading, cannot be shown of these rows; of the rows themselves under ""."""
    problems = dict[str, str]()
    for row in rows:
        if row.problem:
            problems[""] = row.problem
    for column in plugin.columns:
        try:
            for row in rows:
                _cell(column, row)
        except KindFailed as failed:
            problems[column.heading] = str(failed)
    return problems
