"""Disconnect an organization from the destination (rule 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import NotConnected, require
from core.domain.ids import OrganizationId, RunId
from core.domain.runs.stop_reasons import DISCONNECTED
from core.domain.tenancy.organizations import Connection
from core.usecases.shared.run_ends import RunEnds
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory

POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Disconnect:
    units: UnitOfWorkFactory
    clock: Clock
    run_ends: RunEnds
    lease: timedelta
    """How long to wait for a run that does not respond."""

    async def __call__(
        self, organization_id: OrganizationId, confirmation: str | None, *, actor: Actor
    ) -> Connection:
        """End the connection and all its mappings, erase the token, and wait until running syncs stop.

        Args:
            organization_id: the organization to disconnect.
            confirmation: the organization's name.
            actor: who disconnects it.

        Raises:
            NotConnected: there is no open connection.
            NotConfirmed: the confirmation does not match the name.
        """
        async with self.units.write() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.get_open(organization_id)
            if connection is None:
                raise NotConnected(organization.name)
            now = self.clock.now()
            ended = connection.end(now, organization, confirmation)
            await unit.connections.update(ended)
            running, ends = [], []
            for mapping in await unit.mappings.list_by_connection(connection.id):
                await unit.mappings.update(mapping.end_with_connection(now))
                stopping, ended_runs = await self.run_ends.stop_all(unit, mapping.id, DISCONNECTED)
                running += stopping
                ends += ended_runs
            await unit.audit.add(
                AuditEntry(
                    now,
                    actor.name,
                    Action.DISCONNECTED,
                    organization_id,
                    organization.name,
                    detail=str(connection.destination),
                )
            )
            await unit.commit()
        self.run_ends.log_stored(*ends)
        await self._wait_until_stopped(running)
        return ended

    async def _wait_until_stopped(self, running: Sequence[RunId]) -> None:
        """Wait until no request of a running sync can still be in flight."""
        deadline = self.clock.now() + self.lease
        while running and self.clock.now() < deadline:
            async with self.units.read() as unit:
                runs = [await unit.runs.get(run_id) for run_id in running]
            running = [
                run.id for run in runs if run and run.is_open and not run.is_lease_expired(self.clock.now())
            ]
            if running:
                await self.clock.sleep(POLL_SECONDS)
