"""Revoke all links to a person's portal page (rule 31)."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.usecases.access.portal_person import PersonQuery, find_person, person_ref
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RevokePortalLinks:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, who: PersonQuery, *, actor: str) -> None:
        """Let no address of a person's page that was made up to now open it any more.

        Raises:
            NotFound: there is no such mapping, or no such person was synced.
        """
        async with self.units.write() as unit:
            mapping, person = await find_person(unit, who)
            now = self.clock.now()
            await unit.portal_revocations.save(person_ref(mapping, person.kind, person.source_id), now)
            entry = AuditEntry(
                now, actor, Action.PORTAL_ADDRESS_REVOKED, mapping.organization_id, person.label
            )
            await unit.audit.add(entry)
            await unit.commit()
