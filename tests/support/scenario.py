"""The whole product against the sandbox, in one process, with real HTTP and a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.records.kinds import ALL, Scope
from core.domain.records.outcomes import RecordOutcome
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.server import Sandbox, serve
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from entrypoints.settings import Settings


@dataclass(frozen=True)
class Scenario:
    sandbox: Sandbox
    container: Container

    @property
    def state(self) -> SandboxState:
        return self.sandbox.state

    async def organization(self, name: str = "Acme") -> OrganizationId:
        """Add an organization and connect it."""
        new = NewOrganization(name, self.sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
        organization = await self.container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
        await self.container.resolve(Connect)(organization.id, Token(GLEANIN_TOKEN), actor=COMMAND_LINE)
        return organization.id

    async def mapping(self) -> EventMapping:
        """Add an organization, connect it, and map the first event of each system."""
        organization = await self.organization()
        events = await self.container.resolve(ListEvents)(organization)
        return await self.container.resolve(MapEvents)(
            NewMapping(
                organization,
                SourceEventId(events.source[0].id),
                DestinationEventId(events.destination[0].id),
                time_zone_confirmed=True,
            ),
            actor=COMMAND_LINE,
        )

    async def sync(self, mapping_id: MappingId, scope: Scope = ALL) -> SyncRun:
        run = await self.container.resolve(RequestSync)(SyncRequest(mapping_id, scope, actor=COMMAND_LINE))
        return await self.container.resolve(RunSync)(run.id)

    async def outcomes(self, run: SyncRun) -> dict[str, RecordOutcome]:
        """Return a run's outcomes by label."""
        _, outcomes = await self.container.resolve(GetRunWithOutcomes)(run.id)
        return {outcome.record.label: outcome for outcome in outcomes}

    @property
    def writes(self) -> int:
        return sum(self.state.writes.values())

    def in_gleanin(self, kind: str) -> list[dict[str, Any]]:
        """Return the attributes of all records of a type in the first event."""
        event_id = next(iter(self.state.gleanin.events))
        return [
            record.resource(linked=True)["attributes"]
            for record in self.state.gleanin.of(event_id, kind).values()
        ]


@asynccontextmanager
async def open_scenario(state: SandboxState, folder: Path, **settings: Any) -> AsyncIterator[Scenario]:
    async with serve(state) as sandbox:
        chosen = Settings.model_validate(
            {
                "database_url": f"sqlite:///{folder / 'sync.db'}",
                "gleanin_url": sandbox.gleanin_url,
                "allow_private_addresses": True,
                **settings,
            }
        )
        async with opened(chosen) as container:
            yield Scenario(sandbox, container)


def saved_event(*sessions: dict[str, Any], exhibitors: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Build a saved event of the given sessions, each completed with what a session needs to sync."""
    return {
        "event": {"id": 77, "name": "Bad Input Days", "timezone": "Europe/Paris"},
        "sessions": [
            {
                "id": f"session-{number}",
                "title": f"Session {number}",
                "status": "accepted",
                "starts_at": "2099-06-01T09:00:00Z",
                "ends_at": "2099-06-01T10:00:00Z",
                "is_abstract": False,
                **session,
            }
            for number, session in enumerate(sessions, start=1)
        ],
        "exhibitors": list(exhibitors),
    }


def person(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"person-{number}",
        "first_name": "Ada",
        "last_name": f"Number {number}",
        "email": f"ada{number}@example.org",
        **more,
    }
