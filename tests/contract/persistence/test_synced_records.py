"""Synced records, in every store."""

from dataclasses import replace
from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.ids import DestinationEventId, DestinationId, OrganizationId, SourceId
from core.domain.records.kinds import EXHIBITOR_CONTACT, KINDS, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import UNCONFIRMED, ShareLink, SyncedRecord
from ports.store.results import SyncedRecordRef
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    CONNECTION,
    EVENT,
    NOW,
    ORGANIZATION,
    a_connection,
    a_record,
    an_organization,
    committing,
    store,
)

LINKS = (ShareLink("Share 🎤", "https://gleanin.example/a"), ShareLink("", "https://gleanin.example/b"))


async def _save(units: UnitOfWorkFactory, *records: SyncedRecord) -> None:
    async with committing(units) as unit:
        await unit.synced.save(ORGANIZATION, EVENT, records)


async def test_rule_32_saved_records_are_found_by_their_source_ids(mapped: UnitOfWorkFactory) -> None:
    await _save(mapped, a_record("1"), a_record("2", kind=SESSION), a_record("3"))
    async with mapped.read() as unit:
        ids = [SourceId("1"), SourceId("2"), SourceId("none")]
        assert await unit.synced.find(ORGANIZATION, EVENT, SPEAKER, ids) == {"1": a_record("1")}
        assert await unit.synced.find(ORGANIZATION, EVENT, SPEAKER, []) == {}
        assert await unit.synced.find(ORGANIZATION, DestinationEventId("other"), SPEAKER, ids) == {}
        assert await unit.synced.find(OrganizationId("other"), EVENT, SPEAKER, ids) == {}


async def test_saving_a_record_again_replaces_it_and_keeps_its_links(
    mapped: UnitOfWorkFactory,
) -> None:
    await _save(mapped, replace(a_record(), links=LINKS[:1]))
    async with committing(mapped) as unit:
        await unit.synced.save_links(ORGANIZATION, EVENT, SPEAKER, {SourceId("1"): LINKS})
    changed = replace(a_record(label="Ada King"), destination_id=DestinationId("102"), email=None)
    await _save(mapped, changed)
    async with mapped.read() as unit:
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER) == [
            replace(changed, links=LINKS)
        ]


async def test_the_links_of_a_new_record_are_saved_with_it(mapped: UnitOfWorkFactory) -> None:
    await _save(mapped, replace(a_record(), links=LINKS))
    async with mapped.read() as unit:
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER) == [
            replace(a_record(), links=LINKS)
        ]


async def test_rule_30_links_are_saved_for_their_person_only(
    mapped: UnitOfWorkFactory,
) -> None:
    twin = a_record("1", kind=EXHIBITOR_CONTACT)
    await _save(mapped, a_record("1"), a_record("2"), twin)
    async with committing(mapped) as unit:
        given_links = {SourceId("1"): LINKS, SourceId("none"): LINKS}
        await unit.synced.save_links(ORGANIZATION, EVENT, SPEAKER, given_links)
        await unit.synced.save_links(ORGANIZATION, EVENT, SPEAKER, {})
    async with mapped.read() as unit:
        speakers = await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER)
        assert speakers == [replace(a_record("1"), links=LINKS), a_record("2")]
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, EXHIBITOR_CONTACT) == [twin]


async def test_every_record_of_a_kind_has_a_reference(mapped: UnitOfWorkFactory) -> None:
    await _save(mapped, a_record("1", destination_id="101"), a_record("2", destination_id="102"))
    await _save(mapped, a_record("3", kind=SESSION))
    async with mapped.read() as unit:
        places = await unit.synced.list_refs(ORGANIZATION, EVENT, SPEAKER)
    assert sorted(places, key=lambda place: place.source_id) == [
        SyncedRecordRef(SourceId("1"), DestinationId("101"), CONNECTION, a_record().email),
        SyncedRecordRef(SourceId("2"), DestinationId("102"), CONNECTION, a_record().email),
    ]


async def test_rule_44_the_kinds_that_were_sent_to_an_event_are_listed_even_uninstalled_ones(
    mapped: UnitOfWorkFactory,
) -> None:
    uninstalled = KINDS.named("volunteer")
    async with mapped.read() as unit:
        assert await unit.synced.list_kinds(ORGANIZATION, EVENT) == []
    await _save(mapped, a_record("1"), a_record("2"), a_record("3", kind=uninstalled))
    async with mapped.read() as unit:
        assert await unit.synced.list_kinds(ORGANIZATION, EVENT) == [SPEAKER, uninstalled]
        assert await unit.synced.list_kinds(ORGANIZATION, DestinationEventId("other")) == []
        assert await unit.synced.list_kinds(OrganizationId("other"), EVENT) == []


async def test_records_of_an_event_are_sorted_by_label_ignoring_case(mapped: UnitOfWorkFactory) -> None:
    await _save(mapped, a_record("1", label="b"), a_record("2", label="C"), a_record("3", label="A"))
    async with mapped.read() as unit:
        found = await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER)
    assert [record.label for record in found] == ["A", "b", "C"]


async def test_records_of_two_organizations_are_separate(mapped: UnitOfWorkFactory) -> None:
    other = OrganizationId("org2")
    await store(mapped, an_organization("Other", 2), a_connection(2, other))
    await _save(mapped, a_record(label="Ours"))
    async with committing(mapped) as unit:
        await unit.synced.save(other, EVENT, [a_record(label="Theirs")])
    async with mapped.read() as unit:
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER) == [a_record(label="Ours")]
        assert await unit.synced.list_by_event(other, EVENT, SPEAKER) == [a_record(label="Theirs")]


async def test_thousands_of_records_are_found_in_one_call(mapped: UnitOfWorkFactory) -> None:
    records = {SourceId(str(number)): a_record(str(number)) for number in range(1_201)}
    await _save(mapped, *records.values())
    async with mapped.read() as unit:
        assert await unit.synced.find(ORGANIZATION, EVENT, SPEAKER, records.keys()) == records
        assert len(await unit.synced.list_refs(ORGANIZATION, EVENT, SPEAKER)) == len(records)


async def test_a_name_of_ten_thousand_characters_is_stored_whole(mapped: UnitOfWorkFactory) -> None:
    record = replace(a_record(label="🎤é" * 5_000), email="é" * 10_000 + "@example.org")
    await _save(mapped, record)
    async with mapped.read() as unit:
        assert await unit.synced.list_by_event(ORGANIZATION, EVENT, SPEAKER) == [record]


# NUL and lone surrogates are removed where text enters the program.
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_FIELDS = st.dictionaries(_TEXT, _TEXT | st.lists(_TEXT).map(tuple), max_size=4)
_RECORDS = st.builds(
    SyncedRecord,
    kind=st.sampled_from([*KINDS]),
    source_id=_TEXT.map(SourceId),
    label=_TEXT,
    destination_id=_TEXT.map(DestinationId),
    connection_id=st.just(CONNECTION),
    fingerprint=_TEXT,
    fields=_FIELDS,
    email=st.none() | _TEXT,
    links=st.lists(st.builds(ShareLink, _TEXT, _TEXT), max_size=2).map(tuple),
)


# All examples share one store, each with its own event.
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(record=_RECORDS, label=st.sampled_from(["שלום עולם", "مرحبا", "👩‍🚀", "e\u0301", "'; DROP TABLE"]))
async def test_any_text_is_loaded_as_it_was_stored(
    units: UnitOfWorkFactory, record: SyncedRecord, label: str
) -> None:
    async with units.write() as unit:
        if await unit.organizations.get(ORGANIZATION) is None:
            await unit.organizations.add(an_organization())
            await unit.connections.add(a_connection())
        event = DestinationEventId(f"event {len(label)} {record.fingerprint} {record.source_id}")
        other = replace(record, source_id=SourceId(record.source_id + label), label=label)
        await unit.synced.save(ORGANIZATION, event, [record, other])
        await unit.synced.save_links(ORGANIZATION, event, record.kind, {record.source_id: record.links})
        found = await unit.synced.find(ORGANIZATION, event, record.kind, [record.source_id, other.source_id])
    assert found == {record.source_id: record, other.source_id: other}


async def test_rule_32_a_record_in_doubt_stays_unconfirmed_until_it_is_saved(
    mapped: UnitOfWorkFactory,
) -> None:
    await _save(mapped, a_record("1"), a_record("2"), a_record("1", kind=SESSION))
    doubtful = a_record("1").unconfirmed({"job_title": "Countess"})
    await _save(mapped, doubtful)
    async with mapped.read() as unit:
        found = await unit.synced.find(ORGANIZATION, EVENT, SPEAKER, [SourceId("1"), SourceId("2")])
        (session,) = await unit.synced.list_by_event(ORGANIZATION, EVENT, SESSION)
        places = await unit.synced.list_refs(ORGANIZATION, EVENT, SPEAKER)
    assert {place.source_id: place.email for place in places} == {"1": None, "2": a_record("2").email}
    assert found == {"1": doubtful, "2": a_record("2")}
    assert (doubtful.fingerprint, doubtful.fields) == (
        UNCONFIRMED,
        {**a_record("1").fields, "job_title": "Countess"},
    )
    assert session == a_record("1", kind=SESSION)
    await _save(mapped, a_record("1"))
    async with mapped.read() as unit:
        assert await unit.synced.find(ORGANIZATION, EVENT, SPEAKER, [SourceId("1")]) == {"1": a_record("1")}


async def test_rule_34_the_time_a_record_left_is_stored_separately(
    mapped: UnitOfWorkFactory,
) -> None:
    await _save(mapped, a_record("1"), a_record("2"), a_record("1", kind=SESSION))
    async with committing(mapped) as unit:
        await unit.synced.mark_left(ORGANIZATION, EVENT, SPEAKER, [SourceId("1"), SourceId("none")], NOW)
        await unit.synced.mark_left(ORGANIZATION, EVENT, SPEAKER, [], NOW)

    async def left(kind: RecordKind = SPEAKER) -> dict[str, datetime | None]:
        async with mapped.read() as unit:
            places = await unit.synced.list_refs(ORGANIZATION, EVENT, kind)
        return {place.source_id: place.left_at for place in places}

    assert await left() == {"1": NOW, "2": None}
    assert await left(SESSION) == {"1": None}
    await _save(mapped, a_record("1", label="Ada King"))
    assert await left() == {"1": NOW, "2": None}
    async with committing(mapped) as unit:
        await unit.synced.mark_left(ORGANIZATION, EVENT, SPEAKER, [SourceId("1")], None)
    assert await left() == {"1": None, "2": None}
