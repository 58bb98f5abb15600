"""Kinds that are one type of record in the destination share its contacts (rule 44)."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from itertools import permutations, product
from typing import Any

import pytest

from adapters.memory.destination import InMemoryDestination
from adapters.memory.records import StoredRecord
from core.domain.ids import DestinationEventId, SourceId, external_id
from core.domain.planning.plan import Create
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.kinds import ALL, EXHIBITOR_CONTACT, EXHIBITORS, KINDS, SPEAKER, RecordKind, Scope
from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.records.synced_records import CreateIntent
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.sync.preview import expected_outcome
from ports.destination import UnsupportedKind
from tests.support.builders import on, person, session
from tests.support.harness import THERE, Harness
from tests.support.kill_switch import Point, kill
from tests.support.shared_group import SPONSOR, offer, registered, sponsored_harness
from tests.support.systems import SESSIONBOARD

Outcomes = dict[tuple[str, str], RecordOutcome]
SPONSORS = SPONSOR.scope
EVE, PAT = person("eve"), person("pat")
TWIN = person("zoe", email="EVE@example.org")
"""Another person with Eve's e-mail."""
KIND_OF_SCOPE = {EXHIBITORS: EXHIBITOR_CONTACT, SPONSORS: SPONSOR}
PAIRS = [*permutations((EXHIBITORS, SPONSORS))]
AS_EXHIBITOR = "It is synced already as an exhibitor, so it is not synced as a sponsor."
AS_SPONSOR = "It is synced already as a sponsor, so it is not synced as an exhibitor."


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with registered():
        yield


@pytest.fixture
def harness() -> Harness:
    return sponsored_harness()


async def outcomes_of(harness: Harness, run: SyncRun) -> Outcomes:
    _, outcomes = await GetRunWithOutcomes(harness.units)(run.id)
    by_record = {(outcome.record.kind.name, str(outcome.record.source_id)): outcome for outcome in outcomes}
    assert len(by_record) == len(outcomes), "rule 26"
    return by_record


async def sync(harness: Harness, mapping: EventMapping, scope: Scope = ALL) -> dict[str, str]:
    """Sync, and return the outcome of each record by its kind and source id."""
    found = await outcomes_of(harness, await harness.sync(mapping, scope))
    return {f"{kind} {source_id}": str(outcome.outcome) for (kind, source_id), outcome in found.items()}


def contacts(harness: Harness) -> list[StoredRecord]:
    return harness.gleanin.list_by_event(THERE, EXHIBITOR_CONTACT)


def the_contact(harness: Harness) -> StoredRecord:
    (contact,) = contacts(harness)
    return contact


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_44_the_kind_that_was_sent_first_keeps_the_contact(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    first_kind, second_kind = KIND_OF_SCOPE[first], KIND_OF_SCOPE[second]
    assert await sync(harness, mapping, first) == {f"{first_kind.name} eve": "created"}
    before = len(harness.gleanin.writes)
    for scope in (second, first, ALL, second):
        outcomes = await outcomes_of(harness, await harness.sync(mapping, scope))
        if skipped := outcomes.pop((second_kind.name, "eve"), None):
            assert skipped.outcome is Outcome.SKIPPED
            assert skipped.reason.sentence == (AS_EXHIBITOR if second == SPONSORS else AS_SPONSOR)
            assert skipped.destination_id == the_contact(harness).id
        assert {outcome.outcome for outcome in outcomes.values()} <= {Outcome.UNCHANGED}
    assert len(harness.gleanin.writes) == before, "never written as the other"
    assert the_contact(harness).kind == first_kind


async def test_rule_44_within_a_run_the_order_of_the_kinds_decides(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE, PAT))
    expected = {"exhibitor_contact eve": "created", "sponsor eve": "skipped", "sponsor pat": "created"}
    plan = await harness.preview(mapping.id)
    assert {
        f"{step.record.kind.name} {step.record.source_id}": str(expected_outcome(step)) for step in plan.steps
    } == expected, "the preview says the same"
    assert await sync(harness, mapping) == expected
    assert {record.external_id for record in contacts(harness)} == {
        external_id(SESSIONBOARD, mapping.connection_id, SourceId(name)) for name in ("eve", "pat")
    }
    before = len(harness.gleanin.writes)
    again = {name: "skipped" if name == "sponsor eve" else "unchanged" for name in expected}
    assert await sync(harness, mapping) == again
    assert len(harness.gleanin.writes) == before, "rule 21"


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_15_of_two_people_of_two_kinds_with_one_e_mail_who_was_sent_first_keeps_it(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(TWIN,))
    people = {EXHIBITORS: EVE, SPONSORS: TWIN}
    await harness.sync(mapping, first)
    for scope in (second, ALL):
        outcomes = await outcomes_of(harness, await harness.sync(mapping, scope))
        blocked = outcomes[KIND_OF_SCOPE[second].name, people[second].id]
        assert (blocked.outcome, blocked.reason.code) == (Outcome.BLOCKED, "email_of_kept")
        holder = f"{people[first].label} ({KIND_OF_SCOPE[first].singular})"
        assert holder in blocked.reason.sentence, "both are named"
    assert the_contact(harness).kind == KIND_OF_SCOPE[first]


async def test_rule_15_within_a_run_an_e_mail_goes_by_the_order_of_the_kinds(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(TWIN,))
    plan = await harness.preview(mapping.id)
    reasons = {step.record.source_id: step.reason for step in plan.steps}
    assert f"{EVE.label} (exhibitor)" in reasons[TWIN.id].sentence
    assert await sync(harness, mapping) == {"exhibitor_contact eve": "created", "sponsor zoe": "blocked"}


async def test_rule_15_an_e_mail_that_the_other_kind_has_released_is_free_in_the_same_run(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(TWIN,))
    await harness.sync(mapping)
    offer(harness, exhibitors=(replace(EVE, email="new@example.org"),), sponsors=(TWIN,))
    assert await sync(harness, mapping) == {"exhibitor_contact eve": "updated", "sponsor zoe": "created"}
    assert {record.fields["email"] for record in contacts(harness)} == {"new@example.org", "EVE@example.org"}


async def test_rule_15_a_person_who_is_synced_as_another_kind_takes_no_e_mail_from_others_of_this_kind(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,))
    await harness.sync(mapping)
    other_address = replace(EVE, email="pat@example.org")
    offer(harness, exhibitors=(EVE,), sponsors=(other_address, PAT))
    outcomes = await sync(harness, mapping)
    assert (outcomes["sponsor eve"], outcomes["sponsor pat"]) == ("skipped", "created")


async def test_rule_19_a_contact_that_nobody_sent_blocks_both_kinds(
    harness: Harness, mapping: EventMapping
) -> None:
    foreign = {"company_name": "Someone", "email": EVE.email or ""}
    harness.gleanin.add_record(THERE, EXHIBITOR_CONTACT, foreign)
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    outcomes = await outcomes_of(harness, await harness.sync(mapping))
    assert {outcome.reason.code for outcome in outcomes.values()} == {"foreign_contact"}


async def test_rule_44_a_person_who_speaks_too_goes_as_a_speaker_as_well(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.programme.sessions[:] = [session("opening", on(EVE))]
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    outcomes = await sync(harness, mapping)
    assert [outcomes[f"{kind} eve"] for kind in ("speaker", "exhibitor_contact", "sponsor")] == [
        "created",
        "created",
        "skipped",
    ]
    assert len(harness.gleanin.list_by_event(THERE, SPEAKER)) == 1
    the_contact(harness)


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_22_who_left_the_kind_that_was_sent_first_still_belongs_to_it(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    await harness.sync(mapping, first)
    offer(harness, **{"exhibitors" if second == EXHIBITORS else "sponsors": (EVE,)})
    outcomes = await sync(harness, mapping)
    assert outcomes == {
        f"{KIND_OF_SCOPE[first].name} eve": "kept",
        f"{KIND_OF_SCOPE[second].name} eve": "skipped",
    }


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_44_the_other_kind_takes_over_what_was_deleted_by_hand(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    await harness.sync(mapping, first)
    harness.gleanin.delete_by_hand(the_contact(harness).id)
    assert await sync(harness, mapping, second) == {f"{KIND_OF_SCOPE[second].name} eve": "created"}
    assert await sync(harness, mapping, first) == {f"{KIND_OF_SCOPE[first].name} eve": "skipped"}
    assert the_contact(harness).kind == KIND_OF_SCOPE[second]


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_44_a_contact_that_is_not_listed_yet_is_looked_up_before_the_other_kind_creates_it(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    await harness.sync(mapping, first)
    harness.gleanin.faults.late_reads = 99
    fields = dict(the_contact(harness).fields)
    assert await sync(harness, mapping, second) == {f"{KIND_OF_SCOPE[second].name} eve": "skipped"}
    assert the_contact(harness).fields == fields
    harness.gleanin.faults.late_reads = 0
    assert await sync(harness, mapping, second) == {f"{KIND_OF_SCOPE[second].name} eve": "skipped"}


@pytest.mark.parametrize("hides_ids", [True, False])
@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_10_neither_kind_writes_what_was_sent_before_a_disconnect(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope, *, hides_ids: bool
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    await harness.sync(mapping, first)
    again = await harness.reconnect_and_map(mapping)
    harness.gleanin.faults.hides_external_ids = hides_ids
    before = len(harness.gleanin.writes)
    for scope in (second, first, ALL):
        outcomes = await outcomes_of(harness, await harness.sync(again, scope))
        assert {(each.outcome, each.reason.code) for each in outcomes.values()} == {
            (Outcome.SKIPPED, "ended_connection")
        }
    assert len(harness.gleanin.writes) == before


@pytest.mark.parametrize("hides_ids", [True, False])
async def test_rule_44_what_a_kind_sent_stays_its_own_when_its_package_is_removed(
    harness: Harness, mapping: EventMapping, *, hides_ids: bool
) -> None:
    harness.gleanin.faults.hides_external_ids = hides_ids
    offer(harness, exhibitors=(EVE, TWIN), sponsors=(EVE,))
    await harness.sync(mapping, SPONSORS)
    KINDS.unregister(SPONSOR)
    before = len(harness.gleanin.writes)
    for _ in range(2):
        outcomes = await outcomes_of(harness, await harness.sync(mapping))
        skipped, blocked = (outcomes[EXHIBITOR_CONTACT.name, name] for name in ("eve", "zoe"))
        assert (skipped.outcome, skipped.reason.sentence) == (Outcome.SKIPPED, AS_SPONSOR)
        assert (blocked.outcome, blocked.reason.code) == (Outcome.BLOCKED, "email_of_kept")
        assert f"{EVE.label} (sponsor)" in blocked.reason.sentence
    offer(harness, exhibitors=(TWIN,))
    outcomes = await outcomes_of(harness, await harness.sync(mapping))
    assert [*outcomes] == [(EXHIBITOR_CONTACT.name, "zoe")], "a sponsor has not left the exhibitors"
    assert outcomes[EXHIBITOR_CONTACT.name, "zoe"].reason.code == "email_of_kept"
    assert len(harness.gleanin.writes) == before


def put_unrecorded(harness: Harness, mapping: EventMapping) -> None:
    """Put a contact into the destination that was sent, and of which nothing is stored."""
    sent = external_id(SESSIONBOARD, mapping.connection_id, EVE.id)
    fields = {"company_name": "Eve", "email": EVE.email or ""}
    harness.gleanin.add_record(THERE, EXHIBITOR_CONTACT, fields, sent)


@pytest.mark.parametrize(
    ("scope", "owner"), [(ALL, "exhibitor_contact"), (SPONSORS, "sponsor"), (EXHIBITORS, "exhibitor_contact")]
)
async def test_rule_44_what_no_record_tells_of_belongs_to_the_kind_that_needs_it_first(
    harness: Harness, mapping: EventMapping, scope: Scope, owner: str
) -> None:
    put_unrecorded(harness, mapping)
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    await harness.sync(mapping, scope)
    outcomes = await sync(harness, mapping)
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "skipped"} == {
        f"{owner} eve": "unchanged"
    }
    the_contact(harness)


async def test_rule_44_what_no_kind_needs_is_kept_once_and_only_if_all_kinds_are_read(
    harness: Harness, mapping: EventMapping
) -> None:
    put_unrecorded(harness, mapping)
    assert await sync(harness, mapping, EXHIBITORS) == {}
    assert await sync(harness, mapping) == {"sponsor eve": "kept"}
    offer(harness, sponsors=(EVE,))
    assert await sync(harness, mapping) == {"sponsor eve": "updated"}


@pytest.mark.parametrize("taken_place", [True, False])
@pytest.mark.parametrize("point", ["write", "store"])
@pytest.mark.parametrize(("killed", "after"), [*product((EXHIBITORS, SPONSORS, ALL), repeat=2)])
async def test_rule_32_after_a_kill_at_any_point_everybody_is_there_once(
    killed: Scope, after: Scope, point: Point, *, taken_place: bool
) -> None:
    struck = 0
    while True:
        harness = sponsored_harness()
        mapping = await harness.mapping()
        offer(harness, exhibitors=(EVE, PAT), sponsors=(TWIN, PAT, person("ida")))
        if not await kill(harness, mapping, point, struck + 1, taken_place=taken_place, scope=killed):
            break
        struck += 1
        # What was sent is not recorded perhaps, but to which kind it belongs does not change any more.
        owners = {record.external_id: record.kind.name for record in contacts(harness)}
        await harness.sync(mapping, after)
        assert (await harness.sync(mapping)).state is not RunState.STOPPED
        assert harness.gleanin.duplicates == 0
        emails = [str(record.fields["email"]).lower() for record in contacts(harness)]
        assert sorted(emails) == ["eve@example.org", "ida@example.org", "pat@example.org"]
        assert all(
            record.kind.name == owners.get(record.external_id, record.kind.name)
            for record in contacts(harness)
        )
        synced = await sync(harness, mapping)
        for record in contacts(harness):
            source_id = (record.external_id or "").rpartition(":")[2]
            assert synced[f"{record.kind.name} {source_id}"] == "unchanged", "as which it was sent"
        assert sorted(synced.values()) == ["blocked", "skipped", *["unchanged"] * 3]
    assert struck >= 2


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("seconds", [0, 5, 40, 59])
async def test_rule_32_a_create_that_takes_effect_late_belongs_to_its_kind(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope, seconds: float
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    faults = harness.gleanin.faults
    faults.late_creates, faults.late_seconds = 1, seconds
    assert await kill(harness, mapping, "write", 1, taken_place=True, scope=first)
    assert (await sync(harness, mapping, second))[f"{KIND_OF_SCOPE[second].name} eve"] == "skipped"
    assert the_contact(harness).kind == KIND_OF_SCOPE[first]
    outcomes = await sync(harness, mapping)
    assert outcomes[f"{KIND_OF_SCOPE[first].name} eve"] in ("updated", "unchanged")
    async with harness.units.read() as unit:
        assert not await unit.intents.list_open(mapping.organization_id, THERE)


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_32_a_create_that_never_took_effect_leaves_the_contact_to_the_other_kind(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    assert await kill(harness, mapping, "write", 1, taken_place=False, scope=first)
    before = harness.clock.now()
    assert await sync(harness, mapping, second) == {f"{KIND_OF_SCOPE[second].name} eve": "created"}
    assert harness.clock.now() - before >= harness.resend_after - harness.lease
    assert (await sync(harness, mapping))[f"{KIND_OF_SCOPE[first].name} eve"] == "skipped"
    the_contact(harness)
    async with harness.units.read() as unit:
        assert not await unit.intents.list_open(mapping.organization_id, THERE)


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_rule_32_a_later_create_ends_the_intent_of_the_other_kind(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE,))
    assert await kill(harness, mapping, "write", 1, taken_place=False, scope=first)
    assert await kill(harness, mapping, "write", 1, taken_place=True, scope=second)
    outcomes = await sync(harness, mapping)
    assert outcomes[f"{KIND_OF_SCOPE[first].name} eve"] == "skipped"
    assert the_contact(harness).kind == KIND_OF_SCOPE[second]


@pytest.mark.parametrize("seconds", [0, 5, 59, 3600])
async def test_rule_32_the_second_kind_waits_for_what_becomes_of_the_first_one(
    harness: Harness, mapping: EventMapping, seconds: float
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE, TWIN, PAT))
    faults = harness.gleanin.faults
    faults.late_creates, faults.late_seconds = 1, seconds
    assert await sync(harness, mapping) == {
        "exhibitor_contact eve": "created",
        "sponsor eve": "skipped",
        "sponsor zoe": "blocked",
        "sponsor pat": "created",
    }
    assert len(contacts(harness)) == 2


async def test_rule_26_a_stop_before_the_second_kind_leaves_no_record_without_an_outcome(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE, PAT))
    harness.gleanin.faults.lost_answers = 99
    harness.gleanin.faults.lost_are_written = False
    run = await harness.sync(mapping)
    assert run.state is not RunState.COMPLETED
    outcomes = await outcomes_of(harness, run)
    assert {key: outcome.outcome for key, outcome in outcomes.items()} == {
        ("exhibitor_contact", "eve"): Outcome.FAILED,
        ("sponsor", "eve"): Outcome.FAILED,
        ("sponsor", "pat"): Outcome.FAILED,
    }


async def test_rule_44_a_kind_that_was_rejected_keeps_the_other_from_nothing(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(replace(EVE, first_name="x" * 9),), sponsors=(EVE,))
    harness.gleanin.faults.forbidden_words = frozenset({"x" * 9})
    assert await sync(harness, mapping) == {"exhibitor_contact eve": "failed", "sponsor eve": "created"}
    assert (await sync(harness, mapping))["exhibitor_contact eve"] == "skipped"


@pytest.mark.parametrize("scope", [EXHIBITORS, SPONSORS, ALL])
async def test_rule_44_a_group_is_listed_once_in_a_run(
    harness: Harness, mapping: EventMapping, monkeypatch: pytest.MonkeyPatch, scope: Scope
) -> None:
    listed: list[str] = []
    records = InMemoryDestination.records

    def counted(
        self: InMemoryDestination, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        listed.append(kind.group)
        return records(self, event_id, kind)

    monkeypatch.setattr(InMemoryDestination, "records", counted)
    offer(harness, exhibitors=(EVE,), sponsors=(PAT,))
    await harness.sync(mapping, scope)
    assert listed.count(SPONSOR.group) == 2, "before the writes, and for the share links"
    listed.clear()
    await harness.sync(mapping, scope)
    assert listed.count(SPONSOR.group) == 1


async def test_rule_30_everybody_of_the_group_gets_the_links_of_the_own_contact(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE, PAT))
    await harness.sync(mapping)
    page = await harness.list_share_links(mapping.id)
    links = {(each.kind.name, each.source_id): [link.url for link in each.links] for each in page}
    assert links == {
        (record.kind.name, (record.external_id or "").rpartition(":")[2]): [
            link.url for link in record.links or ()
        ]
        for record in contacts(harness)
    }
    assert links.keys() == {("exhibitor_contact", "eve"), ("sponsor", "pat")}


async def test_rule_29_a_kind_that_the_destination_cannot_write_fails_alone(
    harness: Harness, mapping: EventMapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = InMemoryDestination.create

    async def without_sponsors(self: InMemoryDestination, event_id: Any, kind: RecordKind, *rest: Any) -> Any:
        if kind == SPONSOR:
            raise UnsupportedKind("Gleanin has no sponsors that this program can write.")
        return await create(self, event_id, kind, *rest)

    monkeypatch.setattr(InMemoryDestination, "create", without_sponsors)
    offer(harness, exhibitors=(EVE,), sponsors=(PAT,))
    run = await harness.sync(mapping)
    outcomes = await outcomes_of(harness, run)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert outcomes["exhibitor_contact", "eve"].outcome is Outcome.CREATED
    failed = outcomes["sponsor", "pat"]
    assert (failed.outcome, failed.reason.code) == (Outcome.FAILED, "kind_unknown")
    async with harness.units.read() as unit:
        assert not await unit.intents.list_open(mapping.organization_id, THERE)


async def test_rule_44_a_check_finds_nothing_to_do_for_two_kinds(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,), sponsors=(EVE, TWIN))
    for _ in range(2):
        await harness.sync(mapping)
    assert await harness.check(mapping) is None


async def test_rule_44_an_intent_of_a_removed_kind_keeps_nobody_waiting(
    harness: Harness, mapping: EventMapping
) -> None:
    offer(harness, exhibitors=(EVE,))
    async with harness.committing() as unit:
        intent = CreateIntent(SPONSOR, EVE.id, mapping.connection_id, ("email",))
        await unit.intents.add(mapping.organization_id, THERE, [intent])
    KINDS.unregister(SPONSOR)
    before = harness.clock.now()
    plan = await harness.preview(mapping.id)
    assert [type(step) for step in plan.steps] == [Create]
    assert await sync(harness, mapping) == {"exhibitor_contact eve": "created"}
    assert harness.clock.now() - before < harness.resend_after
