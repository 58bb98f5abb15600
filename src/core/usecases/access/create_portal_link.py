"""Create a link to a person's portal page (rules 30 and 31)."""

from dataclasses import dataclass

from core.domain.access.authorization import Actor
from core.usecases.access.hand_out import MakePortalAddresses
from core.usecases.access.portal_person import PersonQuery, find_person
from core.usecases.access.portal_selection import PortalSelection
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CreatePortalLink:
    units: UnitOfWorkFactory
    make: MakePortalAddresses

    async def __call__(self, query: PersonQuery, *, actor: Actor) -> str:
        """Return the last part of a person's portal URL: of the address that is valid already, or of a new one.

        Raises:
            NotFound: the mapping does not exist, or no such person was synced.
            NotMapped: the mapping has ended; existing links keep working.
        """
        who = f"{query.kind}:{query.source_id}"
        async with self.units.read() as unit:
            await find_person(unit, query)
        (handed_out,) = await self.make(PortalSelection(query.mapping_id, (who,)), actor=actor)
        return handed_out.signed
