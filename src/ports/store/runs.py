"""Sync runs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.domain.ids import (
    MappingId,
    OrganizationId,
    RunId,
)
from core.domain.runs.fair_queue import OpenWork
from core.domain.runs.retention import EndedRun
from core.domain.runs.run import Progress, SyncRun


class Runs(Protocol):
    async def add(self, run: SyncRun) -> None:
        """Add a run.

        Raises:
            Taken: QUEUED_RUN or RUNNING_RUN of its mapping.
        """
        ...

    async def update(self, run: SyncRun) -> None:
        """Store a run as it is now.

        Raises:
            Taken: RUNNING_RUN, when another one runs for the mapping.
        """
        ...

    async def get(self, run_id: RunId) -> SyncRun | None: ...

    async def list_open(self, mapping_id: MappingId) -> Sequence[SyncRun]:
        """Give the mapping's running and queued run, in this order, as far as there are any."""
        ...

    async def list_by_mapping(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """Give the mapping's runs, newest first, or those that were requested before a certain one."""
        ...

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """Give the runs of all the organization's mappings, removed ones too, newest first."""
        ...

    async def latest_ended(self, organization_id: OrganizationId | None = None) -> Sequence[SyncRun]:
        """Return of each active mapping, and each scope, the newest run that has ended, the newest first.

        Runs that somebody has stopped, by removing the mapping or disconnecting, are left out.

        Args:
            organization_id: whose mappings; None for everybody's.
        """
        ...

    async def open_work(self) -> Sequence[OpenWork]:
        """Return all runs that have not ended, in the order in which they were asked for; then all checks.

        Of checks, the longest due come first; those whose time has run out are among them.
        """
        ...

    async def ended_before(
        self, instant: datetime, limit: int, after: RunId | None = None
    ) -> Sequence[EndedRun]:
        """Return runs that ended before, at most so many, the earliest first, or those that ended after a certain one."""
        ...

    async def forget(self, run_ids: Collection[RunId], limit: int) -> int:
        """Remove ended runs with their outcomes, at most so many rows in all, and return how many went.

        The outcomes go first: a run that still has some stays until next time.
        """
        ...

    async def run_in_place_of(self, run_id: RunId) -> RunId | None:
        """Return which run's outcomes an earlier version of this program showed for one that it does not keep."""
        ...

    async def find_by_idempotency_key(self, mapping_id: MappingId, request_key: str) -> RunId | None:
        """Tell which run an earlier request with this key booked."""
        ...

    async def save_idempotency_key(self, mapping_id: MappingId, request_key: str, run_id: RunId) -> None: ...

    async def renew(
        self, run_id: RunId, owner: str, until: datetime, progress: Mapping[str, Progress] | None = None
    ) -> bool:
        """Prolong the lease of a running run and note its progress; False when this owner holds it no more.

        Nothing else of the run is touched: somebody may have asked it to stop meanwhile.
        """
        ...

    async def lease_status(self, run_id: RunId) -> "LeaseStatus | None":
        """Tell who holds a run and whether it should stop: cheap, for it is asked before writes."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    owner: str | None
    lease_until: datetime | None
    cancel_requested: str | None
