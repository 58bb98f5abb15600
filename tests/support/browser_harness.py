"""The application as people meet it in a browser: served anew for a test, with stand-ins of both services behind it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dependency_injector import providers
from playwright.sync_api import Locator, Page, expect

from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.ids import DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.records.kinds import Scope
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
"""An admin of all organizations."""
SUPPORT_CONTACT = "help@example.org"


@dataclass(frozen=True, slots=True)
class Harness:
    """An application that is served, and an organization in it, not connected at first."""

    running: Running
    sandbox: Sandbox
    organization: OrganizationId

    @property
    def url(self) -> str:
        return self.running.url

    @property
    def remote(self) -> ControlClient:
        return ControlClient(self.sandbox.control_url)

    @property
    def writes(self) -> int:
        return sum(self.remote.state()["writes"].values())

    def at(self, path: str = "") -> str:
        """Give the address of a page of the organization."""
        return f"/organizations/{self.organization}/{path}"

    def event(self, event_id: int, part: str = "agenda") -> str:
        return self.at(f"events/{event_id}/{part}")

    def sign_in(self, page: Page, email: str = ADMIN) -> Page:
        """Sign in by an address as the command line gives it; without a password, which takes its time."""
        offered = self.running.ask(
            lambda container: container.resolve(CreateSignInLink)(email, actor="command line")
        )
        page.goto(f"/sign-in/once/{offered}")
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/organizations**")
        names = {cookie.get("name") for cookie in page.context.cookies()}
        assert COOKIE in names
        assert names <= {COOKIE, DEVICE_COOKIE}
        return page

    def connect(self, *, continuous: bool = False) -> None:
        async def connect(container: Container) -> None:
            await container.resolve(Connect)(
                self.organization, Token(GLEANIN_TOKEN), continuous_sync=continuous, actor=ADMIN
            )

        self.running.ask(connect)

    def gleanin_id(self, event_id: int) -> str:
        """Give the id of the Gleanin event that has the same name."""
        events = self.remote.state()["gleanin"]
        return str(next(each["id"] for each in events if each["title"] == NAMES[event_id]))

    def mapped(self, event_id: int) -> EventMapping:
        """Connect, unless it is, and map an event to the one of the same name."""
        pair = SourceEventId(str(event_id)), DestinationEventId(self.gleanin_id(event_id))

        async def mapped(container: Container) -> EventMapping:
            if await container.resolve(FindConnection)(self.organization) is None:
                await container.resolve(Connect)(self.organization, Token(GLEANIN_TOKEN), actor=ADMIN)
            new = NewMapping(self.organization, *pair, time_zone_confirmed=True)
            return await container.resolve(MapEvents)(new, actor=ADMIN)

        return self.running.ask(mapped)

    def sync(self, mapping_id: MappingId, scope: Scope = Scope.ALL) -> SyncRun:
        async def sync(container: Container) -> SyncRun:
            run = await container.resolve(RequestSync)(SyncRequest(mapping_id, scope, actor=ADMIN))
            return await container.resolve(RunSync)(run.id)

        return self.running.ask(sync)

    def runs(self, mapping_id: MappingId) -> list[SyncRun]:
        """Give a mapping's runs, newest first."""

        async def runs(container: Container) -> list[SyncRun]:
            return [*await container.resolve(ListRuns)(mapping_id, 20)]

        return self.running.ask(runs)

    def key(self) -> str:
        """Make an API key that may read."""
        grant = Grant(Role.VIEWER, self.organization)

        async def make(container: Container) -> str:
            _, secret = await container.resolve(CreateApiKey)("Counts", grant, actor=ADMIN)
            return secret

        return self.running.ask(make)


@contextmanager
def staged(world: SandboxState, folder: Path, **settings: Any) -> Iterator[Harness]:
    with in_thread(world) as sandbox:
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
            # Which port it has is known only now; portal addresses follow it.
            known = chosen.model_copy(update={"public_url": running.url})
            running.container.settings.override(providers.Object(known))
            yield Harness(running, sandbox, running.ask(lambda container: _settle(container, sandbox)))


async def _settle(container: Container, sandbox: Sandbox) -> OrganizationId:
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
    """Give the button of a menu, whether its label is seen or only read out."""
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
    """Wait until the event was read: the page goes on by itself."""
    expect(page.get_by_role("region", name="Sessions")).to_be_visible()


def expect_error(field: Locator, text: str) -> None:
    """Wait until a field is told to be wrong beside it, which is also what a screen reader says of it."""
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("Error: .*" + re.escape(text)))
