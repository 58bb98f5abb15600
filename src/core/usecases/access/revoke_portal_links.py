"""Revoke all links to a person's portal page (rule 31)."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.usecases.access.portal_person import PersonQuery, find_person, person_ref
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RevokePortalLinks:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, query: PersonQuery, *, actor: Actor) -> None:
        """Revoke all links to a person's page that were created up to now.

        Raises:
            NotFound: the mapping does not exist, or no such person was synced.
        """
        async with self.units.write() as unit:
            mapping, person = await find_person(unit, query)
            now = self.clock.now()
            await unit.portal_revocations.save(person_ref(mapping, person.kind, person.source_id), now)
            entry = AuditEntry(
                now, actor.name, Action.PORTAL_ADDRESS_REVOKED, mapping.organization_id, person.label
            )
            await unit.audit.add(entry)
            await unit.commit()
