"""The application in a browser: served for one test, with sandboxes of both systems behind it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dependency_injector import providers
from playwright.sync_api import Locator, Page, expect

from core.domain.access.authorization import COMMAND_LINE, Actor, Grant, Role
from core.domain.ids import DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.records.kinds import ALL, Scope
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.create_sign_in_link import CreateSignInLink
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.queries import FindConnection
from core.usecases.runs.queries import ListRuns
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.http.app import COOKIE
from entrypoints.http.pages.access.sign_in import DEVICE_COOKIE
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from entrypoints.settings import Settings
from tests.e2e.browser.journeys.conference import NAMES
from tests.support.http_server import Running, serving

ORGANIZATION = "Acme Events"
PASSWORD = "correct-horse-battery"
ADMIN, VIEWER, SUPPORT = "ada@acme.example.org", "vera@acme.example.org", "sam@support.example.org"
EVERYWHERE = "eve@everywhere.example.org"
"""The e-mail of an admin of all organizations."""
SUPPORT_CONTACT = "help@example.org"


@dataclass(frozen=True, slots=True)
class Harness:
    """A served application with one organization, which is not connected at first."""

    running: Running
    sandbox: Sandbox
    organization: OrganizationId

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def control(self) -> ControlClient:
        return ControlClient(self.sandbox.control_url)

    @property
    def writes(self) -> int:
        return sum(self.control.state()["writes"].values())

    def at(self, path: str = "") -> str:
        """Return the path of a page of the organization."""
        return f"/organizations/{self.organization}/{path}"

    def event(self, event_id: int, part: str = "agenda") -> str:
        return self.at(f"events/{event_id}/{part}")

    def sign_in(self, page: Page, email: str = ADMIN) -> Page:
        """Sign in with a sign-in link; hashing a password would take longer."""
        secret = self.running.ask(
            lambda container: container.resolve(CreateSignInLink)(email, actor=COMMAND_LINE)
        )
        page.goto(f"/sign-in/once/{secret}")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/organizations**")
        names = {cookie.get("name") for cookie in page.context.cookies()}
        assert COOKIE in names
        assert names <= {COOKIE, DEVICE_COOKIE}
        return page

    def connect(self, *, continuous: bool = False) -> None:
        async def connect(container: Container) -> None:
            await container.resolve(Connect)(
                self.organization, Token(GLEANIN_TOKEN), continuous_sync=continuous, actor=Actor(ADMIN)
            )

        self.running.ask(connect)

    def destination_id(self, event_id: int) -> str:
        """Return the id of the Gleanin event with the same name."""
        events = self.control.state()["gleanin"]
        return str(next(event["id"] for event in events if event["title"] == NAMES[event_id]))

    def mapped(self, event_id: int) -> EventMapping:
        """Map an event to the one with the same name, connecting first if necessary."""
        pair = SourceEventId(str(event_id)), DestinationEventId(self.destination_id(event_id))

        async def mapped(container: Container) -> EventMapping:
            if await container.resolve(FindConnection)(self.organization) is None:
                await container.resolve(Connect)(self.organization, Token(GLEANIN_TOKEN), actor=Actor(ADMIN))
            new = NewMapping(self.organization, *pair, time_zone_confirmed=True)
            return await container.resolve(MapEvents)(new, actor=Actor(ADMIN))

        return self.running.ask(mapped)

    def sync(self, mapping_id: MappingId, scope: Scope = ALL) -> SyncRun:
        async def sync(container: Container) -> SyncRun:
            run = await container.resolve(RequestSync)(SyncRequest(mapping_id, scope, actor=Actor(ADMIN)))
            return await container.resolve(RunSync)(run.id)

        return self.running.ask(sync)

    def runs(self, mapping_id: MappingId) -> list[SyncRun]:
        """Return a mapping's runs, newest first."""

        async def runs(container: Container) -> list[SyncRun]:
            return [*await container.resolve(ListRuns)(mapping_id, 20)]

        return self.running.ask(runs)

    def key(self) -> str:
        """Create an API key with read access."""
        grant = Grant(Role.VIEWER, self.organization)

        async def create(container: Container) -> str:
            _, secret = await container.resolve(CreateApiKey)("Counts", grant, actor=Actor(ADMIN))
            return secret

        return self.running.ask(create)


@contextmanager
def open_harness(state: SandboxState, folder: Path, **settings: Any) -> Iterator[Harness]:
    with in_thread(state) as sandbox:
        chosen = Settings.model_validate(
            {
                "database_url": f"sqlite:///{folder / 'sync.db'}",
                "gleanin_url": sandbox.gleanin_url,
                "allow_private_addresses": True,
                "support_contact": SUPPORT_CONTACT,
                **settings,
            }
        )
        with serving(chosen) as running:
            # The port is known only now, and portal links contain it.
            with_url = chosen.model_copy(update={"public_url": running.url})
            running.container.settings.override(providers.Object(with_url))
            yield Harness(
                running, sandbox, running.ask(lambda container: _add_organization(container, sandbox))
            )


async def _add_organization(container: Container, sandbox: Sandbox) -> OrganizationId:
    new = NewOrganization(ORGANIZATION, sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
    organization = await container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
    grants = {
        ADMIN: Grant(Role.ADMIN, organization.id),
        VIEWER: Grant(Role.VIEWER, organization.id),
        SUPPORT: Grant(Role.SUPPORT),
        EVERYWHERE: Grant(Role.ADMIN),
    }
    for email, grant in grants.items():
        await container.resolve(AddAccount)(NewAccount(email, grant, password=None), actor=COMMAND_LINE)
    return organization.id


def expect_message(page: Page, text: str) -> None:
    """Wait for a message at the bottom."""
    expect(page.locator("#flashes").get_by_text(text)).to_be_visible()


def menu(page: Page, label: str) -> Locator:
    """Return the button of a menu, whether its label is visible or only for screen readers."""
    named = page.get_by_label(label, exact=True).or_(page.get_by_text(label, exact=True))
    return page.locator("summary").and_(named)


def open_menu(page: Page, label: str) -> None:
    menu(page, label).click()


def start_sync(page: Page, event_id: str) -> None:
    """Choose Sync to Gleanin in the page's menu of options."""
    open_menu(page, "Options")
    page.get_by_role("button", name=f"Sync to Gleanin (event: {event_id})").click()
    expect_message(page, "Sync to Gleanin has started.")


def wait_for_agenda(page: Page) -> None:
    """Wait until the event has been read: the page updates by itself."""
    expect(page.get_by_role("region", name="Sessions")).to_be_visible()


def expect_error(field: Locator, text: str) -> None:
    """Wait for an error beside a field, which is also its description for screen readers."""
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("Error: .*" + re.escape(text)))
