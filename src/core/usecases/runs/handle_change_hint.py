"""Handle a hint that something changed in the source by syncing its events soon (rule 24)."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import NotAuthenticated
from core.domain.ids import OrganizationId
from core.domain.links.echoes import ECHO_WINDOW, HintedRecord
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Hint:
    organization_id: OrganizationId
    event_id: str | None
    """The source event; None if the hint does not name one, or its name is unreadable."""
    source: str | None = None
    """The identifier of the source that sent it; None for the organization's own."""
    record: HintedRecord | None = None
    """The record that it tells to have been updated; None if it tells of something else."""


@dataclass(frozen=True, slots=True)
class HandleChangeHint:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, actor: Actor, hint: Hint) -> int:
        """Reschedule the event's mapping, or all of the organization's, earlier; return how many moved.

        The hint's contents are not trusted: a sender can cause syncs, but only one every few minutes.

        Raises:
            NotAuthenticated: the API key may not send hints to this organization, or it does not exist.
        """
        if not actor.may(Permission.HINT, hint.organization_id):
            raise NotAuthenticated("This is not a webhook secret of this organization.")
        now, earlier = self.clock.now(), 0
        async with self.units.write() as unit:
            if hint.record is not None and await self._is_echo(unit, hint.organization_id, hint.record, now):
                await unit.commit()
                return 0
            connection = await unit.connections.get_open(hint.organization_id)
            mappings = await unit.mappings.list_by_connection(connection.id) if connection else ()
            for mapping in mappings:
                if hint.event_id not in (None, str(mapping.events.source_id)) or not mapping.is_active:
                    continue
                if hint.source not in (None, mapping.systems.source.identifier):
                    continue
                schedule = await unit.schedules.get(mapping.id)
                if schedule is not None and schedule.is_hinted(now):
                    continue
                # The change feed may not cover what changed, so the next sync must read everything.
                await unit.unchanged_markers.remove(mapping.id)
                if schedule is not None:
                    hinted = schedule.hinted(now)
                    await unit.schedules.save(hinted)
                    earlier += hinted.due_at != schedule.due_at
            await unit.commit()
        return earlier

    @staticmethod
    async def _is_echo(
        unit: UnitOfWork, organization_id: OrganizationId, record: HintedRecord, now: datetime
    ) -> bool:
        """Check whether it tells of nothing but our own write of a share link (rule 38)."""
        since = now - ECHO_WINDOW
        return await unit.written_links.take_echo(
            organization_id, record.holder, record.id, record.custom_fields, since
        )
