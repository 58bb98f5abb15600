"""What selection keeps of a feed's rows, and how a kind's records are selected from them."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from core.domain.ids import SourceId
from core.domain.records.kind_settings import SettingValue
from core.domain.records.kinds import RecordKind
from core.domain.records.spooled import InMemorySpool, Spool
from core.domain.selection.candidates import Selection
from core.domain.selection.destination_view import DestinationView
from core.domain.systems import Systems
from core.domain.tenancy.event_mappings import MappingSettings
from core.domain.tenancy.kind_values import value_of

KeptId = Callable[[RecordKind, SourceId], SourceId]
"""Returns an equal id that is in memory already: of tens of thousands, none need be kept twice."""


def same_id(_kind: RecordKind, source_id: SourceId) -> SourceId:
    return source_id


@dataclass(frozen=True, slots=True)
class SelectionContext:
    """What the selection of a run depends on besides the rows."""

    settings: MappingSettings
    zone: ZoneInfo
    now: datetime
    systems: Systems
    spool: Spool = field(default_factory=InMemorySpool)
    """Where rows are kept until they are sent."""
    kept_id: KeptId = same_id

    def setting(self, kind: RecordKind, name: str) -> SettingValue:
        """Return what an admin chose for one of the kind's settings, or its default."""
        setting = next(setting for setting in kind.settings if setting.name == name)
        return value_of(self.settings.kinds, kind, setting)


class Selector(Protocol):
    """Selects the records of one kind."""

    def select(
        self,
        destination: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection: ...

    def dependents(self, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return the records that depend on any of others, given by the kind's name."""
        ...


class FeedRows(Protocol):
    """The rows of one feed, evaluated as they are read; only what will be sent is kept of each."""

    incomplete: bool
    """Not everything could be read, so no record counts as having left (rule 34)."""

    @property
    def masked(self) -> str | None:
        """An e-mail that came masked, if one did (rule 16)."""
        ...

    @property
    def instants(self) -> AbstractSet[datetime]:
        """When what syncs starts and ends: rule 7 compares the time zones over these."""
        ...

    @property
    def next_transition_at(self) -> datetime | None:
        """When time alone changes what is to be done with a row, if that is known."""
        ...

    def add(self, row: object) -> None:
        """Add one row; a row that comes twice, as when rows move between pages, counts once.

        Raises:
            TypeError: it is no row of this feed.
            RowFailed: the row cannot be used; it is reported as unreadable.
        """
        ...

    def selectors(self) -> Mapping[RecordKind, Selector]:
        """Return the selector of each kind that is selected from these rows."""
        ...
