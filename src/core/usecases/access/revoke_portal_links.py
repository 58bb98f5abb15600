"""Revoke all links to a person's portal page (rule 31)."""

from dataclasses import dataclass

from core.domain.access.authorization import Actor
from core.usecases.access.hand_out import RevokePortalAddresses
from core.usecases.access.portal_person import PersonQuery, find_person
from core.usecases.access.portal_selection import PortalSelection
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RevokePortalLinks:
    units: UnitOfWorkFactory
    revoke: RevokePortalAddresses

    async def __call__(self, query: PersonQuery, *, actor: Actor) -> None:
        """Revoke all links to a person's page that were created up to now.

        Raises:
            NotFound: the mapping does not exist, or no such person was synced.
        """
        async with self.units.read() as unit:
            await find_person(unit, query)
        who = f"{query.kind}:{query.source_id}"
        await self.revoke(PortalSelection(query.mapping_id, (who,)), actor=actor)
