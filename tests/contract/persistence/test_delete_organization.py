"""Deletion of an organization, in every store."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Grant, Role
from core.domain.access.portal_links import PersonRef
from core.domain.ids import ConnectionId, MappingId, OrganizationId, RunId, SourceId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.outcomes import Counts
from core.domain.runs.schedule import Schedule
from core.domain.runs.stop_reasons import LEASE_EXPIRED
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.domain.tenancy.organizations import Connection
from core.domain.tenancy.secrets import SealedToken
from ports.store.errors import PersistenceError
from ports.store.results import PeoplePage
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.store_samples import (
    CONNECTION,
    EVENT,
    MAPPING,
    NOW,
    ORGANIZATION,
    OTHER,
    a_connection,
    a_key,
    a_mapping,
    a_mapping_of_other,
    a_notification,
    a_recipient,
    a_record,
    a_run,
    an_account,
    an_organization,
    an_outcome,
    committing,
    store,
)
from tests.support.systems import GLEANIN, SYSTEMS

LATER = NOW + timedelta(days=1)
OTHER_URL = "https://api-eu.sessionboard.com"
PERSON = PersonRef(ORGANIZATION, EVENT, SPEAKER, SourceId("1"))
ENDED = a_connection(3).end(NOW, an_organization(), an_organization().name)
SUPPORT = Grant(Role.SUPPORT)


def a_marker(mapping: MappingId, run: int) -> UnchangedMarker:
    return UnchangedMarker(mapping, RunId(f"run{run}"), NOW, LATER, "b2f1", "0a")


@pytest.fixture
async def removed(units: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store in which one of two organizations, both with everything they can own, was deleted."""
    await store(units, replace(an_organization(), source_url=OTHER_URL), an_organization("Other", 2))
    await store(units, ENDED, a_connection(1), a_connection(2, OTHER))
    theirs = a_mapping_of_other(3)
    await store(units, a_mapping().mark_written(), a_mapping(2, "s2", "g2").remove(NOW), theirs)
    await store(units, a_run(1).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS), a_run(2), a_run(3, theirs.id))
    await store(units, a_run(4, MappingId("map2")).stopped(LEASE_EXPIRED, NOW, Counts(), SYSTEMS))
    await store(units, a_key(1), a_key(2, OTHER), a_key(3, None))
    await store(units, *(Schedule(MappingId(f"map{number}"), NOW) for number in range(1, 4)))
    await store(
        units, a_recipient(), a_recipient(OTHER), a_notification(1), a_notification(2, theirs.id, OTHER)
    )
    grants = Grant(Role.ADMIN, ORGANIZATION), Grant(Role.VIEWER, OTHER), SUPPORT
    await store(units, an_account(1, "ada@example.org", *grants))
    async with committing(units) as unit:
        for number in range(1, 5):
            await unit.outcomes.add(RunId(f"run{number}"), [an_outcome("1"), an_outcome("2")])
        await unit.runs.save_idempotency_key(MAPPING, "key", RunId("run2"))
        await unit.runs.save_idempotency_key(theirs.id, "key", RunId("run3"))
        for mapping, run in ((MAPPING, 1), (MappingId("map2"), 4), (theirs.id, 3)):
            await unit.unchanged_markers.save(a_marker(mapping, run))
        for mapping in (MAPPING, theirs.id):
            await unit.schedules.begin_check(mapping, "a", NOW, LATER)
        for organization in (ORGANIZATION, OTHER):
            kinds = (SESSION, SPEAKER, EXHIBITOR_CONTACT)
            await unit.synced.save(organization, EVENT, [a_record(kind=kind) for kind in kinds])
            await unit.portal_revocations.save(replace(PERSON, organization_id=organization), NOW)
            await unit.audit.add(AuditEntry(NOW, "ada", Action.CONNECTED, organization, "Gleanin"))
        await unit.organizations.remove(ORGANIZATION, LATER)
    return units


async def test_a_deleted_organization_is_not_found(removed: UnitOfWorkFactory) -> None:
    async with removed.read() as unit:
        assert await unit.organizations.get(ORGANIZATION) is None
        assert await unit.organizations.find_by_name(an_organization().name) is None
        assert await unit.organizations.find_by_name("") is None
        assert await unit.organizations.find_by_name(f"\n{ORGANIZATION}") is None
        assert await unit.organizations.all() == [an_organization("Other", 2)]


async def test_everything_a_deleted_organization_owned_is_deleted(removed: UnitOfWorkFactory) -> None:
    async with removed.read() as unit:
        assert await unit.mappings.list_by_organization(ORGANIZATION) == []
        assert await unit.mappings.list_by_connection(CONNECTION) == []
        assert await unit.mappings.get(MAPPING) is None
        assert await unit.runs.list_by_organization(ORGANIZATION) == []
        assert await unit.runs.list_by_mapping(MAPPING) == []
        assert await unit.runs.find_by_idempotency_key(MAPPING, "key") is None
        assert await unit.schedules.get(MAPPING) is None
        assert {work.organization_id for work in await unit.runs.open_work()} == {OTHER}
        assert await unit.unchanged_markers.get(MAPPING) is None
        assert await unit.unchanged_markers.get(MappingId("map2")) is None
        assert await unit.schedules.list_by_connection(CONNECTION) == []
        for run in ("run1", "run2", "run4"):
            assert await unit.runs.get(RunId(run)) is None
            assert await unit.runs.lease_status(RunId(run)) is None
            assert await unit.outcomes.list_by_run(RunId(run)) == []
        assert await unit.outcomes.history(MAPPING, "1") == []
        assert await unit.synced.people(ORGANIZATION, EVENT) == PeoplePage([], 0, 0)
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SESSION) == []
        assert await unit.api_keys.list_by_organization(ORGANIZATION) == []
        assert await unit.api_keys.find_by_digest(a_key(1).digest) is None
        assert await unit.accounts.list_by_organization(ORGANIZATION) == []
        assert await unit.portal_revocations.get(PERSON) is None
        assert await unit.recipients.get(ORGANIZATION) is None
        assert await unit.notifications.list_by_organization(ORGANIZATION) == []


async def test_data_of_other_organizations_remains(removed: UnitOfWorkFactory) -> None:
    theirs = MappingId("map3")
    async with removed.read() as unit:
        assert [mapping.id for mapping in await unit.mappings.list_by_organization(OTHER)] == [theirs]
        assert await unit.runs.list_open(theirs) == [a_run(3, theirs)]
        assert await unit.schedules.get(theirs) == Schedule(theirs, NOW)
        assert await unit.unchanged_markers.get(theirs) == a_marker(theirs, 3)
        assert await unit.runs.find_by_idempotency_key(theirs, "key") == "run3"
        assert await unit.outcomes.list_by_run(RunId("run3")) == [an_outcome("1"), an_outcome("2")]
        assert (await unit.synced.people(OTHER, EVENT)).total == 2
        assert await unit.api_keys.list_by_organization(OTHER) == [a_key(2, OTHER)]
        assert await unit.api_keys.list_by_organization(None) == [a_key(3, None)]
        assert await unit.recipients.get(OTHER) == a_recipient(OTHER)
        assert await unit.notifications.list_by_organization(OTHER) == [a_notification(2, theirs, OTHER)]
        assert await unit.connections.get_open(OTHER) == a_connection(2, OTHER)
        assert await unit.portal_revocations.get(replace(PERSON, organization_id=OTHER)) == NOW
        assert await unit.accounts.all() == [
            an_account(1, "ada@example.org", Grant(Role.VIEWER, OTHER), SUPPORT)
        ]


async def test_the_audit_log_of_a_deleted_organization_remains(removed: UnitOfWorkFactory) -> None:
    entry = AuditEntry(NOW, "ada", Action.ORGANIZATION_REMOVED, ORGANIZATION, "Python France")
    async with removed.write() as unit:
        await unit.audit.add(entry)
        entries = await unit.audit.page(ORGANIZATION)
        assert [entry.action for entry in entries] == [Action.ORGANIZATION_REMOVED, Action.CONNECTED]


async def test_its_connections_remain_ended_and_without_tokens(removed: UnitOfWorkFactory) -> None:
    async with removed.read() as unit:
        assert await unit.connections.get_open(ORGANIZATION) is None
        ended = await unit.connections.get(CONNECTION)
        assert await unit.connections.get(ENDED.id) == ENDED
    assert ended == Connection(CONNECTION, ORGANIZATION, GLEANIN, None, "", NOW, LATER)


async def test_rule_10_its_connections_are_still_distinguished_by_sessionboard_url(
    removed: UnitOfWorkFactory,
) -> None:
    async with removed.read() as unit:
        assert set(await unit.connections.list_at_other_sources(OTHER_URL)) == {"con2"}
        assert set(await unit.connections.list_at_other_sources(an_organization().source_url)) == {
            "con1",
            "con3",
        }


async def test_its_name_and_events_can_be_used_again(removed: UnitOfWorkFactory) -> None:
    again = an_organization(number=4)
    mapping = replace(a_mapping(5), organization_id=again.id, connection_id=ConnectionId("con4"))
    await store(removed, again, a_connection(4, again.id), mapping)
    async with removed.read() as unit:
        assert await unit.organizations.find_by_name("PYTHON France") == again
        assert await unit.mappings.list_by_organization(again.id) == [mapping]


async def test_several_organizations_can_be_deleted_even_twice(removed: UnitOfWorkFactory) -> None:
    async with committing(removed) as unit:
        for organization in (OTHER, OTHER, ORGANIZATION, OrganizationId("none")):
            await unit.organizations.remove(organization, LATER)
    async with removed.read() as unit:
        assert await unit.organizations.all() == []
        assert set(await unit.connections.list_at_other_sources(OTHER_URL)) == {"con2"}
        assert await unit.accounts.all() == [an_account(1, "ada@example.org", SUPPORT)]


@pytest.mark.parametrize(
    "add",
    [
        pytest.param(lambda unit: unit.organizations.add(an_organization("A new name")), id="itself"),
        pytest.param(lambda unit: unit.organizations.update(an_organization()), id="a token"),
        pytest.param(lambda unit: unit.connections.add(a_connection(4)), id="a connection"),
        pytest.param(lambda unit: unit.connections.update(a_connection(1)), id="a connection's token"),
        pytest.param(lambda unit: unit.mappings.add(a_mapping(5)), id="a mapping"),
        pytest.param(lambda unit: unit.runs.add(a_run(5)), id="a run"),
        pytest.param(lambda unit: unit.schedules.save(Schedule(MAPPING, NOW)), id="a schedule"),
        pytest.param(lambda unit: unit.outcomes.add(RunId("run1"), [an_outcome("3")]), id="an outcome"),
        pytest.param(lambda unit: unit.api_keys.add(a_key(4)), id="an API key"),
        pytest.param(
            lambda unit: unit.accounts.add(an_account(2, "b@example.org", Grant(Role.ADMIN, ORGANIZATION))),
            id="an account",
        ),
        pytest.param(lambda unit: unit.portal_revocations.save(PERSON, NOW), id="a revocation"),
        pytest.param(lambda unit: unit.recipients.save(a_recipient()), id="a recipient"),
        pytest.param(lambda unit: unit.notifications.add(a_notification(3)), id="a notification"),
    ],
)
async def test_nothing_can_be_added_to_a_deleted_organization(
    removed: UnitOfWorkFactory, add: Callable[[UnitOfWork], Awaitable[None]]
) -> None:
    async with removed.write() as unit:
        with pytest.raises(PersistenceError):  # noqa: PT012 - at the latest on commit
            await add(unit)
            await unit.commit()


async def test_an_uncommitted_deletion_is_undone(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization(), a_connection(), a_mapping(), a_run(), a_key())
    await store(units, Schedule(MAPPING, NOW))
    async with units.write() as unit:
        await unit.organizations.remove(ORGANIZATION, LATER)
    async with units.read() as unit:
        assert await unit.organizations.all() == [an_organization()]
        assert await unit.connections.get_open(ORGANIZATION) == a_connection()
        assert await unit.mappings.list_by_organization(ORGANIZATION) == [a_mapping()]
        assert await unit.runs.list_open(MAPPING) == [a_run()]
        assert await unit.schedules.get(MAPPING) == Schedule(MAPPING, NOW)
        assert await unit.api_keys.list_by_organization(ORGANIZATION) == [a_key()]


async def test_the_token_of_a_deleted_organization_is_erased(units: UnitOfWorkFactory) -> None:
    """The tombstone has no token."""
    await store(units, replace(an_organization(), source_token=SealedToken("sealed")), a_connection())
    async with committing(units) as unit:
        await unit.organizations.remove(ORGANIZATION, LATER)
    async with units.read() as unit:
        connection = await unit.connections.get(CONNECTION)
    assert connection is not None
    assert connection.token is None
    assert connection.token_hint == ""
