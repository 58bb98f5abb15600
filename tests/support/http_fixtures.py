"""A database with two organizations, created once; each server under test begins with a copy of it."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.ids import DestinationEventId, OrganizationId, SourceEventId
from core.domain.runs.stop_reasons import StopReason
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.revoke_api_key import RevokeApiKey
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.mappings.queries import ListMappings
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.results.queries import ListShareLinks
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from entrypoints.settings import Settings
from tests.e2e.cli import conference
from tests.e2e.cli.conference import FORMULA, person

PASSWORD = "correct-horse-battery"
ACME_EVENT, STRANGER_EVENT, FREE_EVENT = 5101, 5201, 5301
"""Sessionboard's ids; the free event is not mapped."""

ADMIN, VIEWER, SUPPORT, STRANGER, EVERYWHERE = (
    "admin@acme.example.org",
    "viewer@acme.example.org",
    "support@example.org",
    "admin@stranger.example.org",
    "everywhere@example.org",
)
REVOKED = "revoked"
ROLES = (ADMIN, VIEWER, SUPPORT, STRANGER, EVERYWHERE)
"""Each has an account with this e-mail, and an API key."""


def session(number: int, title: str, people: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a session of an event whose sessions are all at the same time."""
    when = {"starts_at": "2099-07-21T09:00:00Z", "ends_at": "2099-07-21T09:45:00Z"}
    return conference.session(number, title, people, **when, **more)


def first_state() -> dict[str, Any]:
    """Return Acme's event before its last sync; the second state then leads to every kind of outcome."""
    grace, ada = (
        person(1, "Grace", "Hopper", "grace@acme.example.org"),
        person(2, FORMULA, "Lovelace", "ada@x.org"),
    )
    return {
        "event": {"id": ACME_EVENT, "name": "Acme Days", "timezone": "Europe/Paris"},
        "sessions": [
            session(1, "Opening", [grace]),
            session(2, "Engines", [grace, ada]),
            session(3, "Gone later", []),
        ],
        "exhibitors": [],
    }


def second_state() -> dict[str, Any]:
    state = first_state()
    opening, engines, gone = state["sessions"]
    nameless = person(3, "Prince", None, "prince@x.org")
    linus = {"id": "contact-1", "full_name": "Linus", "email": "linus@x.org", "is_primary": True}
    state["sessions"] = [
        opening,
        {**engines, "title": "Engines, renamed"},
        {**gone, "status": "declined"},
        session(4, "New", [nameless]),
        session(5, "Maybe", [], status="pending"),
    ]
    # Its path is not that of a HEIC picture, but the sandbox refuses it as one when it is sent.
    state["exhibitors"] = [
        {
            "id": "exhibitor-1",
            "name": "Kernels",
            "logo_image_url": "https://x.org/a#.heic",
            "contacts": [linus],
        }
    ]
    return state


def other_event(event_id: int, name: str) -> dict[str, Any]:
    speaker = person(event_id, "Sten", "Stranger", f"sten{event_id}@stranger.example.org")
    return {
        "event": {"id": event_id, "name": name, "timezone": "Europe/Paris"},
        "sessions": [session(event_id, "Strange session", [speaker])],
        "exhibitors": [],
    }


def initial_state() -> SandboxState:
    state = SandboxState(link_delay=0)
    state.add(first_state())
    state.add(other_event(STRANGER_EVENT, "Other Days"))
    state.add(other_event(FREE_EVENT, "Free Days"))
    return state


@dataclass(frozen=True, slots=True)
class Tenant:
    """The ids of an organization and of what it has."""

    organization: str
    mapping: str
    run: str
    """The latest run."""
    person: str
    key: str
    """The id of one of its API keys."""


@dataclass(frozen=True, slots=True)
class SeededDatabase:
    """A database, and the ids of its contents."""

    sandbox: Sandbox
    folder: Path
    acme: Tenant
    stranger: Tenant
    keys: dict[str, str] = field(repr=False)
    """API keys by e-mail, and a revoked one."""

    def settings(self, **more: Any) -> Settings:
        return settings_in(self.folder, self.sandbox, **more)

    def copied(self, folder: Path) -> "SeededDatabase":
        """Copy the database to another folder, where it can be changed."""
        for path in self.folder.iterdir():
            shutil.copy(path, folder / path.name)
        return SeededDatabase(self.sandbox, folder, self.acme, self.stranger, self.keys)


def settings_in(folder: Path, sandbox: Sandbox, **more: Any) -> Settings:
    return Settings.model_validate(
        {
            "database_url": f"sqlite:///{folder / 'sync.db'}",
            "gleanin_url": sandbox.gleanin_url,
            "allow_private_addresses": True,
            "support_contact": "help@example.org",
            **more,
        }
    )


async def seed_database(sandbox: Sandbox, folder: Path, **settings: Any) -> SeededDatabase:
    control, keys = ControlClient(sandbox.control_url), dict[str, str]()
    async with opened(settings_in(folder, sandbox, **settings)) as container:
        acme = await _organization(container, sandbox, "Acme")
        stranger = await _organization(container, sandbox, "Stranger")
        grants = {
            ADMIN: Grant(Role.ADMIN, acme.id),
            VIEWER: Grant(Role.VIEWER, acme.id),
            SUPPORT: Grant(Role.SUPPORT),
            STRANGER: Grant(Role.ADMIN, stranger.id),
            EVERYWHERE: Grant(Role.ADMIN),
        }
        key_ids = {}
        for email, grant in grants.items():
            await container.resolve(AddAccount)(NewAccount(email, grant, PASSWORD), actor=COMMAND_LINE)
            key, keys[email] = await container.resolve(CreateApiKey)(f"of {email}", grant, actor=COMMAND_LINE)
            key_ids[email] = key.id
        key, keys[REVOKED] = await container.resolve(CreateApiKey)(
            "Revoked", grants[ADMIN], actor=COMMAND_LINE
        )
        await container.resolve(RevokeApiKey)(acme.id, key.id, actor=COMMAND_LINE)
        stranger_tenant = await _tenant(container, stranger, STRANGER_EVENT, key_ids[STRANGER])
        await _tenant(container, acme, ACME_EVENT, key_ids[VIEWER])
        control.replace_event(ACME_EVENT, second_state())
        acme_tenant = await _tenant(container, acme, ACME_EVENT, key_ids[VIEWER])
    return SeededDatabase(sandbox, folder, acme_tenant, stranger_tenant, keys)


async def _organization(container: Container, sandbox: Sandbox, name: str) -> Organization:
    new = NewOrganization(name, sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
    organization = await container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
    await container.resolve(Connect)(organization.id, Token(GLEANIN_TOKEN), actor=COMMAND_LINE)
    return organization


async def _tenant(container: Container, organization: Organization, event: int, key: str) -> Tenant:
    """Map the event to the one with the same name if necessary, and sync it."""
    mappings = await container.resolve(ListMappings)(organization.id)
    if not mappings:
        events = await container.resolve(ListEvents)(organization.id)
        name = next(each.name for each in events.source if each.id == str(event))
        destination_id = next(each.id for each in events.destination if each.name == name)
        pair = SourceEventId(str(event)), DestinationEventId(destination_id)
        new = NewMapping(OrganizationId(organization.id), *pair, time_zone_confirmed=True)
        mappings = [await container.resolve(MapEvents)(new, actor=COMMAND_LINE)]
    requested = await container.resolve(RequestSync)(SyncRequest(mappings[0].id, actor=COMMAND_LINE))
    run = await container.resolve(RunSync)(requested.id)
    assert not isinstance(run.stop, StopReason), run.message
    people = await container.resolve(ListShareLinks)(mappings[0].id)
    assert any(each.links for each in people)
    return Tenant(organization.id, mappings[0].id, run.id, people[0].source_id, key)
