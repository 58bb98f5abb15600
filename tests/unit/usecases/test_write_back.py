"""Rule 38: share links are written to one custom field of the person in the source, if an admin switches that on."""

import asyncio
from datetime import timedelta

import pytest

from adapters.memory.link_writer import CONTACTS, EXHIBITORS
from core.domain.access.authorization import COMMAND_LINE as COMMAND
from core.domain.errors import InvalidInput
from core.domain.ids import SourceId
from core.domain.links.write_quota import WriteLimits
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.domain.records.synced_records import ShareLink
from core.domain.runs.run import RunState
from core.domain.tenancy.organizations import Connection
from ports.link_writer import LinkQuotaUsedUp, LinkWriteForbidden, LinkWriteUnknown
from ports.source import SourceUnavailable
from tests.support.assertions import present
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import Harness
from tests.support.linked_event import (
    COMPANY_FIELD,
    FAILED,
    FIELD,
    KEPT,
    UNCHANGED,
    WRITTEN,
    LinkedEvent,
    linked_event,
    outcomes,
)
from tests.support.timeouts import WITHIN

EVERYBODY = ("ada", "bob", "eve", "max")


@pytest.fixture
async def event(harness: Harness) -> LinkedEvent:
    return await linked_event(harness)


async def test_rules_33_and_38_nothing_is_written_by_default(event: LinkedEvent) -> None:
    run = await event.harness.sync(event.mapping)
    assert (event.source.writes, event.source.pages_read, event.source.errors) == (0, 0, [])
    assert not run.links
    with pytest.raises(InvalidInput, match="Choose a field first"):
        await event.harness.write_links_back(event.mapping.id, actor=COMMAND)


async def test_rule_38_a_run_writes_each_link_once_and_nothing_else(event: LinkedEvent) -> None:
    await event.choose()
    run = await event.harness.sync(event.mapping)
    assert outcomes(await event.results(run)) == dict.fromkeys(EVERYBODY, WRITTEN)
    assert event.field("ada") == event.link(SPEAKER, "ada")
    assert event.field("eve") == event.link(EXHIBITOR_CONTACT, "eve")
    assert event.field("nobody") is None
    assert event.field("acme", EXHIBITORS) is None
    assert (run.state, run.links.total) == (RunState.COMPLETED, 4)
    event.forget_requests()
    again = await event.harness.sync(event.mapping)
    assert outcomes(await event.results(again)) == dict.fromkeys(EVERYBODY, UNCHANGED)
    assert event.source.writes == 0


async def test_rule_38_counts_of_links_are_not_mixed_with_those_of_records(event: LinkedEvent) -> None:
    before = await event.harness.sync(event.mapping)
    await event.choose()
    event.source.refused = {SourceId("ada"): "No."}
    run = await event.harness.sync(event.mapping)
    assert run.counts == before.counts
    assert run.state is RunState.COMPLETED
    assert (run.links[WRITTEN], run.links[FAILED]) == (3, 1)


async def test_rule_38_a_value_of_somebody_else_is_kept(event: LinkedEvent) -> None:
    event.source.edit(CONTACTS, "ada", FIELD, "https://ada.example.org")
    await event.choose()
    results = await event.sync()
    assert outcomes(results) == {"ada": KEPT, "bob": WRITTEN, "eve": WRITTEN, "max": WRITTEN}
    assert results["speaker:ada"].reason.code == "link_entered_by_hand"
    assert event.field("ada") == "https://ada.example.org"
    event.source.edit(CONTACTS, "bob", FIELD, "https://bob.example.org")
    await event.sync()
    assert event.field("bob") == "https://bob.example.org"


async def test_rule_38_a_cleared_value_is_written_again(event: LinkedEvent) -> None:
    await event.choose()
    await event.sync()
    event.source.edit(CONTACTS, "ada", FIELD, "")
    assert outcomes(await event.sync())["ada"] is WRITTEN
    assert event.field("ada") == event.link(SPEAKER, "ada")


async def test_rule_38_a_link_that_changes_replaces_the_one_we_wrote(event: LinkedEvent) -> None:
    await event.choose()
    await event.sync()
    event.give(SPEAKER, "ada", ShareLink("Speaker campaign", "https://invt.io/new"))
    results = await event.sync()
    assert results["speaker:ada"].reason.code == "link_changed"
    assert event.field("ada") == "https://invt.io/new"


async def test_rule_38_the_same_value_entered_by_hand_stays_that_persons(event: LinkedEvent) -> None:
    event.source.edit(CONTACTS, "ada", FIELD, event.link(SPEAKER, "ada"))
    await event.choose()
    assert outcomes(await event.sync())["ada"] is UNCHANGED
    entered = event.field("ada")
    event.give(SPEAKER, "ada", ShareLink("Speaker campaign", "https://invt.io/new"))
    assert outcomes(await event.sync())["ada"] is KEPT
    assert event.field("ada") == entered


async def test_rule_38_a_masked_value_is_kept(event: LinkedEvent) -> None:
    event.source.edit(CONTACTS, "ada", FIELD, "h***")
    await event.choose()
    assert (await event.sync())["speaker:ada"].reason.code == "link_masked"
    assert event.field("ada") == "h***"


async def test_rule_38_a_record_that_changed_is_read_again_and_tried_once_more(event: LinkedEvent) -> None:
    await event.choose()
    event.source.before_next = [
        lambda: event.source.edit(CONTACTS, "ada", "other", "1"),
    ]
    assert outcomes(await event.sync()) == dict.fromkeys(EVERYBODY, WRITTEN)
    assert [len(writes) for _, writes in event.source.requests] == [4, 1]


async def test_rule_38_a_value_entered_meanwhile_is_kept(event: LinkedEvent) -> None:
    await event.choose()
    event.source.before_next = [lambda: event.source.edit(CONTACTS, "ada", FIELD, "https://ada.example.org")]
    assert outcomes(await event.sync())["ada"] is KEPT
    assert event.field("ada") == "https://ada.example.org"


async def test_rule_38_a_record_that_changes_twice_is_left_for_the_next_sync(event: LinkedEvent) -> None:
    await event.choose()
    event.source.before_next = [lambda: event.source.edit(CONTACTS, "ada", "other", "1")] * 2
    results = await event.sync()
    assert results["speaker:ada"].reason.code == "link_conflict"
    assert outcomes(await event.sync())["ada"] is WRITTEN


async def test_rule_38_what_a_lost_answer_leaves_open_is_looked_up(event: LinkedEvent) -> None:
    await event.choose()
    event.source.errors_after = [LinkWriteUnknown("The answer was lost.")]
    assert outcomes(await event.sync()) == dict.fromkeys(EVERYBODY, WRITTEN)
    assert event.source.writes == 1
    event.give(SPEAKER, "ada", ShareLink("Speaker campaign", "https://invt.io/new"))
    assert outcomes(await event.sync())["ada"] is WRITTEN, "it is known as ours"


async def test_rule_38_what_was_lost_before_it_arrived_is_sent_again(event: LinkedEvent) -> None:
    await event.choose()
    event.source.errors = [LinkWriteUnknown("The answer was lost.")]
    assert outcomes(await event.sync()) == dict.fromkeys(EVERYBODY, WRITTEN)
    event.source.edit(CONTACTS, "ada", FIELD, "")
    event.source.errors = [LinkWriteUnknown("The answer was lost."), LinkWriteUnknown("And again.")]
    assert (await event.sync())["speaker:ada"].reason.code == "link_unsure"
    assert outcomes(await event.sync())["ada"] is WRITTEN


async def test_rule_38_a_value_that_does_not_stick_is_told(event: LinkedEvent) -> None:
    await event.choose()
    event.source.loses = {*event.source.holders[CONTACTS]}
    results = await event.sync()
    assert {result.reason.code for result in results.values()} == {"link_not_kept"}


async def test_rule_38_a_missing_scope_is_told_by_name_and_asked_once(event: LinkedEvent) -> None:
    await event.choose(company_field=COMPANY_FIELD)
    event.source.errors = [LinkWriteForbidden("The token lacks the scope write:contacts.")]
    run = await event.harness.sync(event.mapping)
    results = await event.results(run)
    assert outcomes(results) == {**dict.fromkeys(EVERYBODY, FAILED), "acme": WRITTEN}
    assert "write:contacts" in results["speaker:ada"].reason.detail
    assert run.state is RunState.COMPLETED


async def test_rule_38_the_daily_quota_ends_the_write_back_and_not_the_sync(event: LinkedEvent) -> None:
    await event.choose()
    event.source.errors = [LinkQuotaUsedUp("Too many.", 3600)]
    before = event.harness.clock.now()
    run = await event.harness.sync(event.mapping)
    assert (run.state, run.links[FAILED]) == (RunState.COMPLETED, 4)
    assert event.harness.clock.now() - before < timedelta(minutes=1), "no run waits for it"
    await event.sync()
    assert event.source.writes == 0, "nothing is tried before the time that the source asked for"
    event.harness.clock.advance(timedelta(hours=1, seconds=1))
    assert outcomes(await event.sync()) == dict.fromkeys(EVERYBODY, WRITTEN)


async def test_rule_38_what_the_limits_leave_over_goes_next_time(event: LinkedEvent) -> None:
    event.source.limits = WriteLimits(1, 3, timedelta(minutes=15), 10_000)
    await event.choose()
    run = await event.harness.sync(event.mapping)
    assert (run.links[WRITTEN], run.links[FAILED]) == (3, 1)
    await event.sync()
    assert event.source.writes == 3, "the quota is kept beyond the run"
    event.harness.clock.advance(timedelta(minutes=15, seconds=1))
    assert sorted(outcomes(await event.sync()).values()) == [UNCHANGED, UNCHANGED, UNCHANGED, WRITTEN]


async def test_rule_38_links_that_come_late_are_written_when_they_come(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    event = await linked_event(harness)
    await event.choose()
    assert await event.sync() == {}
    await harness.sync(event.mapping)
    assert await harness.check(event.mapping) is None
    event.give(SPEAKER, "ada", ShareLink("Speaker campaign", "https://invt.io/ada"))
    run = present(await harness.check(event.mapping))
    assert outcomes(await event.results(run)) == {"ada": WRITTEN}
    assert event.field("ada") == "https://invt.io/ada"


async def test_rule_38_a_check_that_finds_nothing_new_asks_for_no_contacts(event: LinkedEvent) -> None:
    await event.choose()
    await event.sync()
    await event.sync()
    event.forget_requests()
    assert await event.harness.check(event.mapping) is None
    assert (event.source.pages_read, event.source.writes) == (0, 0)


async def test_rule_38_what_was_left_over_makes_the_next_check_a_run(event: LinkedEvent) -> None:
    await event.sync()
    await event.choose()
    event.source.errors = [SourceUnavailable("Not now.")]
    await event.sync()
    assert present(await event.harness.check(event.mapping)).links[WRITTEN] == 4


async def test_rule_38_our_own_write_moves_no_marker(event: LinkedEvent) -> None:
    """The write moves the person's version in the source, and nothing else."""
    await event.choose()
    await event.sync()
    await event.sync()
    harness = event.harness
    moved, exhibitors = person("ada", updated_at=harness.clock.now()), tuple(harness.programme.exhibitors)
    harness.offer(session("opening", on(moved), on(person("bob"))), exhibitors=exhibitors)
    assert await harness.check(event.mapping) is None


async def test_rule_38_the_primary_contacts_link_goes_to_the_exhibitor_too(event: LinkedEvent) -> None:
    await event.choose(company_field=COMPANY_FIELD)
    results = await event.sync()
    assert results["exhibitor_contact:acme"].outcome is WRITTEN
    assert event.field("acme", EXHIBITORS) == event.link(EXHIBITOR_CONTACT, "eve")
    assert outcomes(await event.sync())["acme"] is UNCHANGED


async def test_rule_38_a_speakers_link_goes_before_an_exhibitor_contacts(harness: Harness) -> None:
    event = await linked_event(harness)
    acme = exhibitor("acme", primary(person("ada", email="ada@acme.example.org")))
    harness.offer(session("opening", on(person("ada"))), exhibitors=(acme,))
    event.source.add(EXHIBITORS, "acme", primary="ada")
    await event.choose(company_field=COMPANY_FIELD)
    await harness.sync(event.mapping)
    results = await event.sync()
    assert event.field("ada") == event.link(SPEAKER, "ada")
    assert event.field("acme", EXHIBITORS) == event.link(EXHIBITOR_CONTACT, "ada")
    assert (
        results["exhibitor_contact:ada"].reason.sentence == "The field gets this person's link as a speaker."
    )


async def test_rule_38_of_several_campaigns_the_chosen_ones_link_is_written(event: LinkedEvent) -> None:
    event.give(
        SPEAKER,
        "ada",
        ShareLink("Early", "https://invt.io/early", "1"),
        ShareLink("Late", "https://invt.io/late", "2"),
    )
    await event.choose()
    assert (await event.sync())["speaker:ada"].reason.code == "link_campaign_open"
    assert event.field("ada") is None
    with pytest.raises(InvalidInput, match="1 \\(Early\\), 2 \\(Late\\)"):
        await event.choose(None, campaign="3")
    await event.choose(None, campaign="2")
    await event.sync()
    assert event.field("ada") == "https://invt.io/late"
    assert "speaker:bob" not in await event.sync(), "Bob has no link of this campaign"


async def test_rule_38_what_could_not_be_read_is_told_and_tried_again(event: LinkedEvent) -> None:
    await event.choose()
    event.source.unreadable = SourceUnavailable("Sessionboard is down.")
    run = await event.harness.sync(event.mapping)
    results = await event.results(run)
    assert {result.reason.code for result in results.values()} == {"link_not_read"}
    assert (run.state, event.source.writes) == (RunState.COMPLETED, 0)
    event.source.unreadable = None
    assert outcomes(await event.sync()) == dict.fromkeys(EVERYBODY, WRITTEN)


async def test_rules_34_and_38_of_an_incomplete_reading_nobody_counts_as_gone(event: LinkedEvent) -> None:
    await event.choose()
    del event.source.holders[CONTACTS][SourceId("ada")]
    event.source.is_incomplete = True
    assert (await event.sync())["speaker:ada"].reason.code == "link_not_read"
    event.source.is_incomplete = False
    assert (await event.sync())["speaker:ada"].reason.code == "link_holder_gone"


async def test_rules_8_and_38_a_disconnect_stops_it_before_the_next_write(event: LinkedEvent) -> None:
    event.source.limits = WriteLimits(1, 100, timedelta(minutes=15), 10_000)
    await event.choose()
    harness = event.harness
    run = await harness.request_sync(event.mapping.id)
    tasks: list[asyncio.Task[Connection]] = []

    async def disconnect_before_the_second() -> None:
        if event.source.writes != 1:
            return
        tasks.append(asyncio.create_task(harness.disconnect(event.mapping.organization_id, "Acme")))
        async with asyncio.timeout(WITHIN):
            while True:
                async with harness.units.read() as unit:
                    if present(await unit.runs.lease_status(run.id)).cancel_requested:
                        return

    event.source.gate = disconnect_before_the_second
    ended = await harness.run_sync(run.id)
    await tasks[0]
    assert (ended.state, event.source.writes) == (RunState.STOPPED, 1)
    assert outcomes(await event.results(ended)) == {"ada": WRITTEN}, "what was written by then is told"


async def test_rule_38_a_preview_writes_nothing_and_tells_what_would_be_written(event: LinkedEvent) -> None:
    event.source.edit(CONTACTS, "ada", FIELD, "https://ada.example.org")
    await event.choose()
    report = await event.harness.preview_links(event.mapping.id)
    assert {str(result.source_id): result.outcome for result in report.results} == {
        "ada": KEPT,
        **dict.fromkeys(("bob", "eve", "max"), WRITTEN),
    }
    assert event.source.writes == 0
    run = await event.harness.sync(event.mapping)
    assert run.links == report.counts


async def test_rule_38_links_are_written_by_hand_too_and_audited(event: LinkedEvent) -> None:
    await event.choose()
    report = await event.harness.write_links_back(event.mapping.id, actor=COMMAND)
    assert report.counts[WRITTEN] == 4
    assert (await event.harness.write_links_back(event.mapping.id, actor=COMMAND)).counts[UNCHANGED] == 4
    async with event.harness.units.read() as unit:
        entries = await unit.audit.page(event.mapping.organization_id, None, 10)
        latest = await unit.link_outcomes.latest(event.mapping.id, [*event.source.holders[CONTACTS]])
    assert [entry.action.value for entry in entries][:2] == ["links_written_back"] * 2
    assert {result.outcome for results in latest.values() for result in results} == {UNCHANGED}


async def test_rule_38_a_record_without_a_version_is_not_written(event: LinkedEvent) -> None:
    event.source.holders[CONTACTS][SourceId("ada")].version = 0
    await event.choose()
    results = await event.sync()
    assert results["speaker:ada"].reason.code == "link_unguarded"
    assert event.field("ada") is None


async def test_rule_38_what_concerns_no_single_link_is_told_in_the_message(event: LinkedEvent) -> None:
    await event.choose(company_field=COMPANY_FIELD)
    event.source.unreadable_holders = {EXHIBITORS: SourceUnavailable("The exhibitors are away.")}
    run = await event.harness.sync(event.mapping)
    assert run.state is RunState.COMPLETED
    assert run.message.endswith(
        "Share links in Sessionboard: 4 written. What the field holds now could not be read. The exhibitors are away."
    )
    event.harness.link_writers.homes_by_kind = {}
    run = await event.harness.sync(event.mapping)
    assert (run.state, run.links.total) == (RunState.COMPLETED, 0)
    assert "Sessionboard takes no share links" in run.message
