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
from core.domain.records.kinds import RecordKind
from core.domain.runs.fair_queue import OpenWork
from core.domain.runs.retention import EndedRun
from core.domain.runs.run import Progress, SyncRun


class Runs(Protocol):
    async def add(self, run: SyncRun) -> None:
        """Add a run.

        Raises:
            UniqueViolation: QUEUED_RUN or RUNNING_RUN of its mapping.
        """
        ...

    async def update(self, run: SyncRun) -> None:
        """Store the current state of a run.

        Raises:
            UniqueViolation: RUNNING_RUN, if the mapping has another running run.
        """
        ...

    async def get(self, run_id: RunId) -> SyncRun | None: ...

    async def list_open(self, mapping_id: MappingId) -> Sequence[SyncRun]:
        """List the mapping's open runs: the running one, then the queued one."""
        ...

    async def list_by_mapping(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """List the mapping's runs, newest first; with `before`, those requested before that run."""
        ...

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """List the runs of all the organization's mappings, including removed ones, newest first."""
        ...

    async def latest_ended(self, organization_id: OrganizationId | None = None) -> Sequence[SyncRun]:
        """List the latest ended run of each active mapping and scope, newest first.

        Runs stopped by removing the mapping or disconnecting are left out.

        Args:
            organization_id: only this organization's mappings; None for all.
        """
        ...

    async def open_work(self) -> Sequence[OpenWork]:
        """List all open runs in the order they were requested, then all checks, longest due first.

        Checks with an expired lease are included.
        """
        ...

    async def ended_before(
        self, instant: datetime, limit: int, after: RunId | None = None
    ) -> Sequence[EndedRun]:
        """List at most `limit` runs that ended before, earliest first; with `after`, those that ended after that run."""
        ...

    async def remove(self, run_ids: Collection[RunId], limit: int) -> int:
        """Delete ended runs and their outcomes, at most `limit` rows in total; return how many were deleted.

        Outcomes are deleted first: a run that still has some stays until the next call.
        """
        ...

    async def run_in_place_of(self, run_id: RunId) -> RunId | None:
        """Return the run whose outcomes are shown for a run that an earlier version of this program recorded."""
        ...

    async def find_by_idempotency_key(self, mapping_id: MappingId, request_key: str) -> RunId | None:
        """Return the run that an earlier request with this key queued."""
        ...

    async def save_idempotency_key(self, mapping_id: MappingId, request_key: str, run_id: RunId) -> None: ...

    async def renew(
        self,
        run_id: RunId,
        owner: str,
        until: datetime,
        progress: Mapping[RecordKind, Progress] | None = None,
    ) -> bool:
        """Extend the lease of a running run and store its progress; return False if this owner no longer holds it.

        Nothing else of the run is changed: a cancellation may have been requested meanwhile.
        """
        ...

    async def lease_status(self, run_id: RunId) -> "LeaseStatus | None":
        """Return who holds a run's lease and whether it should stop; must be cheap, as every write checks it."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseStatus:
    owner: str | None
    lease_until: datetime | None
    cancel_requested: str | None
