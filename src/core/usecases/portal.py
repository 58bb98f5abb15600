"""Portal addresses: hand one out, open it, revoke what was handed out (rules 30 and 31)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.portal_links import PersonRef, check_address
from core.domain.errors import AddressExpired, check_asked, found
from core.domain.ids import GleaninEventId, MappingId, OrganizationId, SourceId
from core.domain.records.kinds import PEOPLE, RecordKind
from core.domain.records.synced_records import ShareLink, SyncedRecord, presentable
from core.domain.tenancy.event_mappings import EventMapping
from ports.clock import Clock
from ports.persistence import Unit, Units
from ports.signer import NotSigned, Signer

_PURPOSE = "portal"
_KINDS = {kind.name: kind for kind in PEOPLE}


@dataclass(frozen=True, slots=True)
class Who:
    """A synced person, as somebody who looks at a mapping names them."""

    mapping_id: MappingId
    kind: str
    source_id: SourceId


@dataclass(frozen=True, slots=True)
class MakePortalAddress:
    units: Units
    signer: Signer
    clock: Clock

    async def __call__(self, who: Who, *, by: str) -> str:
        """Give the last part of a person's portal address.

        Raises:
            NotFound: there is no such mapping, or no such person was synced.
            NotMapped: the mapping has ended; addresses that were made before go on.
        """
        async with self.units.writing() as unit:
            mapping, person = await _found(unit, who)
            mapping.check_active()
            now = self.clock.now()
            entry = AuditEntry(now, by, Action.PORTAL_ADDRESS_MADE, mapping.organization_id, person.label)
            await unit.audit.add(entry)
            await unit.commit()
        claims = [mapping.organization_id, mapping.events.gleanin_id, person.kind.name, person.source_id]
        return self.signer.sign(_PURPOSE, json.dumps(claims, separators=(",", ":")), now)


@dataclass(frozen=True, slots=True)
class RevokePortalAddresses:
    units: Units
    clock: Clock

    async def __call__(self, who: Who, *, by: str) -> None:
        """Let no address of a person's page that was made up to now open it any more.

        Raises:
            NotFound: there is no such mapping, or no such person was synced.
        """
        async with self.units.writing() as unit:
            mapping, person = await _found(unit, who)
            now = self.clock.now()
            await unit.portal_revocations.save(_ref(mapping, person.kind, person.source_id), now)
            entry = AuditEntry(now, by, Action.PORTAL_ADDRESS_REVOKED, mapping.organization_id, person.label)
            await unit.audit.add(entry)
            await unit.commit()


@dataclass(frozen=True, slots=True)
class PortalPage:
    """All that a portal page shows: of one person, and of nobody else (rule 31)."""

    kind: RecordKind
    name: str
    event: str
    links: Sequence[ShareLink]


@dataclass(frozen=True, slots=True)
class OpenPortal:
    units: Units
    signer: Signer
    clock: Clock

    async def __call__(self, address: str) -> PortalPage:
        """Give what the page behind an address shows.

        Raises:
            AddressExpired: it was not made here, is too old, was revoked, or the person is not known any more.
        """
        try:
            claims, made_at = self.signer.read(_PURPOSE, address)
        except NotSigned:
            raise AddressExpired from None
        organization_id, event_id, kind_name, source_id = json.loads(claims)
        ref = PersonRef(
            OrganizationId(organization_id), GleaninEventId(event_id), _KINDS[kind_name], SourceId(source_id)
        )
        async with self.units.reading() as unit:
            check_address(made_at, await unit.portal_revocations.of(ref), self.clock.now())
            people = await unit.synced.find(ref.organization_id, ref.event_id, ref.kind, [ref.source_id])
            mappings = await unit.mappings.of_organization(ref.organization_id)
        person = people.get(ref.source_id)
        events = [each.sessionboard_name for each in mappings if each.events.gleanin_id == ref.event_id]
        if person is None or not events:
            raise AddressExpired
        return PortalPage(ref.kind, person.label, events[-1], presentable(person.links))


async def _found(unit: Unit, who: Who) -> tuple[EventMapping, SyncedRecord]:
    mapping = found(await unit.mappings.get(who.mapping_id), "mapping", who.mapping_id)
    kind = found(_KINDS.get(who.kind), "kind of person", who.kind)
    check_asked("synced person", who.source_id)
    people = await unit.synced.find(mapping.organization_id, mapping.events.gleanin_id, kind, [who.source_id])
    return mapping, found(people.get(who.source_id), "synced person", who.source_id)


def _ref(mapping: EventMapping, kind: RecordKind, source_id: SourceId) -> PersonRef:
    return PersonRef(mapping.organization_id, mapping.events.gleanin_id, kind, source_id)
