"""Creates that earlier runs were about to send and whose outcome they did not record (rule 32)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.ids import SourceId
from core.domain.records.outcomes import RecordRef
from core.domain.records.synced_records import CreateIntent
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class OpenIntents:
    looked_up_at: datetime | None = None
    """When the reading of the destination that did not find these creates began, by the database's clock."""
    gap: timedelta = timedelta(0)
    """How long after the latest create a record must not be sent again."""
    by_kind: Mapping[str, Mapping[SourceId, CreateIntent]] = field(default_factory=dict)

    @property
    def are_any(self) -> bool:
        return any(self.by_kind.values())

    def of(self, kind_name: str) -> Mapping[SourceId, CreateIntent]:
        return self.by_kind.get(kind_name, {})

    def has(self, record: RecordRef) -> bool:
        return self._of_record(record) is not None

    def _of_record(self, record: RecordRef) -> CreateIntent | None:
        return self.of(record.kind.name).get(record.source_id)

    def field_names(self, record: RecordRef) -> tuple[str, ...]:
        """Return the names of the fields that an earlier create of the record had."""
        intent = self._of_record(record)
        return intent.field_names if intent else ()

    def forbid(self, record: RecordRef) -> bool:
        """Check whether a record that was not found may still appear."""
        intent = self._of_record(record)
        if intent is None or self.looked_up_at is None:
            return False
        return not intent.may_be_sent_again(self.looked_up_at, self.gap)

    def time_left(self, record: RecordRef) -> timedelta:
        """Return the time from the look-up until the record may be sent again."""
        intent = self._of_record(record)
        if intent is None or intent.sent_at is None or self.looked_up_at is None:
            return timedelta(0)
        # A clock that was set back must not prolong the wait.
        return min(max(intent.sent_at + self.gap - self.looked_up_at, timedelta(0)), self.gap)


async def load_intents(
    units: UnitOfWorkFactory, mapping: EventMapping, gap: timedelta = timedelta(0)
) -> OpenIntents:
    """Load the intents, before the destination is read: the time of loading counts as the time of the look-up."""
    scope = mapping.organization_id, mapping.events.destination_id
    async with units.read() as unit:
        intents, now = await unit.intents.list_open(*scope), await unit.now()
    by_kind: dict[str, dict[SourceId, CreateIntent]] = {}
    for intent in intents:
        by_kind.setdefault(intent.kind.name, {})[intent.source_id] = intent
    return OpenIntents(now, gap, by_kind)


async def take_over_intents(units: UnitOfWorkFactory, mapping: EventMapping, gap: timedelta) -> OpenIntents:
    """Load the intents, and date those of a killed run: it stopped before this run began, so it sends nothing more."""
    found = await load_intents(units, mapping, gap)
    undated = [
        intent for of_kind in found.by_kind.values() for intent in of_kind.values() if intent.sent_at is None
    ]
    if not undated:
        return found
    scope = mapping.organization_id, mapping.events.destination_id
    async with units.write() as unit:
        for kind in {intent.kind for intent in undated}:
            source_ids = [intent.source_id for intent in undated if intent.kind == kind]
            await unit.intents.mark_sent(*scope, kind, source_ids)
        await unit.commit()
    return await load_intents(units, mapping, gap)
