"""Creates that earlier runs were about to send and whose outcome they did not record (rule 32)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.domain.ids import SourceId
from core.domain.records.kinds import KINDS
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

    @property
    def source_ids(self) -> Mapping[str, AbstractSet[SourceId]]:
        return {name: intents.keys() for name, intents in self.by_kind.items()}

    def _of_record(self, record: RecordRef) -> CreateIntent | None:
        return self.of(record.kind.name).get(record.source_id)

    def _of_contact(self, record: RecordRef) -> list[CreateIntent]:
        """Return the intents to send a record as any kind of its group: it has one external id for all (rule 44)."""
        kinds = KINDS.sharing(record.kind.group) if self.by_kind else ()
        found = (self.of(kind.name).get(record.source_id) for kind in kinds)
        return [intent for intent in found if intent is not None]

    def field_names(self, record: RecordRef) -> tuple[str, ...]:
        """Return the names of the fields that an earlier create of the record had."""
        intent = self._of_record(record)
        return intent.field_names if intent else ()

    def forbid(self, record: RecordRef) -> bool:
        """Check whether a record that was not found may still appear."""
        looked_up_at = self.looked_up_at
        if looked_up_at is None:
            return False
        return any(
            not intent.may_be_sent_again(looked_up_at, self.gap) for intent in self._of_contact(record)
        )

    def time_left(self, record: RecordRef) -> timedelta:
        """Return the time from the look-up until the record may be sent again."""
        none = timedelta(0)
        if self.looked_up_at is None:
            return none
        sent = [intent.sent_at for intent in self._of_contact(record) if intent.sent_at is not None]
        # A clock that was set back must not prolong the wait.
        return min(max(max(sent) + self.gap - self.looked_up_at, none), self.gap) if sent else none


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
