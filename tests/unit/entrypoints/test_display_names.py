"""Pages, the command line and the API call the systems by the organization's names (rule 43)."""

import io
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from dependency_injector import providers
from rich.console import Console

from adapters.memory.destination import InMemoryGleanin
from adapters.memory.source import InMemorySources
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.errors import NotFound
from core.domain.ids import SourceEventId
from core.domain.records.source_records import SourceEvent
from core.domain.runs.schedule import Halt, Schedule
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.cli import errors, mappings, organizations, results, share_links, status, sync
from entrypoints.cli.output import Answer
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.http.app import application
from entrypoints.settings import Settings
from ports.source import SourceUnavailable
from tests.support.builders import exhibitor, on, person, primary, session

PRETALX, ELSEWHERE = ExternalSystem("pretalx", "pretalx"), ExternalSystem("elsewhere", "Elsewhere")
EMAIL, PASSWORD = "admin@example.org", "correct-horse-battery"
BUILT_IN = re.compile(r"Sessionboard|Gleanin(?! Sync|-Sync)")
"""Their names, but not that of the product."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An organization of another source and another destination, with an event that was synced."""

    container: Container
    sources: InMemorySources
    organization: Organization
    mapping: EventMapping
    run: str

    @property
    def pages(self) -> list[str]:
        own, mapping = f"/organizations/{self.organization.id}", self.mapping.id
        settings = f"{own}/integrations/mappings/{mapping}"
        return [
            f"{own}/events",
            *(f"{own}/events/s1/{part}" for part in ("agenda", "exhibitors", "preview")),
            f"{own}/events/s2/agenda",
            f"{own}/events/nowhere/agenda",
            f"{own}/history",
            f"{own}/share-links",
            f"{own}/integrations",
            f"{own}/integrations/connect",
            f"{own}/integrations/disconnect",
            f"{own}/integrations/mappings",
            f"{own}/integrations/mappings/new",
            f"{own}/integrations/mappings?replaced=true",
            f"{settings}/settings",
            f"{settings}/remove",
            f"{own}/settings",
            f"{own}/settings/audit-log",
            f"{own}/settings/remove",
            f"{own}/nothing-here",
            f"/runs/{self.run}",
            f"/mappings/{mapping}/records?who=ada@example.org",
            f"/mappings/{mapping}/records",
        ]


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[Elsewhere]:
    sources, destinations = InMemorySources(system=PRETALX), InMemoryGleanin(ELSEWHERE)
    speaker, nameless = on(person()), on(person("bob", last_name=""))
    sources.source.put(
        SourceEvent(SourceEventId("s1"), "PyConf", "Europe/Paris"),
        [session("opening", speaker), session("closing", nameless), session("maybe", status="pending")],
        [exhibitor("acme", primary(person("eve")))],
    )
    sources.source.put(SourceEvent(SourceEventId("s2"), "RustConf", "Europe/Paris"))
    there = destinations.add_event("d1", "PyConf there")
    destinations.add_event("d2", "RustConf there", "Asia/Tokyo")
    settings = Settings.model_validate(
        {"database_url": f"sqlite:///{tmp_path / 'sync.db'}", "support_contact": "help@example.org"}
    )
    async with opened(settings) as container:
        for of in (container.sources, container.patient_sources):
            of.override(providers.Object(sources))
        for to in (container.destinations, container.patient_destinations):
            to.override(providers.Object(destinations))
        new = NewOrganization(
            "Python Events", "https://pretalx.example.org", Token("a-token-of-pretalx"), "pretalx"
        )
        organization = await container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
        await container.resolve(Connect)(
            organization.id, Token("a-token-of-elsewhere"), destination="elsewhere", actor=COMMAND_LINE
        )
        pair = NewMapping(organization.id, SourceEventId("s1"), there.id, time_zone_confirmed=True)
        mapping = await container.resolve(MapEvents)(pair, actor=COMMAND_LINE)
        requested = await container.resolve(RequestSync)(SyncRequest(mapping.id, actor=COMMAND_LINE))
        run = await container.resolve(RunSync)(requested.id)
        assert run.counts.read, run.message
        admin = NewAccount(EMAIL, Grant(Role.ADMIN, organization.id), PASSWORD)
        await container.resolve(AddAccount)(admin, actor=COMMAND_LINE)
        yield Elsewhere(container, sources, organization, mapping, run.id)


@pytest.fixture
async def browser(elsewhere: Elsewhere) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(elsewhere.container))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as browser:
        form = await browser.get("/sign-in")
        token = re.search(r'name="csrf_token"\s+value="([^"]*)"', form.text)
        assert token, form.text
        data = {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD}
        assert (await browser.post("/sign-in", data=data)).status_code == 303
        yield browser


async def _check_pages(elsewhere: Elsewhere, browser: httpx.AsyncClient) -> None:
    for page in elsewhere.pages:
        answer = await browser.get(page)
        assert answer.status_code != 500, page
        assert not BUILT_IN.findall(answer.text), (page, _around(answer.text))
        assert "from pretalx to Elsewhere" in answer.text, page


def _around(text: str) -> list[str]:
    return [text[max(0, found.start() - 60) : found.end() + 60] for found in BUILT_IN.finditer(text)]


async def test_rule_43_pages_call_the_systems_by_the_organizations_names(
    elsewhere: Elsewhere, browser: httpx.AsyncClient
) -> None:
    await _check_pages(elsewhere, browser)
    own = f"/organizations/{elsewhere.organization.id}"
    for page, text in (
        ("events", "Live from pretalx."),
        ("events/s1/preview", "Sync to Elsewhere (event: d1)"),
        ("integrations", "Connect pretalx to your Elsewhere instance"),
        ("settings", "pretalx access"),
        ("settings/audit-log", "Connected Python Events to Elsewhere."),
    ):
        assert text in (await browser.get(f"{own}/{page}")).text


async def test_rule_43_pages_in_trouble_call_the_systems_by_the_organizations_names(
    elsewhere: Elsewhere, browser: httpx.AsyncClient
) -> None:
    elsewhere.sources.source.error = SourceUnavailable("pretalx cannot be reached.")
    clock = elsewhere.container.clock()
    for system in (PRETALX, ELSEWHERE):
        async with elsewhere.container.units().write() as unit:
            halt = Halt(system.display_name, clock.now())
            await unit.schedules.save(Schedule(elsewhere.mapping.id, clock.now(), halt=halt))
            await unit.commit()
        await _check_pages(elsewhere, browser)


def _shown(answer: Answer) -> str:
    screen = Console(file=io.StringIO(), width=200)
    answer.show(screen)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


COMMANDS: dict[str, Callable[[Elsewhere], Awaitable[Answer]]] = {
    "organization list": lambda of: organizations.list_organizations(of.container),
    "status": lambda of: status.show_status(of.container),
    "events": lambda of: mappings.list_events(of.container, of.organization.id),
    "mappings": lambda of: mappings.list_mappings(of.container, of.organization.id),
    "preview": lambda of: sync.preview_mapping(of.container, of.mapping.id),
    "runs": lambda of: results.list_runs(of.container, of.mapping.id),
    "run": lambda of: results.show_run(of.container, of.run),
    "record": lambda of: results.show_record_history(of.container, of.mapping.id, "ada@example.org"),
    "links --missing": lambda of: share_links.list_links(of.container, of.mapping.id, missing=True),
    "settings": lambda of: mappings.change_settings(of.container, SettingsChange(of.mapping.id)),
}
SAYS = {
    "organization list": ("pretalx", "connected to Elsewhere"),
    "events": ("Events in pretalx", "Events in Elsewhere"),
    "mappings": ("pretalx", "Elsewhere"),
    "run": ("pretalx ada", ", Elsewhere "),
    "record": ("Elsewhere id",),
    "links --missing": ("pretalx id",),
    "settings": ("as Elsewhere's Company Name",),
}


@pytest.mark.parametrize("command", COMMANDS)
async def test_rule_43_commands_call_the_systems_by_the_organizations_names(
    elsewhere: Elsewhere, command: str
) -> None:
    shown = _shown(await COMMANDS[command](elsewhere))
    assert not BUILT_IN.findall(shown), shown
    for name in SAYS.get(command, ()):
        assert name in shown


async def test_rule_43_the_keys_of_the_json_document_stay(elsewhere: Elsewhere) -> None:
    document = (await COMMANDS["events"](elsewhere)).document()
    assert {key: [event["id"] for event in events] for key, events in document.items()} == {
        "sessionboard": ["s1", "s2"],
        "gleanin": ["d1", "d2"],
    }


@pytest.mark.parametrize("system", ["pretalx", "Elsewhere"])
def test_rule_43_an_unknown_event_of_any_system_has_a_hint(system: str) -> None:
    assert errors.failure_of(NotFound(f"{system} event", "x")).hint == errors.LIST_EVENTS_HINT


async def test_rule_43_problems_of_the_api_call_the_systems_by_the_organizations_names(
    elsewhere: Elsewhere,
) -> None:
    _, key = await elsewhere.container.resolve(CreateApiKey)(
        "Desk", Grant(Role.ADMIN, elsewhere.organization.id), actor=COMMAND_LINE
    )
    own = f"/api/v1/organizations/{elsewhere.organization.id}"
    answers = {}
    transport = httpx.ASGITransport(application(elsewhere.container))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as client:
        for name, source, destination in (
            ("mapped", "s1", "d2"),
            ("no source event", "s9", "d2"),
            ("no destination event", "s2", "d9"),
        ):
            body = {"sessionboard_event": source, "gleanin_event": destination}
            answers[name] = (await client.post(f"{own}/mappings", json=body)).json()["detail"]
    assert not BUILT_IN.findall(" ".join(answers.values())), answers
    assert "pretalx event" in answers["mapped"]
    assert "pretalx event" in answers["no source event"]
    assert "Elsewhere event" in answers["no destination event"]
