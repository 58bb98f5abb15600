"""The child process that syncs and is killed."""

import asyncio
from dataclasses import dataclass

from dependency_injector import providers

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId
from core.domain.runs.run import SyncRun
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.database import opened
from entrypoints.settings import Settings
from gleanin_sync_testkit.killing import KillableUnitOfWorkFactory
from tests.support.kill_points import KillableDestinations, KillPoint

LEASE_SECONDS = 0.4
RESEND_AFTER_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class SyncTarget:
    """The database and mapping to sync: plain values, because they are passed to another process."""

    database_url: str
    gleanin_url: str
    mapping_id: str

    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "database_url": self.database_url,
                "gleanin_url": self.gleanin_url,
                "allow_private_addresses": True,
                "lease_seconds": LEASE_SECONDS,
                "resend_after_seconds": RESEND_AFTER_SECONDS,
            }
        )


async def sync(target: SyncTarget, kill_point: KillPoint) -> SyncRun:
    async with opened(target.settings()) as container:
        container.units.override(providers.Object(KillableUnitOfWorkFactory(container.units(), kill_point)))
        container.patient_destinations.override(
            providers.Object(KillableDestinations(container.patient_destinations(), kill_point))
        )
        run = await container.resolve(RequestSync)(
            SyncRequest(MappingId(target.mapping_id), actor=COMMAND_LINE)
        )
        return await container.resolve(RunSync)(run.id)


def sync_and_be_killed(target: SyncTarget, kill_at: int) -> None:
    asyncio.run(sync(target, KillPoint(kill_at)))
