"""A kind that an installed package brings, in runs: its settings, and what its code raises."""

from collections.abc import Iterator

import pytest

from core.domain.errors import InvalidInput
from core.domain.ids import SourceId
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Person
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.queries import ListAuditEntries
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.sync.error_mapping import SyncStopped
from tests.support.builders import session
from tests.support.harness import Harness
from tests.support.toy_kind import HELPER, registered

HEDY = Person(SourceId("h1"), full_name="Hedy Help", email="hedy@example.org", job_title="Morning")
HUGO = Person(SourceId("h2"), full_name="Hugo Help", email="hugo@example.org")


@pytest.fixture(autouse=True)
def kind() -> Iterator[None]:
    with registered():
        yield


def offer(harness: Harness, *helpers: Person) -> None:
    harness.offer(session("talk"))
    harness.programme.further["helpers"] = list(helpers)


async def change(harness: Harness, mapping: EventMapping, **values: object) -> EventMapping:
    return await harness.change_settings(SettingsChange(mapping.id, kinds={"helper": values}))


async def test_rule_21_a_changed_setting_of_a_kind_resends_only_what_it_affects(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, HEDY, HUGO)
    await harness.sync(mapping)
    before = len(harness.gleanin.writes)
    await change(harness, mapping, team="Doors:")
    await harness.sync(mapping)
    (write,) = harness.gleanin.writes[before:]
    assert (write.kind, dict(write.sent)) == (HELPER, {"job_title": "Doors: Morning"})
    await change(harness, mapping, shifts=False)
    await harness.sync(mapping)
    assert "job_title" not in harness.the(mapping, HELPER, "h1").fields


async def test_a_changed_setting_of_a_kind_turns_the_next_check_into_a_run(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, HEDY)
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await harness.sync(mapping)
    await harness.sync(mapping)
    assert await harness.check(mapping) is None
    await change(harness, mapping, names="first")
    run = await harness.check(mapping)
    assert run is not None
    assert harness.the(mapping, HELPER, "h1").fields["name"] == "Hedy"


async def test_changes_are_audited_by_their_labels(harness: Harness, mapping: EventMapping) -> None:
    await change(harness, mapping, shifts="off", names="first", team="Doors")
    changed = await change(harness, mapping, team="Doors")
    assert changed.settings.kinds == {"helper": {"names": "first", "shifts": False, "team": "Doors"}}
    listed = await ListAuditEntries(harness.units)(mapping.organization_id)
    entries = [entry.what for entry in listed if "Send shifts" in entry.what]
    changes = ("Send shifts on > off", "Names of helpers Whole name > First name", "Team none > Doors")
    assert entries == [f"{mapping.label}: {', '.join(f'helpers: {each}' for each in changes)}"]


async def test_a_refused_value_changes_nothing(harness: Harness, mapping: EventMapping) -> None:
    with pytest.raises(InvalidInput):
        await harness.change_settings(
            SettingsChange(mapping.id, moderators=False, kinds={"helper": {"hat": "red"}})
        )
    stored = (await harness.list_mappings(mapping.organization_id))[0]
    assert stored.settings == mapping.settings


async def test_rule_43_a_raise_in_a_kind_stops_the_run_and_the_others_get_their_outcomes(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, HEDY, Person(SourceId("h3"), full_name="Break the list", email="h3@example.org"))
    run = await harness.sync(mapping)
    assert run.state is RunState.STOPPED
    assert run.stop is not None
    assert run.stop.code == "plugin_failed"
    assert run.stop.sentence.startswith("Helpers cannot be synced: toy-kind failed: ZeroDivisionError")
    assert (await harness.outcomes(run))["talk"].outcome is Outcome.CREATED
    with pytest.raises(SyncStopped, match="toy-kind failed"):
        await harness.preview(mapping.id)


async def test_rules_34_and_43_a_row_that_a_kind_does_not_take_is_unreadable(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, HEDY, HUGO)
    await harness.sync(mapping)
    offer(harness, HUGO, Person(SourceId("h3"), full_name="Break the rows", email="h3@example.org"))
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert "could not be read" in run.message
    assert outcomes["h3"].outcome is Outcome.BLOCKED
    assert "toy-kind cannot use it" in outcomes["h3"].reason.sentence
    assert (outcomes["h1"].outcome, outcomes["h1"].reason.code) == (Outcome.KEPT, "not_all_read")
    assert outcomes["h2"].outcome is Outcome.UNCHANGED


async def test_rule_34_an_incomplete_feed_of_a_kind_reports_nothing_as_gone(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, HEDY, HUGO)
    await harness.sync(mapping)
    harness.programme.further_missing["helpers"] = 1
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert (await harness.outcomes(run))["h2"].reason.code == "not_all_read"
