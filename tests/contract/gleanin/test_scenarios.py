"""Gleanin in memory and over real HTTP, beyond what is tested of every destination."""

import asyncio

import pytest

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.fields import Fields
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import ShareLink
from ports.destination import (
    Destination,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    RecordRejected,
    WriteOutcomeUnknown,
)
from tests.contract.gleanin.conftest import EVENT, Scenario
from tests.contract.gleanin.fake_server import TOKEN

ID = ExternalId("sessionboard:c1:42")
FIELDS: dict[RecordKind, Fields] = {
    SESSION: {
        "title": "Bees <b>&</b> 🐝 שלום",
        "starts_at": "2027-07-21T07:15:00.000Z",
        "ends_at": "2027-07-21T08:35:00.000Z",
        "schedule": "09:15-10:35 Wednesday 21 July 2027",
        "description": "<p>All about bees.</p>",
        "tracks": ("Insects", "Wings"),
    },
    SPEAKER: {
        "first_name": "Ann",
        "last_name": "Lee",
        "name": "Ann Lee",
        "email": "ann@example.org",
        "job_title": "Beekeeper",
        "company_name": "Hives",
        "headshot": "https://example.org/ann.jpg",
    },
    EXHIBITOR_CONTACT: {
        "company_name": "Ben Ray",
        "email": "ben@example.org",
        "logo": "https://example.org/logo.png",
    },
}


async def all_records(
    gleanin: Destination, kind: RecordKind, event: DestinationEventId = EVENT
) -> list[object]:
    return [record async for page in gleanin.records(event, kind) for record in page]


async def test_rule_01_refused_token_is_a_separate_error(scenario: Scenario, gleanin: Destination) -> None:
    scenario.refuse_tokens()
    with pytest.raises(DestinationRefused) as refusal:
        await gleanin.events()
    assert TOKEN not in str(refusal.value)


async def test_update_of_a_deleted_record_is_rejected(gleanin: Destination) -> None:
    with pytest.raises(RecordRejected):
        await gleanin.update(
            EVENT, SPEAKER, DestinationId("999"), (FieldChange("email", None, "a@example.org"),)
        )
    await gleanin.create(EVENT, SPEAKER, ID, FIELDS[SPEAKER])


async def test_rule_29_rejected_record_has_a_reason_and_is_not_stored(
    scenario: Scenario, gleanin: Destination
) -> None:
    scenario.reject(ID, "External idx has already been taken")
    with pytest.raises(RecordRejected, match="External idx has already been taken"):
        await gleanin.create(EVENT, SPEAKER, ID, FIELDS[SPEAKER])
    await gleanin.create(EVENT, SPEAKER, ExternalId("another"), FIELDS[SPEAKER])
    assert len(scenario.stored(EVENT, SPEAKER)) == 1


async def test_record_without_a_required_field_is_rejected(scenario: Scenario, gleanin: Destination) -> None:
    with pytest.raises(RecordRejected, match="email"):
        await gleanin.create(EVENT, EXHIBITOR_CONTACT, ID, {"company_name": "Ben Ray"})
    assert scenario.writes() == 0


@pytest.mark.parametrize("written", [True, False])
async def test_rule_32_lost_response_of_a_create_is_reported_and_not_retried(
    scenario: Scenario, gleanin: Destination, written: bool
) -> None:
    scenario.lose_answer(written=written)
    with pytest.raises(WriteOutcomeUnknown):
        await gleanin.create(EVENT, SPEAKER, ID, FIELDS[SPEAKER])
    assert len(await all_records(gleanin, SPEAKER)) == int(written)
    assert scenario.writes() == int(written)


async def test_rule_32_lost_response_of_an_update_is_reported(
    scenario: Scenario, gleanin: Destination
) -> None:
    created = await gleanin.create(EVENT, SPEAKER, ID, FIELDS[SPEAKER])
    scenario.lose_answer(written=True)
    with pytest.raises(WriteOutcomeUnknown):
        await gleanin.update(EVENT, SPEAKER, created, (FieldChange("job_title", None, "Queen"),))
    assert scenario.stored(EVENT, SPEAKER)[0]["job_title"] == "Queen"


async def test_repeated_create_makes_a_second_record(scenario: Scenario, gleanin: Destination) -> None:
    """This is why a create must not be repeated blindly."""
    for _ in range(2):
        await gleanin.create(EVENT, SPEAKER, ID, FIELDS[SPEAKER])
    assert len(scenario.stored(EVENT, SPEAKER)) == 2


async def test_cut_response_is_unreadable(scenario: Scenario, gleanin: Destination) -> None:
    for number in range(5):
        scenario.add_record(EVENT, SPEAKER, FIELDS[SPEAKER], ExternalId(str(number)))
    scenario.cut_answers()
    with pytest.raises(DestinationUnreadable):
        await all_records(gleanin, SPEAKER)


async def test_gleanin_that_stays_down_is_unavailable(scenario: Scenario, gleanin: Destination) -> None:
    scenario.be_down()
    with pytest.raises(DestinationUnavailable):
        await gleanin.events()
    assert len(await gleanin.events()) == 1


async def test_rule_30_share_links_can_appear_after_the_record(
    scenario: Scenario, gleanin: Destination
) -> None:
    scenario.delay_links(1)
    await gleanin.create(EVENT, SPEAKER, ID, FIELDS[SPEAKER])
    seen: list[tuple[ShareLink, ...] | None] = []
    for _ in range(2):
        async for page in gleanin.records(EVENT, SPEAKER):
            seen.extend(record.links for record in page)
    assert seen[0] == ()
    assert [link.url.startswith("https://app.gleanin.com/share/") for link in seen[1] or ()] == [True]


async def test_concurrent_writes_all_arrive(scenario: Scenario, gleanin: Destination) -> None:
    names = [ExternalId(f"n{number}") for number in range(60)]
    created = await asyncio.gather(*(gleanin.create(EVENT, SPEAKER, name, FIELDS[SPEAKER]) for name in names))
    found = {
        record.id: record.external_id async for page in gleanin.records(EVENT, SPEAKER) for record in page
    }
    assert found == dict(zip(created, names, strict=True))
    assert gleanin.max_in_flight >= 1
