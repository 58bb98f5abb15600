"""Rule 10: records sent under an ended connection are never written to that Gleanin event again."""

from collections.abc import Awaitable, Callable
from copy import deepcopy

import pytest

from core.domain.ids import SourceId
from core.domain.records.kinds import AGENDA, EXHIBITOR_CONTACT, EXHIBITORS, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.organizations.add_organization import NewOrganization
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import FAR, SESSIONBOARD_TOKEN, THERE, TOKEN, Harness
from tests.support.kill_switch import killed

OPENING = session("opening", on(person("ada")))
ACME = exhibitor("acme", primary(person("eve")))


def snapshot(harness: Harness) -> dict[str, object]:
    """Return a snapshot of the Gleanin event, to check that nothing changes."""
    records = harness.gleanin.list_by_event(THERE)
    return {record.id: (record.kind, record.external_id, deepcopy(record.fields)) for record in records}


async def synced_under_an_ended_connection(harness: Harness) -> EventMapping:
    """Sync, disconnect, connect again and map the same two events."""
    mapping = await harness.mapping()
    harness.offer(OPENING, exhibitors=(ACME,))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    return await harness.reconnect_and_map(mapping)


async def synced_but_not_recorded(harness: Harness) -> EventMapping:
    """Kill two syncs right after a create, before it is recorded."""
    mapping = await harness.mapping()
    harness.offer(OPENING, exhibitors=(ACME,))
    for scope, writes in ((AGENDA, 2), (EXHIBITORS, 1)):
        with killed(harness, write=writes):
            await harness.sync(mapping, scope)
    async with harness.units.read() as unit:
        for kind, source_id in ((SPEAKER, "ada"), (EXHIBITOR_CONTACT, "eve")):
            assert len(harness.in_gleanin(mapping, kind, source_id)) == 1
            where = mapping.organization_id, mapping.events.destination_id
            assert not await unit.synced.find(*where, kind, [SourceId(source_id)])
    return await harness.reconnect_and_map(mapping)


@pytest.fixture(params=[synced_under_an_ended_connection, synced_but_not_recorded])
async def mapping(request: pytest.FixtureRequest, harness: Harness) -> EventMapping:
    """Return the mapping that continues after either history."""
    past: Callable[[Harness], Awaitable[EventMapping]] = request.param
    return await past(harness)


async def test_rule_10_records_of_an_ended_connection_are_skipped_with_that_reason(
    harness: Harness, mapping: EventMapping
) -> None:
    before = snapshot(harness)
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert {key: (each.outcome, each.reason.code) for key, each in outcomes.items()} == dict.fromkeys(
        ("opening", "ada", "eve"), (Outcome.SKIPPED, "ended_connection")
    )
    assert run.state is RunState.COMPLETED
    assert snapshot(harness) == before


async def test_rule_10_changes_are_not_written(harness: Harness, mapping: EventMapping) -> None:
    before = snapshot(harness)
    changed = person("ada", job_title="Countess", email="ada@new.example.org")
    harness.offer(session("opening", on(changed), title="Grand opening"), exhibitors=(ACME,))
    await harness.sync(mapping)
    assert snapshot(harness) == before


async def test_rule_10_records_that_were_never_sent_are_synced(
    harness: Harness, mapping: EventMapping
) -> None:
    before = snapshot(harness)
    harness.offer(OPENING, session("closing", on(person("grace"))), exhibitors=(ACME,))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["closing"].outcome is outcomes["grace"].outcome is Outcome.CREATED
    assert before.items() <= snapshot(harness).items()
    assert harness.the(mapping, SPEAKER, "grace").fields["sessions"] == (
        harness.the(mapping, SESSION, "closing").id,
    )


async def test_rule_10_new_person_can_be_associated_with_an_old_session(
    harness: Harness, mapping: EventMapping
) -> None:
    (old,) = harness.gleanin.list_by_event(THERE, SESSION)
    harness.offer(session("opening", on(person("ada")), on(person("grace"))), exhibitors=(ACME,))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["grace"].outcome is Outcome.CREATED
    assert harness.the(mapping, SPEAKER, "grace").fields["sessions"] == (old.id,)


async def test_rule_10_association_of_a_new_session_with_an_old_person_is_omitted_and_reported(
    harness: Harness, mapping: EventMapping
) -> None:
    before = snapshot(harness)
    harness.offer(OPENING, session("closing", on(person("ada"))), exhibitors=(ACME,))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["closing"].outcome is Outcome.CREATED
    assert "Not linked to Ada Lovelace" in outcomes["closing"].reason.detail
    assert outcomes["ada"].reason.code == "ended_connection"
    assert before.items() <= snapshot(harness).items()


async def test_rule_10_everything_is_synced_to_another_gleanin_event(
    harness: Harness, mapping: EventMapping
) -> None:
    before = snapshot(harness)
    mapping = await harness.reconnect_and_map(mapping, FAR)
    run = await harness.sync(mapping)
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} == {Outcome.CREATED}
    assert snapshot(harness) == before
    assert len(harness.gleanin.list_by_event(FAR)) == 3


async def test_rule_10_record_that_left_the_programme_is_not_written(
    harness: Harness, mapping: EventMapping
) -> None:
    before = snapshot(harness)
    harness.offer()
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert snapshot(harness) == before


async def test_rule_10_ended_event_does_not_block_another(harness: Harness) -> None:
    previous = await synced_under_an_ended_connection(harness)
    mapping = await harness.reconnect_and_map(previous, FAR)
    await harness.sync(mapping)
    again = await harness.sync(mapping)
    assert {outcome.outcome for outcome in (await harness.outcomes(again)).values()} == {Outcome.UNCHANGED}


async def test_rule_10_same_id_at_another_sessionboard_url_is_another_record(
    harness: Harness,
) -> None:
    previous = await synced_under_an_ended_connection(harness)
    await harness.disconnect(previous.organization_id, "Acme")
    other = await harness.add_organization(
        NewOrganization("Elsewhere", "https://eu.sessionboard.example.org", SESSIONBOARD_TOKEN)
    )
    await harness.connect(other.id, TOKEN)
    mapping = await harness.map(other.id)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["opening"].outcome is Outcome.CREATED
    assert outcomes["ada"].reason.code == "foreign_contact"
