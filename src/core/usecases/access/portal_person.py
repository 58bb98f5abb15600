"""The person whose portal link is created, opened or revoked (rules 30 and 31)."""

from dataclasses import dataclass

from core.domain.access.portal_links import PersonRef
from core.domain.errors import NotFound, require, validate_id
from core.domain.ids import MappingId, SourceId
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.synced_records import SyncedRecord
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.unit_of_work import UnitOfWork

PURPOSE = "portal"


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """A synced person, identified within a mapping."""

    mapping_id: MappingId
    kind: str
    source_id: SourceId


async def find_person(unit: UnitOfWork, query: PersonQuery) -> tuple[EventMapping, SyncedRecord]:
    mapping = require(await unit.mappings.get(query.mapping_id), "mapping", query.mapping_id)
    kind = KINDS.named(query.kind)
    if not kind.is_person:
        raise NotFound("kind of person", query.kind)
    validate_id("synced person", query.source_id)
    people = await unit.synced.find(
        mapping.organization_id, mapping.events.destination_id, kind, [query.source_id]
    )
    return mapping, require(people.get(query.source_id), "synced person", query.source_id)


def person_ref(mapping: EventMapping, kind: RecordKind, source_id: SourceId) -> PersonRef:
    return PersonRef(mapping.organization_id, mapping.events.destination_id, kind, source_id)
