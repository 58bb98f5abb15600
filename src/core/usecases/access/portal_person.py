"""The person whose portal page is handed out, opened or revoked (rules 30 and 31)."""

from dataclasses import dataclass

from core.domain.access.portal_links import PersonRef
from core.domain.errors import require, validate_id
from core.domain.ids import MappingId, SourceId
from core.domain.records.kinds import PEOPLE, RecordKind
from core.domain.records.synced_records import SyncedRecord
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.unit_of_work import UnitOfWork

PURPOSE = "portal"
PERSON_KINDS = {kind.name: kind for kind in PEOPLE}


@dataclass(frozen=True, slots=True)
class PersonQuery:
    """A synced person, as somebody who looks at a mapping names them."""

    mapping_id: MappingId
    kind: str
    source_id: SourceId


async def find_person(unit: UnitOfWork, who: PersonQuery) -> tuple[EventMapping, SyncedRecord]:
    mapping = require(await unit.mappings.get(who.mapping_id), "mapping", who.mapping_id)
    kind = require(PERSON_KINDS.get(who.kind), "kind of person", who.kind)
    validate_id("synced person", who.source_id)
    people = await unit.synced.find(mapping.organization_id, mapping.events.gleanin_id, kind, [who.source_id])
    return mapping, require(people.get(who.source_id), "synced person", who.source_id)


def person_ref(mapping: EventMapping, kind: RecordKind, source_id: SourceId) -> PersonRef:
    return PersonRef(mapping.organization_id, mapping.events.gleanin_id, kind, source_id)
