"""Sealed access fields, URLs of destinations, and the names that are kept (rules 2, 8 and 43), in every store."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
import sqlalchemy as sa

from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.access.audit import Action, AuditEntry
from core.domain.runs.schedule import Halt, Schedule, released
from core.domain.systems import ExternalSystem
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import NOTHING_SEALED, SealedFields
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.store_samples import (
    CONNECTION,
    MAPPING,
    NOW,
    ORGANIZATION,
    a_connection,
    a_mapping,
    an_organization,
    committing,
    store,
)
from tests.support.systems import GLEANIN, SESSIONBOARD

FIELDS = SealedFields("sealed-fields")
URL = "https://elsewhere.example.org/api"


def with_fields() -> tuple[Organization, Connection]:
    organization = replace(an_organization(), source_token=NOTHING_SEALED, source_fields=FIELDS)
    return organization, replace(a_connection(), url=URL, fields=FIELDS)


async def test_rule_43_access_fields_are_loaded_as_they_were_stored(units: UnitOfWorkFactory) -> None:
    organization, connection = with_fields()
    await store(units, organization, connection)
    async with units.read() as unit:
        assert await unit.organizations.get(ORGANIZATION) == organization
        assert await unit.organizations.all() == [organization]
        assert await unit.connections.get_open(ORGANIZATION) == connection
    renewed = replace(organization, source_fields=SealedFields("renewed"))
    async with committing(units) as unit:
        await unit.organizations.update(renewed)
        await unit.connections.update(replace(connection, fields=None))
    async with units.read() as unit:
        assert await unit.organizations.get(ORGANIZATION) == renewed
        assert await unit.connections.get(CONNECTION) == replace(connection, fields=None)


async def test_rule_08_an_ended_connection_has_no_access_fields(units: UnitOfWorkFactory) -> None:
    organization, connection = with_fields()
    await store(units, organization, connection)
    async with committing(units) as unit:
        await unit.connections.update(connection.end(NOW, organization, organization.name))
    async with units.read() as unit:
        ended = present(await unit.connections.get(CONNECTION))
    assert (ended.token, ended.fields, ended.url) == (None, None, URL)


async def test_rule_02_removing_an_organization_erases_its_access(units: UnitOfWorkFactory) -> None:
    organization, connection = with_fields()
    await store(units, organization, connection)
    async with committing(units) as unit:
        await unit.organizations.remove(ORGANIZATION, NOW)
    async with units.read() as unit:
        ended = present(await unit.connections.get(CONNECTION))
    assert (ended.token, ended.fields, ended.url) == (None, None, "")


async def test_an_audit_entry_keeps_its_detail(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization())
    entry = AuditEntry(NOW, "ada", Action.CONNECTED, ORGANIZATION, "Acme", detail="Elsewhere")
    async with committing(units) as unit:
        await unit.audit.add(entry)
    async with units.read() as unit:
        assert [replace(found, position=0) for found in await unit.audit.page(ORGANIZATION)] == [entry]


async def test_a_halt_keeps_the_identifier_of_its_system(mapped: UnitOfWorkFactory) -> None:
    halt = Halt("Gleanin", NOW, "gleanin")
    await store(mapped, Schedule(MAPPING, NOW, failing_since=NOW, halt=halt))
    async with mapped.read() as unit:
        schedule = present(await unit.schedules.get(MAPPING))
        assert schedule.halt == halt
        assert await unit.schedules.find_halt(ORGANIZATION) == halt
        assert await unit.schedules.find_destination(ORGANIZATION) == (GLEANIN, halt)
    renamed = ExternalSystem("gleanin", "Gleanin 2")
    assert [found.halt for found in released([schedule], renamed, NOW)] == [None]
    assert released([schedule], ExternalSystem("other", "Gleanin"), NOW) == []


@pytest.fixture
def upgraded(engine: sa.Engine, empty_database: str) -> Iterator[SqlUnitOfWorkFactory]:
    """Yield a database that was upgraded from 0011."""
    migrate.upgrade(engine, "0011")
    at = NOW.replace(tzinfo=None) if engine.dialect.name == "sqlite" else NOW
    with engine.begin() as connection:
        for statement in (
            """INSERT INTO organizations (id, name, name_folded, source, source_name, source_url, sealed_token) VALUES
            ('org1', 'Python France', 'python france', 'sessionboard', 'Sessionboard',
            'https://api.sessionboard.com', 'sealed')""",
            """INSERT INTO connections (id, organization_id, sealed_token, destination, destination_name, token_hint,
            opened_at, continuous_sync) VALUES ('con1', 'org1', 'sealed', 'gleanin', 'Gleanin', '1234', :at, FALSE)""",
            """INSERT INTO audit_entries (done_at, done_by, action, organization_id, what) VALUES
            (:at, 'ada', 'connected', 'org1', 'Python France')""",
        ):
            bound = {"at": at} if ":at" in statement else {}
            connection.execute(sa.text(statement).bindparams(**bound))
    migrate.upgrade(engine)
    with closing(SqlUnitOfWorkFactory(engine_at(empty_database))) as units:
        yield units


async def test_rows_of_the_former_revision_have_no_fields_and_read_as_before(
    upgraded: SqlUnitOfWorkFactory,
) -> None:
    async with upgraded.read() as unit:
        assert await unit.organizations.get(ORGANIZATION) == an_organization()
        assert await unit.connections.get_open(ORGANIZATION) == a_connection()
        entries = await unit.audit.page(ORGANIZATION)
    assert [(entry.what, entry.detail) for entry in entries] == [("Python France", "")]


async def test_rule_29_a_halt_of_the_former_revision_is_released_by_its_display_name(
    engine: sa.Engine, upgraded: SqlUnitOfWorkFactory
) -> None:
    await store(upgraded, a_mapping(), Schedule(MAPPING, NOW, failing_since=NOW, halt=Halt("Gleanin", NOW)))
    with engine.begin() as connection:  # as that revision stored it
        connection.execute(sa.text("UPDATE schedules SET halted_identifier = NULL"))
    async with upgraded.read() as unit:
        schedule = present(await unit.schedules.get(MAPPING))
    assert schedule.halt == Halt("Gleanin", NOW)
    assert released([schedule], SESSIONBOARD, NOW) == []
    assert [found.is_halted for found in released([schedule], GLEANIN, NOW)] == [False]


def test_the_former_program_finds_its_rows_after_a_downgrade(engine: sa.Engine) -> None:
    migrate.upgrade(engine)
    migrate.downgrade(engine, "0011")
    columns = {column["name"] for column in sa.inspect(engine).get_columns("connections")}
    assert not columns & {"sealed_fields", "url"}
