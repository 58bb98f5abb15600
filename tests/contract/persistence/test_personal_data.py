"""Every table lists its columns with personal data, so that none is forgotten in an export or an erasure."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from adapters.persistence.engine import engine_at
from adapters.persistence.tables import metadata
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.access.accounts import Attempts, LoginSession
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.identities import ProviderIdentity
from core.domain.access.portal_links import PersonRef
from core.domain.ids import AccountId, RunId, SourceEventId, SourceId
from core.domain.links.link_homes import HolderType
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.links.write_back import WrittenLink
from core.domain.notifications.notification import Channel, Recipient
from core.domain.records.kinds import SPEAKER
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import CreateIntent, ShareLink
from ports.store.links import LinkPlace
from tests.support.store_samples import (
    CONNECTION,
    EVENT,
    MAPPING,
    NOW,
    ORGANIZATION,
    a_key,
    a_record,
    a_run,
    an_account,
    an_outcome,
    committing,
    store,
    store_mapped_event,
)

TABLES = list(metadata.tables.values())
WELL_KNOWN = {
    "address",
    "company",
    "created_by",
    "done_by",
    "email",
    "fields",
    "first_name",
    "full_name",
    "headshot",
    "ip_address",
    "job_title",
    "label",
    "last_name",
    "links",
    "mailbox",
    "password_hash",
    "person",
    "phone",
    "photo",
    "reason_detail",
    "reason_sentence",
    "requested_by",
    "source_id",
    "subject",
    "what",
}
"""Columns that hold personal data in whichever table they are."""
MARKS = ("grace", "speaker-77", "person-88")
"""Text that occurs only in what is stored about one person: name and e-mail, id in Sessionboard, id in Gleanin."""


def _declared(table: sa.Table) -> tuple[str, ...]:
    declared: tuple[str, ...] = table.info["personal_data"]
    return declared


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_table_lists_its_columns_with_personal_data(table: sa.Table) -> None:
    assert "personal_data" in table.info, f"{table} must say which of its columns hold personal data"
    assert isinstance(_declared(table), tuple)
    assert len(set(_declared(table))) == len(_declared(table))


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_table_lists_only_columns_that_it_has(table: sa.Table) -> None:
    assert set(_declared(table)) <= set(table.columns.keys())


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_well_known_personal_columns_are_listed(table: sa.Table) -> None:
    assert WELL_KNOWN & set(table.columns.keys()) <= set(_declared(table))


async def test_what_is_stored_about_a_person_is_only_in_listed_columns(database: str) -> None:
    await _store_grace(database)
    listed = {(table.name, column) for table in TABLES for column in _declared(table)}
    found = _columns_with_marks(database)
    assert found <= listed, f"not listed: {found - listed}"
    assert {table for table, _ in found} == {
        "accounts",
        "api_keys",
        "audit_entries",
        "create_intents",
        "link_outcomes",
        "portal_addresses",
        "portal_revocations",
        "provider_identities",
        "recipients",
        "record_outcomes",
        "sync_runs",
        "synced_records",
        "written_links",
    }


async def _store_grace(database: str) -> None:
    """Store Grace, as a speaker and as an account, in every table that can hold something about her."""
    email, source_id = "grace@example.org", SourceId("speaker-77")
    record = replace(
        a_record(source_id, label="Grace Hopper", destination_id="person-88"),
        email=email,
        links=(ShareLink("Share", "https://app.gleanin.com/grace"),),
    )
    outcome = an_outcome(source_id, email=email, destination_id="person-88")
    reason = Reason("blocked", "Grace Hopper has no last name.", email)
    recipient = Recipient(ORGANIZATION, Channel.EMAIL, email)
    units = SqlUnitOfWorkFactory(engine_at(database))
    await store_mapped_event(units)
    await store(units, an_account(1, email), recipient, replace(a_run(), requested_by=email))
    await store(units, replace(a_key(), created_by=email))
    async with committing(units) as unit:
        outcome = replace(outcome, record=replace(outcome.record, label="Grace Hopper"), reason=reason)
        await unit.outcomes.add(RunId("run1"), [outcome])
        await unit.synced.save(ORGANIZATION, EVENT, [record])
        await unit.synced.save_links(ORGANIZATION, EVENT, SPEAKER, {source_id: record.links})
        await unit.intents.add(ORGANIZATION, EVENT, [CreateIntent(SPEAKER, source_id, CONNECTION)])
        await unit.portal_revocations.save(PersonRef(ORGANIZATION, EVENT, SPEAKER, source_id), NOW)
        await unit.portal_addresses.save({PersonRef(ORGANIZATION, EVENT, SPEAKER, source_id): NOW})
        url, contacts = record.links[0].url, HolderType("contacts")
        place = LinkPlace(ORGANIZATION, "https://source.example.org", SourceEventId("s1"), contacts, "link")
        await unit.written_links.save(place, [WrittenLink(contacts, source_id, url, url, NOW)])
        result = LinkResult(SPEAKER, source_id, "Grace Hopper", contacts, LinkOutcome.FAILED, reason, url)
        await unit.link_outcomes.add(MAPPING, RunId("run1"), [result])
        await unit.audit.add(AuditEntry(NOW, email, Action.CONNECTED, ORGANIZATION, "Grace Hopper"))
        await unit.identities.bind(ProviderIdentity("https://id.example.org", "grace"), AccountId("account1"))
        await unit.login_sessions.add(LoginSession("a digest", AccountId("account1"), NOW))
        await unit.attempts.save(email, Attempts(1, NOW))
    units.close()


def _columns_with_marks(database: str) -> set[tuple[str, str]]:
    engine = engine_at(database)
    with engine.connect() as connection:
        found = {
            (table.name, str(column))
            for table in TABLES
            for row in connection.execute(sa.select(table)).mappings()
            for column, value in row.items()
            if any(mark in str(value).casefold() for mark in MARKS)
        }
    engine.dispose()
    return found
