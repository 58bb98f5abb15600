"""Sync targets for the crash tests, and a conference to sync."""

import asyncio
from pathlib import Path
from typing import Any

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import DestinationEventId, MappingId, SourceEventId
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.shared.link_fields import LinkChange
from entrypoints.database import opened
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.support.killed_process import SyncTarget

UPDATED_AT = "2026-06-01T09:00:00.000Z"
"""Of every person: a write to Sessionboard names the version that it has read."""


def set_up(sandbox: Sandbox, folder: Path) -> SyncTarget:
    """Add an organization, connect it, and map the sandbox's only event."""
    folder.mkdir(parents=True, exist_ok=True)
    target = SyncTarget(f"sqlite:///{folder / 'sync.db'}", sandbox.gleanin_url, "")

    async def mapped() -> str:
        async with opened(target.settings()) as container:
            url, token = sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN)
            organization = await container.resolve(AddOrganization)(
                NewOrganization("Acme", url, token), actor=COMMAND_LINE
            )
            await container.resolve(Connect)(organization.id, Token(GLEANIN_TOKEN), actor=COMMAND_LINE)
            events = await container.resolve(ListEvents)(organization.id)
            pair = SourceEventId(events.source[0].id), DestinationEventId(events.destination[0].id)
            mapping = await container.resolve(MapEvents)(
                NewMapping(organization.id, *pair, time_zone_confirmed=True), actor=COMMAND_LINE
            )
            return mapping.id

    return SyncTarget(target.database_url, target.gleanin_url, asyncio.run(mapped()))


def write_links_back(target: SyncTarget, field: str) -> None:
    """Choose the field that share links are written to (rule 38)."""

    async def choose() -> None:
        async with opened(target.settings()) as container:
            change = SettingsChange(MappingId(target.mapping_id), links=LinkChange(field))
            await container.resolve(ChangeSettings)(change, actor=COMMAND_LINE)

    asyncio.run(choose())


def conference(sessions: int = 5, *, suffix: str = "") -> dict[str, Any]:
    """Build a saved event with people who speak in several sessions, and two exhibitors."""

    def person(number: int) -> dict[str, Any]:
        return {
            "id": f"person-{number}",
            "first_name": f"First{number}{suffix}",
            "last_name": f"Last{number}",
            "email": f"person{number}@example.org",
            "title": "Engineer",
            "updated_at": UPDATED_AT,
        }

    return {
        "event": {"id": 77, "name": "Crash Conference", "timezone": "Europe/Paris"},
        "sessions": [
            {
                "id": f"session-{number}",
                "title": f"Session {number}{suffix}",
                "status": "accepted",
                "starts_at": f"2099-06-0{number % 9 + 1}T09:00:00Z",
                "ends_at": f"2099-06-0{number % 9 + 1}T10:00:00Z",
                "is_abstract": False,
                "speakers": [person(number), person(number + 1)],
            }
            for number in range(sessions)
        ],
        "exhibitors": [
            {
                "id": f"exhibitor-{number}",
                "name": f"Exhibitor {number}",
                "contacts": [
                    {
                        "id": f"contact-{number}",
                        "full_name": f"Contact {number}{suffix}",
                        "email": f"contact{number}@example.org",
                        "is_primary": True,
                        "contact_updated_at": UPDATED_AT,
                    }
                ],
            }
            for number in range(2)
        ],
    }
