"""Sample entities to store: an organization with a connection, a mapping and everything they can own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.domain.access.accounts import Account
from core.domain.access.api_keys import ApiKey, hash_secret
from core.domain.access.authorization import Grant, Role
from core.domain.ids import (
    AccountId,
    ApiKeyId,
    ConnectionId,
    DestinationEventId,
    DestinationId,
    MappingId,
    NotificationId,
    OrganizationId,
    RunId,
    SourceEventId,
    SourceId,
)
from core.domain.notifications.notification import Channel, Notification, Recipient
from core.domain.records.fields import Fields
from core.domain.records.kinds import ALL, SPEAKER, RecordKind
from core.domain.records.outcomes import Outcome, RecordOutcome, RecordRef
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import SyncedRecord, fingerprint
from core.domain.runs.fair_queue import ScheduleCounts, count_continuous
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.domain.tenancy.event_mappings import EventMapping, EventPair
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import SealedToken
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.systems import GLEANIN, SESSIONBOARD, SYSTEMS

NOW = datetime(2027, 5, 1, 9, 30, 15, 123456, tzinfo=UTC)
LEASE = timedelta(minutes=1)
ORGANIZATION = OrganizationId("org1")
CONNECTION = ConnectionId("con1")
MAPPING = MappingId("map1")
OTHER = OrganizationId("org2")
SECOND = MappingId("map2")
EVENT = DestinationEventId("g1")
LONG = "".join(chr(0x4E00 + number * 7_919 % 20_000) for number in range(10_000))
"""Random enough that no database can compress it."""
SAME_ADDRESS = (
    "ada@bücher.example",
    "Ada@XN--BCHER-KVA.example",
    "@bu\u0308cher.example",
    "\u200bada@b\u00fccher.EXAMPLE ",
)
"""Search texts that all mean the same e-mail (rule 15)."""


def an_organization(name: str = "Python France", number: int = 1) -> Organization:
    return Organization(
        OrganizationId(f"org{number}"),
        name,
        SESSIONBOARD,
        "https://api.sessionboard.com",
        SealedToken("sealed"),
    )


def a_connection(number: int = 1, organization: OrganizationId = ORGANIZATION) -> Connection:
    return Connection(ConnectionId(f"con{number}"), organization, GLEANIN, SealedToken("sealed"), "1234", NOW)


def a_mapping(
    number: int = 1,
    sessionboard: str = "s1",
    gleanin: str = "g1",
    *,
    url: str = "https://api.sessionboard.com",
) -> EventMapping:
    return EventMapping(
        MappingId(f"map{number}"),
        ORGANIZATION,
        CONNECTION,
        EventPair(url, SourceEventId(sessionboard), DestinationEventId(gleanin)),
        SYSTEMS,
        "PyConFR",
        "PyConFR 2027",
        NOW,
    )


def a_mapping_of_other(number: int = 2) -> EventMapping:
    mapping = a_mapping(number, f"s{number}", f"g{number}")
    return replace(mapping, organization_id=OTHER, connection_id=ConnectionId("con2"))


def a_run(number: int = 1, mapping: MappingId = MAPPING) -> SyncRun:
    return SyncRun(RunId(f"run{number}"), mapping, Trigger.MANUAL, ALL, NOW)


def a_record(
    source_id: str = "1",
    *,
    label: str = "Ada Lovelace",
    kind: RecordKind = SPEAKER,
    destination_id: str = "101",
) -> SyncedRecord:
    fields: Fields = {"first_name": label, "email": "ada@example.org", "sessions": ("7", "9")}
    return SyncedRecord(
        kind,
        SourceId(source_id),
        label,
        DestinationId(destination_id),
        CONNECTION,
        fingerprint(fields),
        fields,
        "ada@example.org",
    )


def an_outcome(
    source_id: str = "1",
    outcome: Outcome = Outcome.CREATED,
    *,
    email: str | None = "Ada@Example.org",
    destination_id: str | None = "101",
) -> RecordOutcome:
    record = RecordRef(SPEAKER, SourceId(source_id), "Ada Lovelace", email)
    reason = Reason("new", "New in Sessionboard.", "And more to say.")
    return RecordOutcome(record, outcome, reason, DestinationId(destination_id) if destination_id else None)


def an_account(number: int = 1, email: str = "ada@example.org", *grants: Grant) -> Account:
    return Account(AccountId(f"account{number}"), email, "a hash", NOW, frozenset(grants))


def a_key(number: int = 1, organization: OrganizationId | None = ORGANIZATION) -> ApiKey:
    return ApiKey(
        id=ApiKeyId(f"key{number}"),
        name="Registration desk",
        digest=hash_secret(f"secret{number}"),
        grant=Grant(Role.VIEWER, organization),
        created_at=NOW,
        created_by="ada@example.org",
    )


def a_recipient(organization: OrganizationId = ORGANIZATION) -> Recipient:
    return Recipient(organization, Channel.WEBHOOK, "https://hooks.example.org/x?y=z", SealedToken("sealed"))


def a_notification(
    number: int = 1, mapping: MappingId = MAPPING, organization: OrganizationId = ORGANIZATION
) -> Notification:
    return Notification(
        NotificationId(f"notice{number}"),
        organization,
        mapping,
        RunId("run1"),
        NOW,
        HealthChange.FAILING,
        "The sync has started to fail.",
        next_attempt_at=NOW,
    )


Entity = (
    Organization
    | Connection
    | EventMapping
    | SyncRun
    | Schedule
    | UnchangedMarker
    | Account
    | ApiKey
    | Recipient
    | Notification
)


@asynccontextmanager
async def committing(units: UnitOfWorkFactory) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work that commits when its block ends without an error."""
    async with units.write() as unit:
        yield unit
        await unit.commit()


async def store(units: UnitOfWorkFactory, *entities: Entity) -> None:  # noqa: C901 - one case per type
    async with committing(units) as unit:
        for entity in entities:
            match entity:
                case Organization():
                    await unit.organizations.add(entity)
                case Connection():
                    await unit.connections.add(entity)
                case EventMapping():
                    await unit.mappings.add(entity)
                case SyncRun():
                    await unit.runs.add(entity)
                case Schedule():
                    await unit.schedules.save(entity)
                case UnchangedMarker():
                    await unit.unchanged_markers.save(entity)
                case Account():
                    await unit.accounts.add(entity)
                case ApiKey():
                    await unit.api_keys.add(entity)
                case Recipient():
                    await unit.recipients.save(entity)
                case Notification():
                    await unit.notifications.add(entity)


async def store_mapped_event(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization(), a_connection(), a_mapping())


async def counts(unit: UnitOfWork) -> Mapping[OrganizationId, ScheduleCounts]:
    return count_continuous(await unit.schedules.list_continuous(), await unit.runs.open_work(), NOW)
