"""An organization is removed only when it is disconnected and its name is given; then nothing of it is found."""

import pytest

from core.domain.access.audit import Action
from core.domain.access.authorization import COMMAND_LINE, Grant, Permission, Role
from core.domain.errors import InvalidInput, NotAuthenticated, NotFound, StillConnected
from core.domain.ids import OrganizationId, SourceId
from core.domain.records.kinds import SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.portal_person import PersonQuery
from core.usecases.access.queries import ListApiKeys, ListMembers
from core.usecases.organizations.queries import FindOrganization, ListOrganizations
from core.usecases.results.get_record_history import GetRecordHistory
from core.usecases.runs.queries import ListOrganizationRuns
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.doors import HOME, Doors
from tests.unit.usecases.stage import ELSEWHERE, FAR, TOKEN, Stage


@pytest.fixture
async def acme(stage: Stage) -> EventMapping:
    """Give the mapping of an organization that has synced and disconnected."""
    mapping = await stage.mapping()
    stage.offer(session("opening", on(person("ada"))))
    await stage.sync(mapping)
    await stage.disconnect(mapping.organization_id, "Acme")
    return mapping


async def test_rule_08_an_organization_that_is_connected_is_not_removed(stage: Stage) -> None:
    mapping = await stage.mapping()
    with pytest.raises(StillConnected, match="Disconnect it before"):
        await stage.remove_organization(mapping.organization_id, "Acme")
    assert (await stage.list_mappings(mapping.organization_id)) == [mapping]


@pytest.mark.parametrize("confirmation", [None, "", "acme", "Bolt", "Acme.", "\0"])
async def test_the_name_has_to_be_given(stage: Stage, acme: EventMapping, confirmation: str | None) -> None:
    with pytest.raises(InvalidInput, match="To confirm, give its name"):
        await stage.remove_organization(acme.organization_id, confirmation)
    assert (await FindOrganization(stage.units)("Acme")).id == acme.organization_id


async def test_an_organization_that_there_is_not_is_not_removed(stage: Stage, acme: EventMapping) -> None:
    with pytest.raises(NotFound):
        await stage.remove_organization(OrganizationId("nobody"), "Acme")
    await stage.remove_organization(acme.organization_id, " Acme ")
    with pytest.raises(NotFound):
        await stage.remove_organization(acme.organization_id, "Acme")


async def test_nothing_of_a_removed_organization_is_found(
    stage: Stage, doors: Doors, acme: EventMapping
) -> None:
    organization = acme.organization_id
    (run, _), *_ = await ListOrganizationRuns(stage.units)(organization)
    await doors.account("ada@example.org", Grant(Role.ADMIN, organization))
    _, secret = await doors.make_api_key("export", Grant(Role.ADMIN, organization), actor=COMMAND_LINE)
    await stage.remove_organization(organization, "Acme")
    for asked in (
        FindOrganization(stage.units)(organization),
        FindOrganization(stage.units)("Acme"),
        FindOrganization(stage.units)(""),
        stage.list_mappings(organization),
        stage.list_runs(acme.id),
        stage.get_run(run.id),
        GetRecordHistory(stage.units)(acme.id, "ada@example.org"),
        stage.list_share_links(acme.id),
        stage.request_sync(acme.id),
        stage.connect(organization, TOKEN),
        stage.map(organization),
        doors.make_portal_address(PersonQuery(acme.id, SPEAKER.name, SourceId("ada")), actor=COMMAND_LINE),
    ):
        with pytest.raises(NotFound):
            await asked
    assert not await ListOrganizations(stage.units)()
    assert not await ListOrganizationRuns(stage.units)(organization)
    assert not await ListApiKeys(stage.units)(organization)
    assert not await ListMembers(stage.units)(organization)
    with pytest.raises(NotAuthenticated):
        await doors.whose_api_key(secret, HOME)
    assert not (await doors.who_is_signed_in(await doors.sign_in())).grants


async def test_that_it_was_removed_is_told_for_the_installation(
    stage: Stage, doors: Doors, acme: EventMapping
) -> None:
    await stage.remove_organization(acme.organization_id, "Acme", actor="ada@example.org")
    entry = (await doors.audit_log())[-1]
    assert (entry.action, entry.by, entry.what, entry.organization_id) == (
        Action.ORGANIZATION_REMOVED,
        "ada@example.org",
        "Acme",
        None,
    )


async def test_rule_04_a_removed_organizations_name_and_events_are_free(
    stage: Stage, acme: EventMapping
) -> None:
    await stage.remove_organization(acme.organization_id, "Acme")
    again = await stage.mapping()
    assert again.organization_id != acme.organization_id
    assert again.events == acme.events


async def test_rule_10_what_it_sent_is_not_written_again_by_whoever_maps_the_same_events(
    stage: Stage, acme: EventMapping
) -> None:
    await stage.remove_organization(acme.organization_id, "Acme")
    again = await stage.mapping()
    stage.offer(session("opening", on(person("ada"))), session("closing", on(person("bob"))))
    sent = len(stage.gleanin.writes)
    told = await stage.outcomes(await stage.sync(again))
    assert {key: each.outcome for key, each in told.items()} == {
        "opening": Outcome.SKIPPED,
        "ada": Outcome.SKIPPED,
        "closing": Outcome.CREATED,
        "bob": Outcome.CREATED,
    }
    assert len(stage.gleanin.writes) == sent + 2


async def test_another_organizations_things_are_left_alone(
    stage: Stage, doors: Doors, acme: EventMapping
) -> None:
    bolt = (await stage.connection("Bolt")).organization_id
    stage.offer(session("keynote", on(person("bob"))), event=ELSEWHERE)
    mapping = await stage.map(bolt, ELSEWHERE, FAR)
    run = await stage.sync(mapping)
    _, secret = await doors.make_api_key("export", Grant(Role.ADMIN, bolt), actor=COMMAND_LINE)
    grants = Grant(Role.VIEWER, bolt)
    await doors.account("ada@example.org", Grant(Role.ADMIN, acme.organization_id))
    await doors.give_role("ada@example.org", grants, actor=COMMAND_LINE)
    before = await stage.outcomes(run), await stage.list_share_links(mapping.id), await doors.audit_log(bolt)
    await stage.remove_organization(acme.organization_id, "Acme")
    after = await stage.outcomes(run), await stage.list_share_links(mapping.id), await doors.audit_log(bolt)
    assert after == before
    assert (await doors.whose_api_key(secret, HOME)).may(Permission.MANAGE, bolt)
    assert (await doors.who_is_signed_in(await doors.sign_in())).grants == {grants}
    assert (await stage.sync(mapping)).counts.all_succeeded
    assert [each.name for each, _ in await ListOrganizations(stage.units)()] == ["Bolt"]


async def test_its_connections_ended_at_the_latest_when_it_was_removed(
    stage: Stage, acme: EventMapping
) -> None:
    now = stage.clock.now()
    await stage.remove_organization(acme.organization_id, "Acme")
    async with stage.units.read() as unit:
        connection = await unit.connections.get(acme.connection_id)
    assert connection is not None
    assert connection.ended_at == now
    assert connection.token is None
