"""Rules 20 and 21: a record is unconfirmed only once its change is sent, and unsent fields are never cleared."""

from dataclasses import replace

import pytest

from core.domain.records.kinds import SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.harness import THERE, Harness
from tests.support.kill_switch import kill, killed

PEOPLE = tuple(person(f"p{number}") for number in range(5))


def offer(harness: Harness, *, company: str | None = None, email: str | None = None) -> None:
    harness.offer(
        session(
            "s1", *(on(replace(kind, company_name=company, email=email or kind.email)) for kind in PEOPLE)
        )
    )


async def with_job_titles_of_gleanins_own(harness: Harness) -> EventMapping:
    """Sync five people, and then fill in their job titles by hand in Gleanin."""
    mapping = await harness.mapping()
    offer(harness)
    await harness.sync(mapping)
    for record in harness.gleanin.list_by_event(THERE, SPEAKER):
        record.fields["job_title"] = "Filled in by hand"
    return mapping


def assert_the_job_titles_stand(harness: Harness) -> None:
    titles = [record.fields.get("job_title") for record in harness.gleanin.list_by_event(THERE, SPEAKER)]
    assert titles == ["Filled in by hand"] * 5, "rule 20"


@pytest.mark.parametrize("why", ["masked e-mails", "time zones"])
async def test_rule_21_run_stopped_before_its_first_write_marks_nothing_unconfirmed(
    harness: Harness, why: str
) -> None:
    mapping = await with_job_titles_of_gleanins_own(harness)
    if why == "masked e-mails":
        offer(harness, company="Analytical Engines", email="j***@a***.com")
    else:
        offer(harness, company="Analytical Engines")
        harness.gleanin.events[THERE] = replace(harness.gleanin.events[THERE], time_zone="Asia/Tokyo")
    assert (await harness.sync(mapping)).state is RunState.STOPPED
    harness.gleanin.events[THERE] = replace(harness.gleanin.events[THERE], time_zone=None)
    offer(harness, company="Analytical Engines")
    before = len(harness.gleanin.writes)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert {outcomes[kind.id].reason.code for kind in PEOPLE} == {"changed"}
    assert {write.sent for write in harness.gleanin.writes[before:]} == {
        (("company_name", "Analytical Engines"),)
    }
    assert_the_job_titles_stand(harness)


@pytest.mark.parametrize("taken_place", [True, False])
async def test_rule_21_kill_marks_only_writes_in_flight_unconfirmed(
    harness: Harness, taken_place: bool
) -> None:
    harness.gleanin.max_in_flight = 1
    mapping = await with_job_titles_of_gleanins_own(harness)
    offer(harness, company="Analytical Engines")
    assert await kill(harness, mapping, "write", 2, taken_place=taken_place)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    reasons = sorted(outcomes[kind.id].reason.code for kind in PEOPLE)
    unconfirmed = 2 if taken_place else 1
    assert reasons == ["changed"] * (5 - unconfirmed) + ["unconfirmed"] * unconfirmed, (
        "and the write before it"
    )
    assert_the_job_titles_stand(harness)


async def test_rule_20_field_that_may_have_been_sent_is_cleared_when_emptied(harness: Harness) -> None:
    harness.gleanin.max_in_flight = 1
    mapping = await with_job_titles_of_gleanins_own(harness)
    offer(harness, company="Analytical Engines")
    assert await kill(harness, mapping, "write", 1, taken_place=True)
    offer(harness)
    await harness.sync(mapping)
    assert all(
        "company_name" not in record.fields for record in harness.gleanin.list_by_event(THERE, SPEAKER)
    )
    assert_the_job_titles_stand(harness)


async def test_rule_20_field_missing_from_an_unrecorded_create_is_not_cleared(harness: Harness) -> None:
    harness.gleanin.max_in_flight = 1
    mapping = await harness.mapping()
    offer(harness, company="Analytical Engines")
    with killed(harness, write=2):
        await harness.sync(mapping)
    (ada,) = harness.gleanin.list_by_event(THERE, SPEAKER)
    ada.fields["job_title"] = "Filled in by hand"
    offer(harness)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    found = [
        outcome
        for outcome in outcomes.values()
        if outcome.reason.code == "found_again" and outcome.record.kind == SPEAKER
    ]
    assert len(found) == 1
    assert ada.fields["job_title"] == "Filled in by hand"
    assert "company_name" not in ada.fields, "it was sent, and has been emptied since"


async def test_rule_21_refused_token_marks_nothing_unconfirmed(harness: Harness) -> None:
    mapping = await with_job_titles_of_gleanins_own(harness)
    offer(harness, company="Analytical Engines")

    async def refuse() -> None:
        harness.gleanin.faults.refuses_tokens = True

    harness.gate.before_write = refuse
    run = await harness.sync(mapping)
    assert present(run.stop).code == "token_refused"

    async def accept() -> None:
        harness.gleanin.faults.refuses_tokens = False

    harness.gate.before_write = accept
    harness.gleanin.faults.refuses_tokens = False
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert {outcomes[kind.id].reason.code for kind in PEOPLE} == {"changed"}
    assert {outcomes[kind.id].outcome for kind in PEOPLE} == {Outcome.UPDATED}
    assert_the_job_titles_stand(harness)
