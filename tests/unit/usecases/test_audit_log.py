"""Every change adds one entry to the audit log, in the same unit of work."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import pytest

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import COMMAND_LINE, CONTINUOUS_SYNC, Actor, Grant, Role
from core.domain.errors import DomainError
from core.domain.ids import ApiKeyId, OrganizationId, SourceId
from core.domain.links.link_homes import LinkSettings
from core.domain.notifications.notification import Channel
from core.domain.records.kinds import SPEAKER
from core.domain.runs.run import Trigger
from core.domain.tenancy.event_mappings import EventMapping, TracksFrom
from core.domain.tenancy.secrets import Token
from core.usecases.access.add_account import NewAccount
from core.usecases.access.portal_person import PersonQuery
from core.usecases.access.queries import ListAuditEntries
from core.usecases.links.order_link_field import FieldOrder
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.map_events import NewMapping
from core.usecases.organizations.add_organization import NewOrganization
from core.usecases.runs.request_sync import SyncRequest
from tests.support.access_harness import PASSWORD, AccessHarness
from tests.support.builders import on, person, session
from tests.support.harness import ELSEWHERE, FAR, SESSIONBOARD_TOKEN, TOKEN, URL, Harness
from tests.support.kill_switch import killed

BY = Actor("ada@example.org")
RENEWED = Token("a-renewed-token-0123456789")
GRACE = "grace@example.org"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Acme, mapped and synced once, with Grace as its viewer and an API key; Bolt with only a name."""

    harness: Harness
    access_harness: AccessHarness
    mapping: EventMapping
    bolt: OrganizationId
    key: ApiKeyId

    @property
    def acme(self) -> OrganizationId:
        return self.mapping.organization_id

    @property
    def ada(self) -> PersonQuery:
        return PersonQuery(self.mapping.id, SPEAKER.name, SourceId("ada"))

    @property
    def viewer(self) -> Grant:
        return Grant(Role.VIEWER, self.acme)

    async def whole_log(self) -> list[AuditEntry]:
        return await self.access_harness.audit_log()


@pytest.fixture
async def scenario(harness: Harness, access_harness: AccessHarness) -> Scenario:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))))
    await harness.sync(mapping)
    bolt = (await harness.organization("Bolt")).id
    await access_harness.account(GRACE, Grant(Role.VIEWER, mapping.organization_id))
    await access_harness.sign_in_by_provider(GRACE, "grace-1")
    key, _ = await access_harness.create_api_key(
        "export", Grant(Role.VIEWER, mapping.organization_id), actor=COMMAND_LINE
    )
    await harness.choose_recipient(mapping.organization_id, Channel.EMAIL, "ops@example.org")
    async with harness.committing() as unit:
        settings = replace(mapping.settings, links=LinkSettings("gleanin_link"))
        await unit.mappings.update(replace(mapping, settings=settings, written=True))
    return Scenario(harness, access_harness, mapping, bolt, key.id)


@dataclass(frozen=True, slots=True)
class Case:
    action: Action
    what: str
    where: str
    """The organization of the entry: acme, bolt, a new one, or the whole installation."""
    do: Callable[[Scenario], Awaitable[object]]


LABEL = "PyConf goes Gleanin > PyConf"
CASES = [
    Case(
        Action.ORGANIZATION_ADDED,
        "Crab",
        "new",
        lambda on: on.harness.add_organization(NewOrganization(" Crab ", URL, SESSIONBOARD_TOKEN), actor=BY),
    ),
    Case(
        Action.ORGANIZATION_REMOVED,
        "Bolt",
        "all",
        lambda on: on.harness.remove_organization(on.bolt, "Bolt", actor=BY),
    ),
    Case(Action.CONNECTED, "Bolt", "bolt", lambda on: on.harness.connect(on.bolt, RENEWED, actor=BY)),
    Case(Action.DISCONNECTED, "Acme", "acme", lambda on: on.harness.disconnect(on.acme, "Acme", actor=BY)),
    Case(
        Action.TOKEN_REPLACED,
        "Sessionboard token",
        "bolt",
        lambda on: on.harness.replace_sessionboard_token(on.bolt, RENEWED, actor=BY),
    ),
    Case(
        Action.TOKEN_REPLACED,
        "Gleanin token",
        "acme",
        lambda on: on.harness.replace_destination_token(on.acme, RENEWED, actor=BY),
    ),
    Case(
        Action.MAPPED,
        "RustConf goes Gleanin > RustConf",
        "acme",
        lambda on: on.harness.map_events(
            NewMapping(on.acme, ELSEWHERE, FAR, time_zone_confirmed=True), actor=BY
        ),
    ),
    Case(
        Action.MAPPING_REMOVED, LABEL, "acme", lambda on: on.harness.remove_mapping(on.mapping.id, actor=BY)
    ),
    Case(
        Action.SETTINGS_CHANGED,
        f"{LABEL}: tracks track > tags, moderators on > off, one name is enough off > on, only accepted roles on > off, continuous sync off > on",
        "acme",
        lambda on: on.harness.change_settings(
            SettingsChange(
                on.mapping.id,
                TracksFrom.TAGS,
                None,
                moderators=False,
                one_name_is_enough=True,
                only_accepted_roles=False,
                continuous_sync=True,
            ),
            actor=BY,
        ),
    ),
    Case(
        Action.LINK_FIELD_ORDERED,
        f"{LABEL}: Gleanin Link",
        "acme",
        lambda on: on.harness.order_link_field(FieldOrder(on.mapping.id), actor=BY),
    ),
    Case(
        Action.LINKS_WRITTEN_BACK,
        f"{LABEL}: 0 links",
        "acme",
        lambda on: on.harness.write_links_back(on.mapping.id, actor=BY),
    ),
    Case(
        Action.SYNC_REQUESTED,
        f"{LABEL} (all)",
        "acme",
        lambda on: on.harness.request(SyncRequest(on.mapping.id, actor=BY)),
    ),
    Case(
        Action.ACCOUNT_ADDED,
        "new@example.org",
        "acme",
        lambda on: on.access_harness.add_account(
            NewAccount("new@example.org", on.viewer, PASSWORD), actor=BY
        ),
    ),
    Case(Action.ACCOUNT_REMOVED, GRACE, "all", lambda on: on.access_harness.remove_account(GRACE, actor=BY)),
    Case(
        Action.ROLE_GIVEN,
        f"{GRACE}: admin",
        "bolt",
        lambda on: on.access_harness.grant_role(GRACE, Grant(Role.ADMIN, on.bolt), actor=BY),
    ),
    Case(
        Action.ROLE_TAKEN,
        f"{GRACE}: viewer",
        "acme",
        lambda on: on.access_harness.revoke_role(GRACE, on.viewer, actor=BY),
    ),
    Case(
        Action.PASSWORD_CHANGED,
        GRACE,
        "all",
        lambda on: on.access_harness.change_password(GRACE, "another-horse-battery", actor=BY),
    ),
    Case(
        Action.SIGN_IN_LINK_MADE,
        GRACE,
        "all",
        lambda on: on.access_harness.create_sign_in_link(GRACE, actor=BY),
    ),
    Case(
        Action.IDENTITY_UNBOUND, GRACE, "all", lambda on: on.access_harness.unbind_identities(GRACE, actor=BY)
    ),
    Case(
        Action.API_KEY_MADE,
        "desk (viewer)",
        "acme",
        lambda on: on.access_harness.create_api_key("desk", on.viewer, actor=BY),
    ),
    Case(
        Action.API_KEY_REVOKED,
        "export",
        "acme",
        lambda on: on.access_harness.revoke_api_key(on.acme, on.key, actor=BY),
    ),
    Case(
        Action.RECIPIENT_CHOSEN,
        "e-mail to ops@example.org",
        "acme",
        lambda on: on.harness.choose_recipient(on.acme, Channel.EMAIL, "ops@example.org", actor=BY),
    ),
    Case(
        Action.RECIPIENT_TRIED,
        "e-mail to ops@example.org",
        "acme",
        lambda on: on.harness.send_test_notification(on.acme, actor=BY),
    ),
    Case(
        Action.RECIPIENT_REMOVED,
        "e-mail to ops@example.org",
        "acme",
        lambda on: on.harness.remove_recipient(on.acme, actor=BY),
    ),
    Case(
        Action.PORTAL_ADDRESS_MADE,
        "Ada Lovelace",
        "acme",
        lambda on: on.access_harness.create_portal_link(on.ada, actor=BY),
    ),
    Case(
        Action.PORTAL_ADDRESS_REVOKED,
        "Ada Lovelace",
        "acme",
        lambda on: on.access_harness.revoke_portal_links(on.ada, actor=BY),
    ),
]
each_change = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.action}-{case.what}")


DONE_BY_ITSELF = {Action.IDENTITY_BOUND}
"""Done by signing in and not by a command; tested in `test_identity_provider.py`."""


def test_every_action_has_a_case() -> None:
    assert {case.action for case in CASES} == {*Action} - DONE_BY_ITSELF


@each_change
async def test_change_adds_one_entry_with_actor_and_object(scenario: Scenario, case: Case) -> None:
    before = await scenario.whole_log()
    await case.do(scenario)
    log = await scenario.whole_log()
    assert log[: len(before)] == before
    (entry,) = log[len(before) :]
    assert (entry.at, entry.by, entry.action, entry.what) == (
        scenario.harness.clock.now(),
        BY.name,
        case.action,
        case.what,
    )
    match case.where:
        case "acme":
            assert entry.organization_id == scenario.acme
        case "bolt":
            assert entry.organization_id == scenario.bolt
        case "all":
            assert entry.organization_id is None
        case _:
            assert entry.organization_id not in {None, scenario.acme, scenario.bolt}


@each_change
@pytest.mark.parametrize("taken_place", [False, True], ids=["before the commit", "after it"])
async def test_change_and_entry_are_stored_atomically(
    scenario: Scenario, case: Case, taken_place: bool
) -> None:
    stored = await _all_that_is_stored(scenario)
    with killed(scenario.harness, store=1, taken_place=taken_place):
        await case.do(scenario)
    after = await _all_that_is_stored(scenario)
    assert (after != stored) is taken_place
    assert (len(after[1]) - len(stored[1])) == taken_place


async def _all_that_is_stored(scenario: Scenario) -> tuple[object, list[AuditEntry]]:
    async with scenario.harness.units.read() as unit:
        state = [
            await unit.organizations.all(),
            [await unit.connections.get_open(each) for each in (scenario.acme, scenario.bolt)],
            await unit.mappings.list_by_organization(scenario.acme),
            await unit.runs.list_by_organization(scenario.acme),
            await unit.accounts.all(),
            await unit.api_keys.list_by_organization(scenario.acme),
        ]
    return state, await scenario.whole_log()


@each_change
async def test_rule_02_audit_log_contains_no_secret(scenario: Scenario, case: Case) -> None:
    made = await case.do(scenario)
    secrets = [RENEWED.value, TOKEN.value, SESSIONBOARD_TOKEN.value, PASSWORD, "another-horse-battery"]
    given = made if isinstance(made, tuple) else (made,)
    secrets.extend(each for each in given if isinstance(each, str))  # of an API key or a portal link
    log = repr(await scenario.whole_log())
    assert not any(secret in log for secret in secrets)


@pytest.mark.parametrize(
    "refused",
    [
        lambda on: on.harness.disconnect(on.acme, "acme?", actor=BY),
        lambda on: on.harness.remove_organization(on.acme, "Acme", actor=BY),
        lambda on: on.harness.remove_organization(on.bolt, "Acme", actor=BY),
        lambda on: on.harness.connect(on.acme, TOKEN, actor=BY),
        lambda on: on.harness.map(on.acme),
        lambda on: on.access_harness.account(GRACE),
        lambda on: on.access_harness.revoke_role(GRACE, Grant(Role.ADMIN), actor=BY),
        lambda on: on.access_harness.revoke_api_key(on.bolt, on.key, actor=BY),
        lambda on: on.access_harness.create_portal_link(
            PersonQuery(on.mapping.id, SPEAKER.name, SourceId("bob")), actor=BY
        ),
    ],
)
async def test_refused_change_adds_no_entry(
    scenario: Scenario, refused: Callable[[Scenario], Awaitable[object]]
) -> None:
    before = await scenario.whole_log()
    with pytest.raises(DomainError):
        await refused(scenario)
    assert await scenario.whole_log() == before


async def test_change_without_effect_adds_no_entry(scenario: Scenario) -> None:
    await scenario.access_harness.revoke_api_key(scenario.acme, scenario.key, actor=BY)
    before = await scenario.whole_log()
    await scenario.access_harness.revoke_api_key(scenario.acme, scenario.key, actor=BY)
    await scenario.harness.change_settings(
        SettingsChange(scenario.mapping.id, tracks=TracksFrom.TRACK), actor=BY
    )
    assert await scenario.whole_log() == before


async def test_rule_24_continuous_sync_adds_no_audit_entry(scenario: Scenario) -> None:
    before = await scenario.whole_log()
    request = SyncRequest(scenario.mapping.id, trigger=Trigger.CONTINUOUS, actor=CONTINUOUS_SYNC)
    run = await scenario.harness.request(request)
    assert run.requested_by == CONTINUOUS_SYNC.name
    assert await scenario.whole_log() == before


async def test_audit_log_of_an_organization_has_only_its_entries(scenario: Scenario) -> None:
    acme, bolt = (
        await scenario.access_harness.audit_log(scenario.acme),
        await scenario.access_harness.audit_log(scenario.bolt),
    )
    assert [entry.action for entry in bolt] == [Action.ORGANIZATION_ADDED]
    assert {entry.organization_id for entry in acme} == {scenario.acme}
    assert {entry.by for entry in acme} == {COMMAND_LINE.name}


async def test_audit_log_is_paged_newest_first(scenario: Scenario) -> None:
    read, whole = ListAuditEntries(scenario.harness.units), await scenario.whole_log()
    parts: list[AuditEntry] = []
    before: int | None = None
    while part := await read(None, before, limit=2):
        assert len(part) <= 2
        parts.extend(part)
        before = part[-1].position
    assert parts == whole[::-1]
