"""The health of a mapping, of an organization or of a connection."""

from datetime import datetime
from typing import Self

from pydantic import Field

from core.domain.runs.health import Health, HealthState, Remedy
from entrypoints.resources.base import ResponseModel


class HealthResponse(ResponseModel):
    state: HealthState
    since: datetime | None = Field(description="When this state began; null if not known")
    reason: str | None = Field(description="The reason as text; null if healthy")
    remedy: Remedy | None = Field(description="What can be done about it")
    system: str | None = Field(description="The system whose token must be replaced")
    run_id: str | None = Field(description="The run that showed it")

    @classmethod
    def from_domain(cls, health: Health) -> Self:
        return cls(
            state=health.state,
            since=health.since,
            reason=health.reason or None,
            remedy=health.remedy,
            system=health.system or None,
            run_id=health.run_id,
        )
