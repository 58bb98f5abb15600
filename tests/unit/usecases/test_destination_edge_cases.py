"""Cases that Gleanin's contract leaves open: lagging lists, ids that are not returned, unknown kinds."""

import pytest

from core.domain.ids import SourceId, external_id
from core.domain.records.kinds import AGENDA, ALL, EXHIBITOR_CONTACT, SESSION, SPEAKER, Scope
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import THERE, Harness
from tests.support.systems import SESSIONBOARD

ACME = exhibitor("acme", primary(person("eve")))


def offer(harness: Harness, title: str = "Opening") -> None:
    harness.offer(session("s1", on(person("ada")), title=title), exhibitors=(ACME,))


async def test_rule_21_lagging_list_creates_no_duplicate(harness: Harness) -> None:
    harness.gleanin.faults.late_reads = 1000
    mapping = await harness.mapping()
    offer(harness)
    await harness.sync(mapping)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert harness.gleanin.duplicates == 0
    assert {outcome.outcome for outcome in outcomes.values()} == {Outcome.UPDATED}
    assert {outcome.reason.code for outcome in outcomes.values()} == {"still_there"}
    harness.gleanin.faults.late_reads = 0
    before = len(harness.gleanin.writes)
    run = await harness.sync(mapping)
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} == {Outcome.UNCHANGED}
    assert len(harness.gleanin.writes) == before


async def test_rule_20_emptied_field_of_an_unlisted_record_is_cleared(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("s1", on(person("ada")), description="Long"))
    await harness.sync(mapping)
    harness.gleanin.faults.late_reads = 1000
    harness.offer(session("s1", on(person("ada"))))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["s1"].reason.code == "still_there"
    assert not harness.the(mapping, SESSION, "s1").fields.get("description")


async def test_rule_22_lagging_list_removes_no_association(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(*(session(source_id, on(person("ada"))) for source_id in ("s1", "s2", "s3")))
    harness.gleanin.faults.lost_answers, harness.gleanin.faults.lost_are_written = 1, False
    await harness.sync(mapping)
    before = {*harness.the(mapping, SPEAKER, "ada").fields["sessions"]}
    assert len(before) == 3
    # The newest person appears last in the lists, and leaves the programme.
    newest = max(("s1", "s2", "s3"), key=lambda source_id: int(harness.the(mapping, SESSION, source_id).id))
    harness.offer(
        *(session(source_id, on(person("ada"))) for source_id in ("s1", "s2", "s3") if source_id != newest)
    )
    harness.gleanin.faults.late_reads = 2
    await harness.sync(mapping)
    assert before <= {*harness.the(mapping, SPEAKER, "ada").fields["sessions"]}


async def test_rule_32_create_that_appears_late_is_not_resent(harness: Harness) -> None:
    harness.gleanin.faults.late_reads = 3
    harness.gleanin.faults.lost_answers = 1
    mapping = await harness.mapping()
    offer(harness)
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert harness.gleanin.duplicates == 0


async def test_rule_22_recreated_person_keeps_current_associations(harness: Harness) -> None:
    mapping = await harness.mapping()
    ada = on(person("ada"))
    harness.offer(session("s1", ada), session("s2", ada), session("s3", ada))
    await harness.sync(mapping)
    harness.offer(session("s1", ada), session("s2"), session("s3"))
    harness.gleanin.delete_by_hand(harness.the(mapping, SPEAKER, "ada").id)
    harness.gleanin.delete_by_hand(harness.the(mapping, SESSION, "s3").id)
    await harness.sync(mapping)
    s1, s2, s3 = (harness.the(mapping, SESSION, source_id).id for source_id in ("s1", "s2", "s3"))
    assert set(harness.the(mapping, SPEAKER, "ada").fields["sessions"]) == {s1, s2}
    assert s3 not in harness.the(mapping, SPEAKER, "ada").fields["sessions"]


async def test_record_deleted_during_its_update_is_created_again(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)
    await harness.sync(mapping)
    offer(harness, "Renamed")

    async def delete() -> None:
        for record in harness.in_gleanin(mapping, SESSION, "s1"):
            if record.fields["title"] == "Opening":
                harness.gleanin.delete_by_hand(record.id)

    harness.gate.before_write = delete
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["s1"].outcome is Outcome.CREATED
    assert harness.the(mapping, SESSION, "s1").fields["title"] == "Renamed"


async def test_rule_32_duplicates_in_gleanin_are_reported(harness: Harness, mapping: EventMapping) -> None:
    offer(harness)
    await harness.sync(mapping)
    sent_as = external_id(SESSIONBOARD, mapping.connection_id, SourceId("s1"))
    double = harness.gleanin.add_record(THERE, SESSION, harness.the(mapping, SESSION, "s1").fields, sent_as)
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert "1 of the records are in Gleanin more than once" in run.message
    detail = (await harness.outcomes(run))["s1"].reason.detail
    assert double.id in detail
    assert "delete all but one" in detail


@pytest.mark.parametrize("scope", [ALL, AGENDA])
async def test_rule_29_unsupported_kind_does_not_stop_others(harness: Harness, scope: Scope) -> None:
    harness.gleanin.faults.unknown_kinds = {EXHIBITOR_CONTACT.name}
    mapping = await harness.mapping()
    offer(harness)
    plan = await harness.preview(mapping.id, scope)
    run = await harness.sync(mapping, scope)
    outcomes = await harness.outcomes(run)
    assert (outcomes["s1"].outcome, outcomes["ada"].outcome) == (Outcome.CREATED, Outcome.CREATED)
    assert plan.counts == run.counts
    if scope == ALL:
        assert (outcomes["eve"].outcome, outcomes["eve"].reason.code) == (Outcome.FAILED, "kind_unknown")
    assert not harness.gleanin.list_by_event(THERE, EXHIBITOR_CONTACT)


async def test_kind_without_any_records_left_is_created_again(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.gleanin.faults.silent_when_empty = True
    offer(harness)
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    harness.gleanin.delete_by_hand(harness.the(mapping, EXHIBITOR_CONTACT, "eve").id)
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert (await harness.outcomes(run))["eve"].outcome is Outcome.CREATED


async def test_rule_32_lost_create_is_looked_up_in_an_empty_event(harness: Harness) -> None:
    trouble = harness.gleanin.faults
    trouble.silent_when_empty, trouble.lost_answers, trouble.lost_are_written = True, 1, False
    mapping = await harness.mapping()
    offer(harness)
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.gleanin.duplicates == 0


async def test_rule_30_run_whose_links_cannot_be_read_is_not_stopped(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)

    async def refuse_from_now_on() -> None:
        harness.gleanin.faults.refuses_reads = True

    harness.gate.before_write = refuse_from_now_on
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert "The share links could not be read: Invalid token" in run.message
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} == {Outcome.CREATED}


async def test_rule_30_links_that_are_no_longer_reported_are_kept(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness)
    await harness.sync(mapping)
    ada = harness.the(mapping, SPEAKER, "ada")
    stored = await harness.list_share_links(mapping.id)
    ada.links = None
    await harness.sync(mapping)
    assert await harness.list_share_links(mapping.id) == stored


async def test_rule_10_synced_records_identify_ours_without_external_ids(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.gleanin.faults.hides_external_ids = True
    offer(harness)
    await harness.sync(mapping)
    again = await harness.reconnect_and_map(mapping)
    harness.offer(session("s1", on(person("ada")), on(person("bob"))), exhibitors=(ACME,))
    outcomes = await harness.outcomes(await harness.sync(again))
    assert {outcomes[source_id].outcome for source_id in ("s1", "ada", "eve")} == {Outcome.SKIPPED}
    assert outcomes["bob"].outcome is Outcome.CREATED
    assert harness.the(again, SPEAKER, "bob").fields["sessions"] == (harness.the(mapping, SESSION, "s1").id,)


async def test_rule_15_person_releasing_an_email_is_written_first(
    harness: Harness,
) -> None:
    harness.gleanin.faults.unique_emails = True
    harness.gleanin.max_in_flight = 1
    mapping = await harness.mapping()
    people = [person(f"p{number}") for number in range(3)]
    harness.offer(session("s1", *map(on, people)))
    await harness.sync(mapping)
    moved = [
        person("p0", email="p1@example.org"),
        person("p1", email="p2@example.org"),
        person("p2", email="new@example.org"),
    ]
    harness.offer(session("s1", *map(on, moved)))
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    emails = {harness.the(mapping, SPEAKER, each.id).fields["email"] for each in moved}
    assert emails == {"p1@example.org", "p2@example.org", "new@example.org"}


async def test_rule_15_people_swapping_emails_get_a_workaround(harness: Harness) -> None:
    harness.gleanin.faults.unique_emails = True
    mapping = await harness.mapping()
    harness.offer(session("s1", on(person("ada")), on(person("bob"))))
    await harness.sync(mapping)
    harness.offer(
        session("s1", on(person("ada", email="bob@example.org")), on(person("bob", email="ada@example.org")))
    )
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["ada"].outcome is outcomes["bob"].outcome is Outcome.FAILED
    assert "give one of them a temporary one first" in outcomes["ada"].reason.detail


async def test_rule_26_exhibitor_and_contact_with_the_same_id_have_separate_outcomes(
    harness: Harness,
) -> None:
    mapping = await harness.mapping()
    harness.offer(exhibitors=(exhibitor("7", primary(person("7"))),))
    await harness.sync(mapping)
    harness.offer(exhibitors=(exhibitor("7"),))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["7"].outcome is Outcome.KEPT
    assert outcomes["exhibitor:7"].outcome is Outcome.BLOCKED
