"""Syncing again: rules 20, 21 and 22."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.records import LoggedWrite
from core.domain.records.kinds import ALL, EXHIBITOR_CONTACT, SESSION, SPEAKER, Scope
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import ParticipationRole, Session
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, TracksFrom
from core.usecases.mappings.change_settings import SettingsChange
from tests.support.assertions import present
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import THERE, Harness

ADA = person("ada", job_title="Analyst", company_name="Engines", headshot="https://img.example.org/1.png")
CHAIR = person("charles")
OPENING = session(
    "opening",
    on(ADA),
    on(CHAIR, ParticipationRole.CHAIRPERSON),
    description="Hello",
    track="Web",
    tags=("data", "ai"),
)
ACME = exhibitor("acme", primary(person("eve")))


async def synced(harness: Harness) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(OPENING, exhibitors=(ACME,))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    return mapping


async def writes_of_next_sync(
    harness: Harness, mapping: EventMapping, scope: Scope = ALL
) -> list[LoggedWrite]:
    before = len(harness.gleanin.writes)
    await harness.sync(mapping, scope)
    return harness.gleanin.writes[before:]


async def test_rule_21_unchanged_record_is_not_written(harness: Harness) -> None:
    mapping = await synced(harness)
    assert await writes_of_next_sync(harness, mapping) == []


async def test_rule_21_changed_order_is_no_change(harness: Harness) -> None:
    mapping = await synced(harness)
    turned = replace(OPENING, people=OPENING.people[::-1], tags=OPENING.tags[::-1])
    harness.offer(turned, exhibitors=(ACME,))
    assert await writes_of_next_sync(harness, mapping) == []


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        ({"headshot": "https://img.example.org/2.png"}, {"headshot": "https://img.example.org/2.png"}),
        ({"job_title": "Countess"}, {"job_title": "Countess"}),
        ({"email": "new@example.org"}, {"email": "new@example.org"}),
        ({"first_name": "Augusta"}, {"first_name": "Augusta", "name": "Augusta Lovelace"}),
        ({"job_title": None}, {"job_title": None}),
        ({"headshot": " "}, {"headshot": None}),
    ],
)
async def test_rules_20_and_21_only_the_changed_field_is_sent(
    harness: Harness, change: dict[str, Any], sent: dict[str, object]
) -> None:
    mapping = await synced(harness)
    changed = replace(OPENING, people=(on(replace(ADA, **change)), *OPENING.people[1:]))
    harness.offer(changed, exhibitors=(ACME,))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert (write.external_id, dict(write.sent)) == (harness.the(mapping, SPEAKER, "ada").external_id, sent)
    assert await writes_of_next_sync(harness, mapping) == []


async def test_rule_20_emptied_field_is_cleared_in_gleanin(harness: Harness) -> None:
    mapping = await synced(harness)
    harness.offer(replace(OPENING, description=None), exhibitors=(ACME,))
    await harness.sync(mapping)
    assert "description" not in harness.the(mapping, SESSION, "opening").fields


async def test_rule_20_empty_fields_are_not_sent_on_a_create(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("bare", description=" "))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert {name for name, _ in write.sent} == {"title", "starts_at", "ends_at", "schedule"}


async def test_rule_21_new_logo_alone_is_a_change(harness: Harness) -> None:
    mapping = await synced(harness)
    harness.offer(OPENING, exhibitors=(replace(ACME, logo="https://img.example.org/new.png"),))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert dict(write.sent) == {"logo": "https://img.example.org/new.png"}


async def test_rule_21_changed_setting_resends_only_what_it_affects(harness: Harness) -> None:
    mapping = await synced(harness)
    await harness.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.TAGS))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert (write.kind, dict(write.sent)) == (SESSION, {"tracks": ("ai", "data")})
    await harness.change_settings(SettingsChange(mapping.id, exhibitor_name=ExhibitorName.EXHIBITOR))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert (write.kind, dict(write.sent)) == (EXHIBITOR_CONTACT, {"company_name": "Acme Ltd"})


async def test_rule_14_one_name_is_enough_decides_whether_a_last_name_is_required(harness: Harness) -> None:
    mapping = await synced(harness)
    nameless = replace(OPENING, people=(on(replace(ADA, last_name=" ")), *OPENING.people[1:]))
    harness.offer(nameless, exhibitors=(ACME,))
    assert await writes_of_next_sync(harness, mapping) == []
    await harness.change_settings(SettingsChange(mapping.id, one_name_is_enough=True))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert dict(write.sent) == {"last_name": None, "name": "Ada"}
    assert await writes_of_next_sync(harness, mapping) == []
    await harness.change_settings(SettingsChange(mapping.id, one_name_is_enough=False))
    outcome = (await harness.outcomes(await harness.sync(mapping)))["ada"]
    assert (outcome.outcome, outcome.reason.code) == (Outcome.BLOCKED, "missing_fields")
    assert harness.the(mapping, SPEAKER, "ada").fields["name"] == "Ada"


async def test_rule_14_an_absent_last_name_is_in_no_request(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening", on(person("plato", last_name=None))))
    await harness.change_settings(SettingsChange(mapping.id, one_name_is_enough=True))
    sent = {write.kind: dict(write.sent) for write in await writes_of_next_sync(harness, mapping)}
    assert sent[SPEAKER].keys() == {"first_name", "name", "email", "sessions"}


async def test_rule_35_a_role_that_is_not_accepted_any_more_keeps_what_was_sent(harness: Harness) -> None:
    mapping = await synced(harness)
    declined = replace(OPENING, people=(on(ADA, is_accepted=False), *OPENING.people[1:]))
    harness.offer(declined, session("closing", on(ADA, is_accepted=True)), exhibitors=(ACME,))
    run = await harness.sync(mapping)
    outcome = (await harness.outcomes(run))["ada"]
    assert outcome.outcome is Outcome.UPDATED
    assert "Not linked to Talk opening" in outcome.reason.detail
    sessions = {harness.the(mapping, SESSION, name).id for name in ("opening", "closing")}
    assert {*harness.the(mapping, SPEAKER, "ada").fields["sessions"]} == sessions, "rule 22"

    harness.offer(declined, session("closing", on(ADA), is_confirmed=False), exhibitors=(ACME,))
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert {name: (outcomes[name].outcome, outcomes[name].reason.code) for name in ("ada", "closing")} == {
        "ada": (Outcome.KEPT, "role_not_accepted"),
        "closing": (Outcome.KEPT, "not_confirmed"),
    }
    assert run.state is RunState.COMPLETED
    assert {*harness.the(mapping, SPEAKER, "ada").fields["sessions"]} == sessions, "rule 22"


async def test_rule_35_the_setting_sends_who_has_not_accepted_and_nothing_else(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(ADA), on(person("bob"), is_accepted=False)))
    assert [write.kind for write in await writes_of_next_sync(harness, mapping)] == [SESSION, SPEAKER]
    await harness.change_settings(SettingsChange(mapping.id, only_accepted_roles=False))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert write.external_id == harness.the(mapping, SPEAKER, "bob").external_id
    await harness.change_settings(SettingsChange(mapping.id, only_accepted_roles=True))
    assert await writes_of_next_sync(harness, mapping) == []


@pytest.mark.parametrize(
    "changed",
    [
        session("opening", on(ADA, is_accepted=False)),
        session("opening", on(ADA), is_confirmed=False),
    ],
    ids=["role", "session"],
)
async def test_rule_35_a_check_notices_that_a_role_was_declined(harness: Harness, changed: Session) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(ADA)))
    for _ in range(2):
        await harness.sync(mapping)
    assert await harness.check(mapping) is None
    harness.offer(changed)
    assert (await harness.outcomes(present(await harness.check(mapping))))["ada"].outcome is Outcome.KEPT


async def test_changing_one_setting_leaves_the_others(harness: Harness) -> None:
    mapping = await synced(harness)
    await harness.change_settings(SettingsChange(mapping.id, chairpersons=False))
    changed = await harness.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.OFF))
    assert not changed.settings.chairpersons
    assert changed.settings.moderators


async def test_rule_22_disabled_role_removes_nobody(harness: Harness) -> None:
    mapping = await synced(harness)
    await harness.change_settings(SettingsChange(mapping.id, chairpersons=False))
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert outcomes["charles"].outcome is Outcome.KEPT
    assert "must delete it there by hand" in outcomes["charles"].reason.detail
    assert harness.the(mapping, SPEAKER, "charles").fields["sessions"]


@pytest.mark.parametrize(
    "left",
    [(), (replace(OPENING, status="declined"),), (replace(OPENING, is_subsession=True),)],
    ids=["deleted", "declined", "merged"],
)
async def test_rule_22_record_that_leaves_the_programme_is_kept_and_reported(
    harness: Harness, left: tuple[Any, ...]
) -> None:
    mapping = await synced(harness)
    harness.offer(*left)
    before = len(harness.gleanin.records)
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert {key: each.outcome for key, each in outcomes.items()} == dict.fromkeys(
        ("opening", "ada", "charles", "eve"), Outcome.KEPT
    )
    for outcome in outcomes.values():
        assert "an admin must delete it there by hand" in outcome.reason.detail
        assert outcome.destination_id in harness.gleanin.records
    assert len(harness.gleanin.records) == before
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS, "rule 34: everything has left at the same time"


async def test_rule_22_speaker_stays_associated_with_a_session(harness: Harness) -> None:
    mapping = await synced(harness)
    opening = harness.the(mapping, SESSION, "opening").id
    harness.offer(replace(OPENING, people=()), session("closing", on(ADA)), exhibitors=(ACME,))
    await harness.sync(mapping)
    closing = harness.the(mapping, SESSION, "closing").id
    assert set(harness.the(mapping, SPEAKER, "ada").fields["sessions"]) == {opening, closing}
    assert await writes_of_next_sync(harness, mapping) == []


async def test_rule_22_returning_person_is_updated_and_not_created_again(harness: Harness) -> None:
    mapping = await synced(harness)
    harness.offer()
    await harness.sync(mapping)
    harness.offer(replace(OPENING, title="Opening again"), exhibitors=(ACME,))
    (write,) = await writes_of_next_sync(harness, mapping)
    assert (write.created, dict(write.sent)) == (False, {"title": "Opening again"})


async def test_record_deleted_in_gleanin_is_created_again_if_still_eligible(
    harness: Harness,
) -> None:
    mapping = await synced(harness)
    harness.gleanin.delete_by_hand(harness.the(mapping, SPEAKER, "ada").id)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert (outcomes["ada"].outcome, outcomes["ada"].reason.code) == (Outcome.CREATED, "gone_from_gleanin")
    assert len(harness.in_gleanin(mapping, SPEAKER, "ada")) == 1


async def test_record_deleted_in_gleanin_that_left_the_programme_is_not_reported(harness: Harness) -> None:
    mapping = await synced(harness)
    harness.offer()
    for record in harness.gleanin.list_by_event(THERE):
        harness.gleanin.delete_by_hand(record.id)
    run = await harness.sync(mapping)
    assert await harness.outcomes(run) == {}


async def test_rule_21_two_people_who_swap_emails_are_both_updated(harness: Harness) -> None:
    mapping = await harness.mapping()
    ada, bob = person("ada"), person("bob")
    harness.offer(session("opening", on(ada), on(bob)))
    await harness.sync(mapping)
    exchanged = replace(ada, email=bob.email), replace(bob, email=ada.email)
    harness.offer(session("opening", *map(on, exchanged)))
    writes = await writes_of_next_sync(harness, mapping)
    assert [dict(write.sent) for write in writes] == [{"email": bob.email}, {"email": ada.email}]
