"""Take a hint that something has changed in Sessionboard: its events are synced soon (rule 24)."""

from dataclasses import dataclass

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import NotAuthenticated
from core.domain.ids import OrganizationId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Hint:
    organization_id: OrganizationId
    event_id: str | None
    """In Sessionboard; None where the hint does not tell, or what it tells cannot be read."""


@dataclass(frozen=True, slots=True)
class HandleChangeHint:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, actor: Actor, hint: Hint) -> int:
        """Let the event's mapping, or all of the organization's, come earlier; give how many do.

        Nothing of it is believed but that it came: whoever sent it can cause a sync, and no more often than every
        few minutes.

        Raises:
            NotAuthenticated: the API key is not one for hints to this organization, or there is no such organization.
        """
        if not actor.may(Permission.HINT, hint.organization_id):
            raise NotAuthenticated("This secret is none of a webhook of this organization.")
        now, earlier = self.clock.now(), 0
        async with self.units.write() as unit:
            connection = await unit.connections.get_open(hint.organization_id)
            mappings = await unit.mappings.list_by_connection(connection.id) if connection else ()
            for mapping in mappings:
                if hint.event_id not in (None, str(mapping.events.sessionboard_id)) or not mapping.is_active:
                    continue
                schedule = await unit.schedules.get(mapping.id)
                if schedule is not None and schedule.is_hinted(now):
                    continue
                # What changed may be what the change feed does not tell: everything is to be read.
                await unit.unchanged_markers.remove(mapping.id)
                if schedule is not None:
                    hinted = schedule.hinted(now)
                    await unit.schedules.save(hinted)
                    earlier += hinted.due_at != schedule.due_at
            await unit.commit()
        return earlier
