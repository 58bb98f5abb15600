"""What an author says about a kind of records, and what its suite makes of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from core.domain.ids import ConnectionId, DestinationId, SourceId, external_id
from core.domain.planning.destination_index import DestinationIndex
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.kind_settings import SettingValue
from core.domain.records.kinds import KINDS
from core.domain.records.reasons import field_name
from core.domain.selection.candidates import Candidate
from core.domain.selection.feed_rows import FeedRows, SelectionContext
from core.domain.systems import ExternalSystem, Systems
from core.domain.tenancy.event_mappings import MappingSettings
from gleanin_sync_testkit.kind.capabilities import KindCapabilities
from gleanin_sync_testkit.kind.selected import Selected
from gleanin_sync_testkit.memory_source import MEMORY
from gleanin_sync_testkit.programmes import NOW
from gleanin_sync_testkit.registered_kinds import registered
from ports.plugins import KindPlugin

DEFAULTS = MappingSettings()
CONNECTION = ConnectionId("connection")
SYSTEMS = Systems(MEMORY, ExternalSystem("elsewhere", "Elsewhere"))


class KindBase:
    """The attributes and methods that an author sets."""

    plugin: ClassVar[KindPlugin]
    capabilities: ClassVar[KindCapabilities]
    samples: ClassVar[Mapping[str, Sequence[Any]]] = {}
    """For each source that the plug-in has a reader for: objects as that source sends them, all of them readable."""
    other_values: ClassVar[Mapping[str, str]] = {}
    """A valid value of each field for which "Another …" is none; by default, `email` has one."""
    derived: ClassVar[Sequence[str]] = ()
    """The fields whose value follows from other fields or from the destination, so that no edit concerns them alone."""

    pictures: ClassVar[Sequence[str]] = ("headshot", "logo")
    """The fields, among those that the kind has, whose values are addresses of pictures."""

    setting_values: ClassVar[Mapping[str, Sequence[SettingValue]]] = {}
    """Values to try of settings that are texts, by the setting's name; by default "Something"."""

    def rows(self) -> Sequence[Any]:
        """Return at least two rows of the feed, with different ids, whose records are all eligible."""
        raise NotImplementedError

    def record_ids(self, row: Any) -> Sequence[str]:
        """Return the ids of the records that come from a row."""
        return (row.id,)

    def with_value(self, row: Any, field: str, value: str | None) -> Any:
        """Return the row with another value of a field of its first record; None for a row without it.

        By default, the row is a dataclass with an attribute for each field. The value may be blank, or have invisible
        characters: normalize it if the reader does, rather than the row itself.
        """
        return replace(row, **{field: value})

    @pytest.fixture(autouse=True)
    def _register(self) -> Iterator[None]:
        """Register the kind while a test runs, as an installation does; one that clashes with another fails by its words."""
        with ExitStack() as stack:
            with suppress(ValueError):
                stack.enter_context(registered(self.plugin))
            yield

    def other_value(self, field: str) -> str:
        """Return a valid value of a field, which no row has."""
        default = "another@example.org" if field == "email" else f"Another {field_name(field)}"
        return self.other_values.get(field, default)

    @property
    def own_required(self) -> tuple[str, ...]:
        return tuple(name for name in self.plugin.kind.required if name not in self.derived)

    @property
    def own_optional(self) -> tuple[str, ...]:
        return tuple(name for name in self.plugin.kind.optional if name not in self.derived)

    @property
    def picture_fields(self) -> tuple[str, ...]:
        return tuple(name for name in self.plugin.kind.fields if name in self.pictures)

    def first_id(self, row: Any) -> str:
        return self.record_ids(row)[0]

    def example(self) -> tuple[Any, str]:
        """Return the first row with the id of its first record."""
        row = self.rows()[0]
        return row, self.first_id(row)

    def add(self, rows: Iterable[Any], now: datetime = NOW, settings: MappingSettings = DEFAULTS) -> FeedRows:
        """Add rows as a run does."""
        made = self.plugin.make_rows(SelectionContext(settings, ZoneInfo("Europe/Paris"), now, SYSTEMS))
        for row in rows:
            made.add(row)
        return made

    def select(
        self,
        rows: Iterable[Any] | FeedRows,
        emails_there: Mapping[str, str] | None = None,
        excluded: AbstractSet[str] = frozenset(),
    ) -> Selected:
        """Select the kind's records.

        Args:
            rows: of the feed.
            emails_there: the e-mail that each of our records has in the destination, by the record's id.
            excluded: ids of records that must not be written any more (rule 10).
        """
        kind = self.plugin.kind
        made: Any = rows if hasattr(rows, "selectors") else self.add(rows)
        index = DestinationIndex(SYSTEMS.source, CONNECTION)
        index.add(kind, [_sent(source_id, email) for source_id, email in (emails_there or {}).items()])
        selectors = made.selectors()
        assert kind in selectors, f"selectors() has none for {kind!r}, only for {[*map(str, selectors)]}"
        none = {other.name: frozenset[SourceId]() for other in KINDS}
        selection = selectors[kind].select(index, {}, none | {kind.name: frozenset(map(SourceId, excluded))})
        return Selected(made, selection, list(selection.candidates()))

    def check_candidates(self, selected: Selected) -> None:
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

    def all_candidates(self, made: FeedRows) -> list[Candidate]:
        """Return the candidates of all kinds that are selected from these rows."""
        index = DestinationIndex(SYSTEMS.source, CONNECTION)
        none = {other.name: frozenset[SourceId]() for other in KINDS}
        return [
            candidate
            for selector in made.selectors().values()
            for candidate in selector.select(index, {}, none).candidates()
        ]


def _sent(source_id: str, email: str) -> DestinationRecord:
    sent_as = external_id(SYSTEMS.source, CONNECTION, SourceId(source_id))
    return DestinationRecord(DestinationId(f"there-{source_id}"), sent_as, email)
