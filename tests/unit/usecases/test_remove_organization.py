"""An organization is removed only when disconnected and confirmed by its name; then nothing of it is found."""

import pytest

from core.domain.access.audit import Action
from core.domain.access.authorization import COMMAND_LINE, Actor, Grant, Permission, Role
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
from tests.support.access_harness import HOME, AccessHarness
from tests.support.builders import on, person, session
from tests.support.harness import ELSEWHERE, FAR, TOKEN, Harness


@pytest.fixture
async def acme(harness: Harness) -> EventMapping:
    """Return the mapping of an organization that has synced and disconnected."""
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))))
    await harness.sync(mapping)
    await harness.disconnect(mapping.organization_id, "Acme")
    return mapping


async def test_rule_08_connected_organization_is_not_removed(harness: Harness) -> None:
    mapping = await harness.mapping()
    with pytest.raises(StillConnected, match="Disconnect it before"):
        await harness.remove_organization(mapping.organization_id, "Acme")
    assert (await harness.list_mappings(mapping.organization_id)) == [mapping]


@pytest.mark.parametrize("confirmation", [None, "", "acme", "Bolt", "Acme.", "\0"])
async def test_removal_needs_the_name_as_confirmation(
    harness: Harness, acme: EventMapping, confirmation: str | None
) -> None:
    with pytest.raises(InvalidInput, match="To confirm, enter its name"):
        await harness.remove_organization(acme.organization_id, confirmation)
    assert (await FindOrganization(harness.units)("Acme")).id == acme.organization_id


async def test_unknown_organization_is_not_found(harness: Harness, acme: EventMapping) -> None:
    with pytest.raises(NotFound):
        await harness.remove_organization(OrganizationId("nobody"), "Acme")
    await harness.remove_organization(acme.organization_id, " Acme ")
    with pytest.raises(NotFound):
        await harness.remove_organization(acme.organization_id, "Acme")


async def test_nothing_of_a_removed_organization_is_found(
    harness: Harness, access_harness: AccessHarness, acme: EventMapping
) -> None:
    organization = acme.organization_id
    (run, _), *_ = await ListOrganizationRuns(harness.units)(organization)
    await access_harness.account("ada@example.org", Grant(Role.ADMIN, organization))
    _, secret = await access_harness.create_api_key(
        "export", Grant(Role.ADMIN, organization), actor=COMMAND_LINE
    )
    await harness.remove_organization(organization, "Acme")
    for query in (
        FindOrganization(harness.units)(organization),
        FindOrganization(harness.units)("Acme"),
        FindOrganization(harness.units)(""),
        harness.list_mappings(organization),
        harness.list_runs(acme.id),
        harness.get_run(run.id),
        GetRecordHistory(harness.units)(acme.id, "ada@example.org"),
        harness.list_share_links(acme.id),
        harness.request_sync(acme.id),
        harness.connect(organization, TOKEN),
        harness.map(organization),
        access_harness.create_portal_link(
            PersonQuery(acme.id, SPEAKER.name, SourceId("ada")), actor=COMMAND_LINE
        ),
    ):
        with pytest.raises(NotFound):
            await query
    assert not await ListOrganizations(harness.units)()
    assert not await ListOrganizationRuns(harness.units)(organization)
    assert not await ListApiKeys(harness.units)(organization)
    assert not await ListMembers(harness.units)(organization)
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_api_key(secret, HOME)
    assert not (await access_harness.authenticate_session(await access_harness.sign_in())).grants


async def test_removal_is_in_the_audit_log_of_the_installation(
    harness: Harness, access_harness: AccessHarness, acme: EventMapping
) -> None:
    await harness.remove_organization(acme.organization_id, "Acme", actor=Actor("ada@example.org"))
    entry = (await access_harness.audit_log())[-1]
    assert (entry.action, entry.by, entry.what, entry.organization_id) == (
        Action.ORGANIZATION_REMOVED,
        "ada@example.org",
        "Acme",
        None,
    )


async def test_rule_04_a_removed_organizations_name_and_events_are_free(
    harness: Harness, acme: EventMapping
) -> None:
    await harness.remove_organization(acme.organization_id, "Acme")
    again = await harness.mapping()
    assert again.organization_id != acme.organization_id
    assert again.events == acme.events


async def test_rule_10_records_it_sent_are_not_written_by_another_organization(
    harness: Harness, acme: EventMapping
) -> None:
    await harness.remove_organization(acme.organization_id, "Acme")
    again = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))), session("closing", on(person("bob"))))
    sent = len(harness.gleanin.writes)
    outcomes = await harness.outcomes(await harness.sync(again))
    assert {key: each.outcome for key, each in outcomes.items()} == {
        "opening": Outcome.SKIPPED,
        "ada": Outcome.SKIPPED,
        "closing": Outcome.CREATED,
        "bob": Outcome.CREATED,
    }
    assert len(harness.gleanin.writes) == sent + 2


async def test_other_organizations_are_not_affected(
    harness: Harness, access_harness: AccessHarness, acme: EventMapping
) -> None:
    bolt = (await harness.connection("Bolt")).organization_id
    harness.offer(session("keynote", on(person("bob"))), event=ELSEWHERE)
    mapping = await harness.map(bolt, ELSEWHERE, FAR)
    run = await harness.sync(mapping)
    _, secret = await access_harness.create_api_key("export", Grant(Role.ADMIN, bolt), actor=COMMAND_LINE)
    grants = Grant(Role.VIEWER, bolt)
    await access_harness.account("ada@example.org", Grant(Role.ADMIN, acme.organization_id))
    await access_harness.grant_role("ada@example.org", grants, actor=COMMAND_LINE)
    before = (
        await harness.outcomes(run),
        await harness.list_share_links(mapping.id),
        await access_harness.audit_log(bolt),
    )
    await harness.remove_organization(acme.organization_id, "Acme")
    after = (
        await harness.outcomes(run),
        await harness.list_share_links(mapping.id),
        await access_harness.audit_log(bolt),
    )
    assert after == before
    assert (await access_harness.authenticate_api_key(secret, HOME)).may(Permission.MANAGE, bolt)
    assert (await access_harness.authenticate_session(await access_harness.sign_in())).grants == {grants}
    assert (await harness.sync(mapping)).counts.all_succeeded
    assert [each.name for each, _ in await ListOrganizations(harness.units)()] == ["Bolt"]


async def test_connections_end_at_the_latest_with_the_removal(harness: Harness, acme: EventMapping) -> None:
    now = harness.clock.now()
    await harness.remove_organization(acme.organization_id, "Acme")
    async with harness.units.read() as unit:
        connection = await unit.connections.get(acme.connection_id)
    assert connection is not None
    assert connection.ended_at == now
    assert connection.token is None
