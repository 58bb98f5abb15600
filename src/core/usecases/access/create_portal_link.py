"""Create a link to a person's portal page (rules 30 and 31)."""

import json
from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.usecases.access.portal_person import PURPOSE, PersonQuery, find_person
from ports.clock import Clock
from ports.signer import Signer
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CreatePortalLink:
    units: UnitOfWorkFactory
    signer: Signer
    clock: Clock

    async def __call__(self, query: PersonQuery, *, actor: Actor) -> str:
        """Return the last part of a person's portal URL.

        Raises:
            NotFound: the mapping does not exist, or no such person was synced.
            NotMapped: the mapping has ended; existing links keep working.
        """
        async with self.units.write() as unit:
            mapping, person = await find_person(unit, query)
            mapping.check_active()
            now = self.clock.now()
            entry = AuditEntry(
                now, actor.name, Action.PORTAL_ADDRESS_MADE, mapping.organization_id, person.label
            )
            await unit.audit.add(entry)
            await unit.commit()
        claims = [mapping.organization_id, mapping.events.destination_id, person.kind.name, person.source_id]
        return self.signer.sign(PURPOSE, json.dumps(claims, separators=(",", ":")), now)
