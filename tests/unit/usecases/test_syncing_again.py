"""Syncing again: rules 20, 21 and 22."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.memory.records import LoggedWrite
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, Scope
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import ParticipationRole
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, TracksFrom
from core.usecases.mappings.change_settings import SettingsChange
from tests.unit.domain.builders import exhibitor, on, person, primary, session
from tests.unit.usecases.stage import THERE, Stage

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


async def synced(stage: Stage) -> EventMapping:
    mapping = await stage.mapping()
    stage.offer(OPENING, exhibitors=(ACME,))
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    return mapping


async def writes_of_next_sync(
    stage: Stage, mapping: EventMapping, scope: Scope = Scope.ALL
) -> list[LoggedWrite]:
    before = len(stage.gleanin.writes)
    await stage.sync(mapping, scope)
    return stage.gleanin.writes[before:]


async def test_rule_21_what_is_unchanged_causes_no_write_at_all(stage: Stage) -> None:
    mapping = await synced(stage)
    assert await writes_of_next_sync(stage, mapping) == []


async def test_rule_21_the_order_in_which_things_come_is_no_change(stage: Stage) -> None:
    mapping = await synced(stage)
    turned = replace(OPENING, people=OPENING.people[::-1], tags=OPENING.tags[::-1])
    stage.offer(turned, exhibitors=(ACME,))
    assert await writes_of_next_sync(stage, mapping) == []


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
async def test_rules_20_and_21_just_the_changed_field_is_sent(
    stage: Stage, change: dict[str, Any], sent: dict[str, object]
) -> None:
    mapping = await synced(stage)
    changed = replace(OPENING, people=(on(replace(ADA, **change)), *OPENING.people[1:]))
    stage.offer(changed, exhibitors=(ACME,))
    (write,) = await writes_of_next_sync(stage, mapping)
    assert (write.external_id, dict(write.sent)) == (stage.the(mapping, SPEAKER, "ada").external_id, sent)
    assert await writes_of_next_sync(stage, mapping) == []


async def test_rule_20_an_emptied_field_is_cleared_in_gleanin(stage: Stage) -> None:
    mapping = await synced(stage)
    stage.offer(replace(OPENING, description=None), exhibitors=(ACME,))
    await stage.sync(mapping)
    assert "description" not in stage.the(mapping, SESSION, "opening").fields


async def test_rule_20_empty_fields_are_not_sent_on_a_create(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(session("bare", description=" "))
    (write,) = await writes_of_next_sync(stage, mapping)
    assert {name for name, _ in write.sent} == {"title", "starts_at", "ends_at", "schedule"}


async def test_rule_21_a_new_logo_alone_is_enough(stage: Stage) -> None:
    mapping = await synced(stage)
    stage.offer(OPENING, exhibitors=(replace(ACME, logo="https://img.example.org/new.png"),))
    (write,) = await writes_of_next_sync(stage, mapping)
    assert dict(write.sent) == {"logo": "https://img.example.org/new.png"}


async def test_rule_21_a_changed_setting_resends_just_what_it_changes(stage: Stage) -> None:
    mapping = await synced(stage)
    await stage.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.TAGS))
    (write,) = await writes_of_next_sync(stage, mapping)
    assert (write.kind, dict(write.sent)) == (SESSION, {"tracks": ("ai", "data")})
    await stage.change_settings(SettingsChange(mapping.id, exhibitor_name=ExhibitorName.EXHIBITOR))
    (write,) = await writes_of_next_sync(stage, mapping)
    assert (write.kind, dict(write.sent)) == (EXHIBITOR_CONTACT, {"company_name": "Acme Ltd"})


async def test_changing_one_setting_leaves_the_others(stage: Stage) -> None:
    mapping = await synced(stage)
    await stage.change_settings(SettingsChange(mapping.id, chairpersons=False))
    changed = await stage.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.OFF))
    assert not changed.settings.chairpersons
    assert changed.settings.moderators


async def test_rule_22_a_role_switched_off_removes_nobody(stage: Stage) -> None:
    mapping = await synced(stage)
    await stage.change_settings(SettingsChange(mapping.id, chairpersons=False))
    run = await stage.sync(mapping)
    told = await stage.outcomes(run)
    assert told["charles"].outcome is Outcome.KEPT
    assert "must delete it there by hand" in told["charles"].reason.detail
    assert stage.the(mapping, SPEAKER, "charles").fields["sessions"]


@pytest.mark.parametrize(
    "left",
    [(), (replace(OPENING, status="declined"),), (replace(OPENING, is_subsession=True),)],
    ids=["deleted", "declined", "merged"],
)
async def test_rule_22_what_leaves_the_programme_is_kept_and_told(
    stage: Stage, left: tuple[Any, ...]
) -> None:
    mapping = await synced(stage)
    stage.offer(*left)
    before = len(stage.gleanin.records)
    run = await stage.sync(mapping)
    told = await stage.outcomes(run)
    assert {key: each.outcome for key, each in told.items()} == dict.fromkeys(
        ("opening", "ada", "charles", "eve"), Outcome.KEPT
    )
    for each in told.values():
        assert "an admin must delete it there by hand" in each.reason.detail
        assert each.gleanin_id in stage.gleanin.records
    assert len(stage.gleanin.records) == before
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS, "rule 34: everything has left at once"


async def test_rule_22_a_speaker_once_tied_to_a_session_stays_tied(stage: Stage) -> None:
    mapping = await synced(stage)
    opening = stage.the(mapping, SESSION, "opening").id
    stage.offer(replace(OPENING, people=()), session("closing", on(ADA)), exhibitors=(ACME,))
    await stage.sync(mapping)
    closing = stage.the(mapping, SESSION, "closing").id
    assert set(stage.the(mapping, SPEAKER, "ada").fields["sessions"]) == {opening, closing}
    assert await writes_of_next_sync(stage, mapping) == []


async def test_rule_22_who_comes_back_is_updated_and_not_created_again(stage: Stage) -> None:
    mapping = await synced(stage)
    stage.offer()
    await stage.sync(mapping)
    stage.offer(replace(OPENING, title="Opening again"), exhibitors=(ACME,))
    (write,) = await writes_of_next_sync(stage, mapping)
    assert (write.created, dict(write.sent)) == (False, {"title": "Opening again"})


async def test_what_was_deleted_in_gleanin_by_hand_is_created_again_if_it_still_goes(stage: Stage) -> None:
    mapping = await synced(stage)
    stage.gleanin.delete_by_hand(stage.the(mapping, SPEAKER, "ada").id)
    told = await stage.outcomes(await stage.sync(mapping))
    assert (told["ada"].outcome, told["ada"].reason.code) == (Outcome.CREATED, "gone_from_gleanin")
    assert len(stage.in_gleanin(mapping, SPEAKER, "ada")) == 1


async def test_what_was_deleted_in_gleanin_by_hand_and_left_is_told_no_more(stage: Stage) -> None:
    mapping = await synced(stage)
    stage.offer()
    for record in stage.gleanin.list_by_event(THERE):
        stage.gleanin.delete_by_hand(record.id)
    run = await stage.sync(mapping)
    assert await stage.outcomes(run) == {}


async def test_rule_21_two_people_who_exchange_their_emails_are_both_updated(stage: Stage) -> None:
    mapping = await stage.mapping()
    ada, bob = person("ada"), person("bob")
    stage.offer(session("opening", on(ada), on(bob)))
    await stage.sync(mapping)
    exchanged = replace(ada, email=bob.email), replace(bob, email=ada.email)
    stage.offer(session("opening", *map(on, exchanged)))
    writes = await writes_of_next_sync(stage, mapping)
    assert [dict(write.sent) for write in writes] == [{"email": bob.email}, {"email": ada.email}]
