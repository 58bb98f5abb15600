"""Sync runs with their counts and progress, and the state of continuous sync."""

from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Field, RootModel

from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Counts, Outcome, Tally
from core.domain.runs.run import Progress, RunState, SyncRun, Trigger
from core.usecases.runs.get_status import Status
from entrypoints.resources.base import ResponseModel
from entrypoints.resources.health import HealthResponse


class TallyResponse(ResponseModel):
    attempted: int
    succeeded: int
    created: int
    updated: int
    unchanged: int
    kept: int
    skipped: int
    blocked: int
    failed: int

    @classmethod
    def from_domain(cls, tally: Tally) -> Self:
        by_outcome = {outcome.value: tally[outcome] for outcome in Outcome}
        return cls(attempted=tally.attempted, succeeded=tally.succeeded, **by_outcome)


class CountsResponse(RootModel[dict[str, TallyResponse]]):
    """By the plural of the kind: of every kind that is installed, and of those that were when the run ended."""

    model_config = ConfigDict(defer_build=True)

    @classmethod
    def from_domain(cls, counts: Counts) -> Self:
        kinds = dict.fromkeys((*KINDS, *counts.tallies))
        return cls({kind.plural: TallyResponse.from_domain(counts.of(kind)) for kind in kinds})

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = self.model_dump()
        return document


class ProgressResponse(ResponseModel):
    done: int
    total: int

    @classmethod
    def from_domain(cls, progress: Progress) -> Self:
        return cls(done=progress.done, total=progress.total)


RESULT = ("run_id", "state", "code", "message", "counts")
"""The keys that `sync` prints."""


class RunResponse(ResponseModel):
    run_id: str
    mapping_id: str
    state: RunState
    code: str | None = Field(description="Why the run stopped early; null if it did not")
    message: str
    trigger: Trigger
    scope: str
    requested_at: datetime
    requested_by: str
    started_at: datetime | None
    finished_at: datetime | None
    counts: CountsResponse
    progress: dict[str, ProgressResponse]

    first_keys: ClassVar = RESULT

    @classmethod
    def from_domain(cls, run: SyncRun) -> Self:
        return cls(
            run_id=run.id,
            mapping_id=run.mapping_id,
            state=run.state,
            code=run.stop.code if run.stop else None,
            message=run.message,
            trigger=run.trigger,
            scope=run.scope,
            requested_at=run.requested_at,
            requested_by=run.requested_by,
            started_at=run.started_at,
            finished_at=run.finished_at,
            counts=CountsResponse.from_domain(run.counts),
            progress={kind.plural: ProgressResponse.from_domain(at) for kind, at in run.progress.items()},
        )

    def result(self) -> dict[str, Any]:
        """Return the part of the document that `sync` prints."""
        document = self.document()
        return {key: document[key] for key in RESULT}


class StatusResponse(ResponseModel):
    organization_id: str
    organization: str
    continuous: int
    due: int
    queued: int
    running: int
    failing: int
    halted: int
    next_due_at: datetime | None
    waiting_for_settings: int
    write_back: int = Field(description="Mappings that write share links back into the source")
    health: HealthResponse
    last_checked_at: datetime | None

    @classmethod
    def from_domain(cls, status: Status) -> Self:
        return cls(
            organization_id=status.organization.id,
            organization=status.organization.name,
            continuous=status.continuous,
            due=status.due,
            queued=status.queued,
            running=status.running,
            failing=status.failing,
            halted=status.halted,
            next_due_at=status.next_due_at,
            waiting_for_settings=status.waiting,
            write_back=status.write_back,
            health=HealthResponse.from_domain(status.health),
            last_checked_at=status.last_checked_at,
        )
