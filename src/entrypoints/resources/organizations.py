"""Organizations and their connection to a destination."""

from datetime import datetime
from typing import Self

from pydantic import Field

from core.domain.runs.health import Health
from core.domain.tenancy.organizations import Connection, Organization
from entrypoints.resources.base import ResponseModel
from entrypoints.resources.health import HealthResponse


class OrganizationResponse(ResponseModel):
    id: str
    name: str
    source: str = Field(description="The identifier of the source")
    sessionboard_url: str = Field(description="The base URL of the source's API")
    connected: bool
    token_hint: str | None
    connected_at: datetime | None
    health: HealthResponse | None = Field(
        description="The health of the mapping in the worst state; null without a connection"
    )

    @classmethod
    def from_domain(
        cls, organization: Organization, connection: Connection | None, health: Health | None = None
    ) -> Self:
        return cls(
            id=organization.id,
            name=organization.name,
            source=organization.source.identifier,
            sessionboard_url=organization.source_url,
            connected=connection is not None,
            token_hint=connection.token_hint if connection else None,
            connected_at=connection.opened_at if connection else None,
            health=HealthResponse.from_domain(health) if connection and health else None,
        )


class ConnectionResponse(ResponseModel):
    connected: bool
    id: str | None = None
    destination: str | None = Field(default=None, description="The identifier of the destination")
    token_hint: str | None = Field(default=None, description="The last four characters")
    connected_at: datetime | None = None
    continuous_sync: bool | None = None
    health: HealthResponse | None = Field(
        default=None, description="The health of the mapping in the worst state"
    )
    lost_by_disconnecting: str | None = Field(
        default=None, description="The records that could not be synced again after disconnecting, as text"
    )

    @classmethod
    def from_domain(cls, connection: Connection | None, health: Health, lost: str) -> Self:
        """Return the open connection, and what would be lost by disconnecting it."""
        if connection is None:
            return cls(connected=False, lost_by_disconnecting=lost or None)
        return cls(
            connected=True,
            id=connection.id,
            destination=connection.destination.identifier,
            token_hint=connection.token_hint,
            connected_at=connection.opened_at,
            continuous_sync=connection.continuous_sync,
            health=HealthResponse.from_domain(health),
            lost_by_disconnecting=lost or None,
        )
