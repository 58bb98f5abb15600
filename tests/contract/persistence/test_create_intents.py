"""Intents to create, in every store (rule 32)."""

from dataclasses import replace
from datetime import timedelta

from core.domain.ids import ConnectionId, DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import CreateIntent
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.store_samples import (
    CONNECTION,
    EVENT,
    LONG,
    ORGANIZATION,
    a_connection,
    an_organization,
    committing,
    store,
)

MOMENT = timedelta(seconds=5)


def an_intent(source_id: str, kind: RecordKind = SPEAKER, *names: str) -> CreateIntent:
    return CreateIntent(kind, SourceId(source_id), CONNECTION, names)


async def _add(
    units: UnitOfWorkFactory, *intents: CreateIntent, organization: OrganizationId = ORGANIZATION
) -> None:
    async with committing(units) as unit:
        await unit.intents.add(organization, EVENT, intents)


async def _open(
    units: UnitOfWorkFactory, organization: OrganizationId = ORGANIZATION
) -> dict[str, CreateIntent]:
    async with units.read() as unit:
        intents = await unit.intents.list_open(organization, EVENT)
    assert len({(intent.kind.name, intent.source_id) for intent in intents}) == len(intents)
    return {f"{intent.kind.name} {intent.source_id}": intent for intent in intents}


async def test_rule_32_intents_are_listed_until_they_are_removed(mapped: UnitOfWorkFactory) -> None:
    one, two = an_intent("1", SPEAKER, "first_name", "email"), an_intent("2", SESSION)
    three = an_intent(LONG[:300], EXHIBITOR_CONTACT, "logo")
    await _add(mapped, one, two, three)
    await _add(mapped)
    found = await _open(mapped)
    assert found == {"speaker 1": one, "session 2": two, f"exhibitor_contact {LONG[:300]}": three}
    async with mapped.read() as unit:
        assert not await unit.intents.list_open(ORGANIZATION, DestinationEventId("other"))
        assert not await unit.intents.list_open(OrganizationId("other"), EVENT)
    async with committing(mapped) as unit:
        await unit.intents.remove(
            ORGANIZATION, EVENT, SPEAKER, [SourceId("1"), SourceId("2"), SourceId("none")]
        )
        await unit.intents.remove(ORGANIZATION, EVENT, SPEAKER, [])
    assert set(await _open(mapped)) == {"session 2", f"exhibitor_contact {LONG[:300]}"}


async def test_rule_32_sent_intents_are_dated_by_the_database_clock(mapped: UnitOfWorkFactory) -> None:
    await _add(mapped, an_intent("1"), an_intent("2"), an_intent("1", SESSION))
    async with committing(mapped) as unit:
        before = await unit.now()
        await unit.intents.mark_sent(ORGANIZATION, EVENT, SPEAKER, [SourceId("1"), SourceId("none")])
        await unit.intents.mark_sent(ORGANIZATION, EVENT, SPEAKER, [])
        after = await unit.now()
    found = await _open(mapped)
    assert found.keys() == {"speaker 1", "speaker 2", "session 1"}
    sent_at = found["speaker 1"].sent_at
    assert before - MOMENT <= present(sent_at) <= after + MOMENT
    assert found["speaker 2"].sent_at is None
    assert found["session 1"].sent_at is None


async def test_rule_32_a_new_intent_replaces_the_previous_one(mapped: UnitOfWorkFactory) -> None:
    await _add(mapped, an_intent("1", SPEAKER, "email"))
    async with committing(mapped) as unit:
        await unit.intents.mark_sent(ORGANIZATION, EVENT, SPEAKER, [SourceId("1")])
    again = an_intent("1", SPEAKER, "email", "job_title")
    await _add(mapped, again)
    assert await _open(mapped) == {"speaker 1": again}


async def test_many_intents_in_one_call(mapped: UnitOfWorkFactory) -> None:
    intents = [an_intent(str(number)) for number in range(1203)]
    await _add(mapped, *intents)
    assert len(await _open(mapped)) == 1203
    ids = [intent.source_id for intent in intents]
    async with committing(mapped) as unit:
        await unit.intents.mark_sent(ORGANIZATION, EVENT, SPEAKER, ids)
    assert all(intent.sent_at for intent in (await _open(mapped)).values())
    async with committing(mapped) as unit:
        await unit.intents.remove(ORGANIZATION, EVENT, SPEAKER, ids[1:])
    assert set(await _open(mapped)) == {"speaker 0"}


async def test_uncommitted_intents_are_not_stored(mapped: UnitOfWorkFactory) -> None:
    async with mapped.write() as unit:
        await unit.intents.add(ORGANIZATION, EVENT, [an_intent("1")])
    assert not await _open(mapped)


async def test_intents_are_deleted_with_their_organization_only(mapped: UnitOfWorkFactory) -> None:
    other = an_organization("Another", 2)
    await store(mapped, other, a_connection(2, other.id))
    await _add(mapped, an_intent("1"))
    theirs = replace(an_intent("1"), connection_id=ConnectionId("con2"))
    await _add(mapped, theirs, organization=other.id)
    async with committing(mapped) as unit:
        now = await unit.now()
        await unit.organizations.remove(ORGANIZATION, now)
    assert not await _open(mapped)
    assert await _open(mapped, other.id) == {"speaker 1": theirs}
