"""An event is shown as it is in Sessionboard, with the plan of the next sync if it is mapped."""

import pytest

from core.domain.errors import NotFound
from core.domain.ids import OrganizationId, SourceEventId
from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Exhibitor, Session, SourceEvent
from core.domain.runs.stop_reasons import StopCause
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.sync.get_event import EventView
from ports.source import SourceRefused, SourceUnavailable
from tests.support.assertions import present
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import ELSEWHERE, HERE, Harness

ACME = exhibitor("acme", primary(person("eve")))


def offer(harness: Harness) -> None:
    harness.offer(
        session("opening", on(person("ada"))), session("pending", status="pending"), exhibitors=(ACME,)
    )


def rows(view: EventView) -> tuple[list[str], list[str]]:
    sessions = [str(each.id) for each in view.rows(SESSIONS) if isinstance(each, Session)]
    return sessions, [str(each.id) for each in view.rows(EXHIBITORS) if isinstance(each, Exhibitor)]


ALL = (["opening", "pending"], ["acme"])


async def test_rule_11_unmapped_event_is_shown_without_a_plan(harness: Harness) -> None:
    organization = await harness.organization()
    offer(harness)
    view = await harness.get_event(organization.id, HERE)
    assert rows(view) == ALL
    assert (view.mapping, view.plan, view.stop) == (None, None, None)
    assert (view.event.name, view.read_at) == ("PyConf", harness.clock.now())


async def test_mapped_event_is_shown_with_its_plan(harness: Harness, mapping: EventMapping) -> None:
    offer(harness)
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == ALL
    assert (view.mapping, view.stop) == (mapping, None)
    plan = present(view.plan)
    assert {str(step.record.source_id) for step in plan.steps} == {"opening", "pending", "ada", "eve"}
    assert [plan.counts.of(kind)[Outcome.CREATED] for kind in (SESSION, SPEAKER, EXHIBITOR_CONTACT)] == [
        1,
        1,
        1,
    ]
    assert not harness.gleanin.writes, "showing writes nothing"


async def test_plan_reflects_what_was_synced(harness: Harness, mapping: EventMapping) -> None:
    offer(harness)
    await harness.sync(mapping)
    view = await harness.get_event(mapping.organization_id, HERE)
    plan = present(view.plan)
    assert plan.counts.of(SPEAKER)[Outcome.UNCHANGED] == 1
    assert plan.counts.of(SESSION)[Outcome.SKIPPED] == 1


async def test_unmapped_event_next_to_a_mapped_one_is_shown_without_a_plan(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("keynote"), event=ELSEWHERE)
    view = await harness.get_event(mapping.organization_id, ELSEWHERE)
    assert rows(view) == (["keynote"], [])
    assert view.mapping is None


async def test_event_is_shown_without_a_plan_after_its_mapping_is_removed(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)
    await harness.remove_mapping(mapping.id)
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == ALL
    assert (view.mapping, view.plan) == (None, None)


async def test_rows_are_shown_with_the_stop_reason_while_gleanin_is_unavailable(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)
    harness.gleanin.faults.unavailable_calls = 1_000
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == ALL
    assert view.plan is None
    assert view.stop is not None
    assert (view.stop.code, view.stop.by) == ("unreachable", StopCause.EXTERNAL_SYSTEM)


async def test_rows_are_shown_with_the_stop_reason_if_gleanin_refuses_the_token(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)
    harness.gleanin.tokens = {"another-token"}
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == ALL
    stop = present(view.stop)
    assert (stop.code, "Gleanin" in stop.sentence) == ("token_refused", True)


async def test_rows_are_shown_with_the_stop_reason_if_the_gleanin_event_is_gone(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)
    del harness.gleanin.events[mapping.events.destination_id]
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == ALL
    assert present(view.stop).code == "event_gone"


async def test_rule_16_masked_emails_are_reported_with_the_rows(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("opening", on(person("ada", email="a***@e***.org"))), exhibitors=(ACME,))
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == (["opening"], ["acme"])
    assert view.plan is None
    assert view.stop is not None
    assert (view.stop.code, view.stop.by) == ("masked_emails", StopCause.RULE)
    assert "a***@e***.org" in view.stop.sentence


async def test_rule_07_differing_time_zones_are_reported_with_the_rows(harness: Harness) -> None:
    mapping = await harness.mapping()
    offer(harness)
    harness.gleanin.add_event(
        mapping.events.destination_id, "PyConf goes Gleanin", time_zone="America/New_York"
    )
    view = await harness.get_event(mapping.organization_id, HERE)
    assert rows(view) == ALL
    assert present(view.stop).code == "time_zones"


@pytest.mark.parametrize("mapped", [False, True], ids=["not mapped", "mapped"])
async def test_event_gone_from_sessionboard_is_not_found(harness: Harness, mapped: bool) -> None:
    organization = (await harness.mapping()).organization_id if mapped else (await harness.organization()).id
    harness.source.remove(HERE)
    with pytest.raises(NotFound, match="There is no Sessionboard event '3960'"):
        await harness.get_event(organization, HERE)


@pytest.mark.parametrize("event_id", ["", "nothing", "\0", "\ud800", "../events", "x" * 100_000])
async def test_unknown_event_is_not_found(harness: Harness, event_id: str) -> None:
    organization = await harness.organization()
    with pytest.raises(NotFound):
        await harness.get_event(organization.id, SourceEventId(event_id))
    with pytest.raises(NotFound, match="organization 'nobody'"):
        await harness.get_event(OrganizationId("nobody"), HERE)


@pytest.mark.parametrize("mapped", [False, True], ids=["not mapped", "mapped"])
async def test_nothing_is_shown_while_sessionboard_is_unavailable(harness: Harness, mapped: bool) -> None:
    organization = (await harness.mapping()).organization_id if mapped else (await harness.organization()).id
    offer(harness)
    harness.source.error = SourceUnavailable("Sessionboard does not answer.")
    with pytest.raises(SourceUnavailable):
        await harness.get_event(organization, HERE)
    harness.source.error = None
    harness.sources.tokens = {Token("another-token-012").value}
    with pytest.raises(SourceRefused):
        await harness.get_event(organization, HERE)


@pytest.mark.parametrize("mapped", [False, True], ids=["not mapped", "mapped"])
async def test_truncated_list_is_not_shown_as_complete(harness: Harness, mapped: bool) -> None:
    organization = (await harness.mapping()).organization_id if mapped else (await harness.organization()).id
    harness.offer(*(session(f"s{number}") for number in range(5)))
    harness.source.page_size = 2

    class TruncatedSource(type(harness.source)):  # type: ignore[misc]  # the same source with one difference
        async def event(self, event_id: SourceEventId) -> SourceEvent:
            self.error = None
            event: SourceEvent = await super().event(event_id)
            self.error, self.pages_before_error = SourceUnavailable("It broke off."), 1
            return event

    harness.sources.source = TruncatedSource(harness.source.programmes, page_size=2)
    with pytest.raises(SourceUnavailable):
        await harness.get_event(organization, HERE)


async def test_event_with_the_same_id_of_another_organization_is_distinguished(
    harness: Harness,
) -> None:
    theirs = await harness.mapping()
    organization = await harness.organization("Bolt")
    offer(harness)
    view = await harness.get_event(organization.id, theirs.events.source_id)
    assert (view.mapping, view.plan) == (None, None)
