"""Make, list and revoke the portal addresses of any selection of people (rule 39)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.access.portal_links import PersonRef, PortalAddress, new_address, valid_address
from core.domain.records.synced_records import SyncedRecord
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.portal_person import PURPOSE, person_ref
from core.usecases.access.portal_selection import HandOut, PortalSelection, described, refs, selected
from ports.clock import Clock
from ports.signer import Signer
from ports.store.access import PortalTimes
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


def signed_address(signer: Signer, person: PersonRef, address: PortalAddress) -> str:
    """Return the last part of a person's portal URL, which is the same each time."""
    claims = [person.organization_id, person.event_id, person.kind.name, person.source_id]
    return signer.sign(PURPOSE, json.dumps(claims, separators=(",", ":")), address.made_at)


@dataclass(frozen=True, slots=True)
class ListPortalAddresses:
    units: UnitOfWorkFactory
    signer: Signer
    clock: Clock

    async def __call__(self, selection: PortalSelection) -> Sequence[HandOut]:
        """Return the selected people with their valid addresses.

        Raises:
            NotFound, InvalidInput: see `selected`.
        """
        async with self.units.read() as unit:
            mapping, people = await selected(unit, selection)
            return await self.of(unit, mapping, people)

    async def of_people(self, mapping: EventMapping, people: Sequence[SyncedRecord]) -> Sequence[HandOut]:
        """Return people who were listed already with their valid addresses."""
        async with self.units.read() as unit:
            return await self.of(unit, mapping, people)

    async def of(
        self, unit: UnitOfWork, mapping: EventMapping, people: Sequence[SyncedRecord]
    ) -> Sequence[HandOut]:
        times = await unit.portal_addresses.find(refs(mapping, people))
        return hand_outs(self.signer, mapping, people, times, self.clock.now())


@dataclass(frozen=True, slots=True)
class MakePortalAddresses:
    units: UnitOfWorkFactory
    signer: Signer
    clock: Clock

    async def __call__(self, selection: PortalSelection, *, actor: Actor) -> Sequence[HandOut]:
        """Make an address for each selected person who has no valid one, and return all of them.

        Raises:
            NotFound, InvalidInput: see `selected`.
            NotMapped: the mapping has ended; existing addresses keep working.
        """
        async with self.units.write() as unit:
            mapping, people = await selected(unit, selection)
            mapping.check_active()
            now, persons = self.clock.now(), refs(mapping, people)
            times = {person: PortalTimes() for person in persons} | dict(
                await unit.portal_addresses.find(persons)
            )
            made = {
                person: new_address(known.revoked_at, now).made_at
                for person, known in times.items()
                if valid_address(known.made_at, known.revoked_at, now) is None
            }
            if made:
                await unit.portal_addresses.save(made)
                new = [person for person, ref in zip(people, persons, strict=True) if ref in made]
                await unit.audit.add(_entry(Action.PORTAL_ADDRESS_MADE, now, actor, mapping, new))
                await unit.commit()
            times |= {person: PortalTimes(at, times[person].revoked_at) for person, at in made.items()}
        return hand_outs(self.signer, mapping, people, times, now)


@dataclass(frozen=True, slots=True)
class RevokePortalAddresses:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, selection: PortalSelection, *, actor: Actor) -> Sequence[HandOut]:
        """Revoke all addresses that the selected people have so far, and return the people.

        Raises:
            NotFound, InvalidInput: see `selected`.
        """
        async with self.units.write() as unit:
            mapping, people = await selected(unit, selection)
            now = self.clock.now()
            if people:
                times = await unit.portal_addresses.find(refs(mapping, people))
                # By a clock that was ahead, addresses were made or revoked later than now: they stay revoked, too.
                known = (time for each in times.values() for time in (each.made_at, each.revoked_at) if time)
                await unit.portal_revocations.save_all(refs(mapping, people), max([now, *known]))
                await unit.audit.add(_entry(Action.PORTAL_ADDRESS_REVOKED, now, actor, mapping, people))
                await unit.commit()
        return [HandOut(person, None) for person in people]


def hand_outs(
    signer: Signer,
    mapping: EventMapping,
    people: Sequence[SyncedRecord],
    times: Mapping[PersonRef, PortalTimes],
    now: datetime,
) -> Sequence[HandOut]:
    found = []
    for person in people:
        ref = person_ref(mapping, person.kind, person.source_id)
        known = times.get(ref, PortalTimes())
        address = valid_address(known.made_at, known.revoked_at, now)
        found.append(HandOut(person, address, signed_address(signer, ref, address) if address else ""))
    return found


def _entry(
    action: Action, now: datetime, actor: Actor, mapping: EventMapping, people: Sequence[SyncedRecord]
) -> AuditEntry:
    return AuditEntry(now, actor.name, action, mapping.organization_id, described(mapping, people))
