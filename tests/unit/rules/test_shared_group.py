"""Two kinds that are one type of record in the destination, over random histories (rule 44)."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from core.domain.records.kinds import ALL, EXHIBITOR_CONTACT, EXHIBITORS, Scope
from core.domain.records.outcomes import SUCCEEDED, Outcome, RecordOutcome
from core.domain.records.source_records import Person
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.sync.preview import expected_outcome
from tests.support.builders import person
from tests.support.harness import LEASE, THERE, Harness
from tests.support.kill_switch import Killed, KillSwitch
from tests.support.shared_group import SPONSOR, offer, registered, sponsored_harness
from tests.unit.rules.expected import mailbox
from tests.unit.rules.observer import origin_of

T = TypeVar("T")
PEOPLE = ("ada", "bob", "cyd", "dee")
names = st.sampled_from(PEOPLE)
lists = st.sets(st.sampled_from((EXHIBITOR_CONTACT.name, SPONSOR.name)))
scopes = st.sampled_from((ALL, EXHIBITORS, SPONSOR.scope))
emails = st.sampled_from(("", "", "x@example.org", "X@Example.org", "y@example.org"))
"""Of a person; empty for one that nobody else has."""


class SharedGroupMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.harness: Harness = sponsored_harness()
        self.people: dict[str, tuple[Person, set[str]]] = {}
        """Each person, and as what."""
        self.sent_before: set[str] = set()
        """Who was sent under a connection that has ended (rule 10)."""
        self.deleted: set[str] = set()
        """Who was sent, and then deleted by hand."""
        self.writes_seen = 0
        self.shared: set[str] = set()
        self.was_cut_off = False

    def teardown(self) -> None:
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(data=st.data())
    def open_the_fair(self, data: st.DataObject) -> None:
        self.mapping: EventMapping = self.do(self.harness.mapping())
        for name in PEOPLE:
            self.edit(name, data.draw(emails), data.draw(lists))

    @rule(name=names, email=emails, lists=lists)
    def edit(self, name: str, email: str, lists: set[str]) -> None:
        self.people[name] = (person(name, email=email or f"{name}@example.org"), lists)
        offer(
            self.harness,
            exhibitors=self._on(EXHIBITOR_CONTACT.name),
            sponsors=self._on(SPONSOR.name),
        )

    def _on(self, kind: str) -> tuple[Person, ...]:
        return tuple(person for person, kinds in self.people.values() if kind in kinds)

    @rule(scope=scopes)
    def sync(self, scope: Scope) -> None:
        self._sync(scope)

    @rule(lost=st.integers(1, 3), written=st.booleans(), scope=scopes)
    def sync_with_answers_lost(self, *, lost: int, written: bool, scope: Scope) -> None:
        faults = self.harness.gleanin.faults
        faults.lost_answers, faults.lost_are_written = lost, written
        self._sync(scope)
        faults.lost_answers = 0

    @rule(late=st.integers(1, 3), seconds=st.sampled_from((1, 15, 59)), scope=scopes)
    def sync_with_late_creates(self, late: int, seconds: int, scope: Scope) -> None:
        faults = self.harness.gleanin.faults
        faults.late_creates, faults.late_seconds = late, seconds
        self._sync(scope)
        faults.late_creates = 0

    @rule(
        scope=scopes,
        point=st.sampled_from(("write", "store")),
        number=st.integers(1, 6),
        taken_place=st.booleans(),
        late=st.booleans(),
    )
    def kill_a_sync(self, *, scope: Scope, point: str, number: int, taken_place: bool, late: bool) -> None:
        kill_switch, faults = KillSwitch(self.harness), self.harness.gleanin.faults
        kill_switch.fail_at(**{point: number}, taken_place=taken_place)
        faults.late_creates, faults.late_seconds = int(late), 30
        try:
            self.do(self.harness.sync(self.mapping, scope))
        except Killed:
            self.was_cut_off = True
        finally:
            kill_switch.restart(after=LEASE)
            faults.late_creates = 0

    @rule(choice=st.integers(0, 9))
    def delete_by_hand(self, choice: int) -> None:
        records = self.harness.gleanin.list_by_event(THERE)
        if records:
            record = records[choice % len(records)]
            self.deleted |= {name for _, name in filter(None, [origin_of(record)])}
            self.harness.gleanin.delete_by_hand(record.id)
            self.writes_seen = len(self.harness.gleanin.writes)
            # A deleted record may be created again at any time.
            self.harness.gleanin.posts = [
                post for post in self.harness.gleanin.posts if post[1] != record.external_id
            ]

    @rule()
    def disconnect_and_connect_again(self) -> None:
        self.harness.clock.advance(timedelta(minutes=5))
        self.sent_before |= self.deleted | {name for connection, name in self._origins() if connection}
        self.mapping = self.do(self.harness.reconnect_and_map(self.mapping))

    @rule()
    def everybody_is_there_once(self) -> None:
        """Sync all, and compare with what the rules say of everybody whose e-mail is nobody else's."""
        self._sync(ALL)
        plan = self.do(self.harness.preview(self.mapping.id))
        before = len(self.harness.gleanin.writes)
        outcomes = self._sync(ALL)
        assert len(self.harness.gleanin.writes) == before, "rule 21"
        assert {key: outcome.outcome for key, outcome in outcomes.items()} == {
            (step.record.kind.name, str(step.record.source_id)): expected_outcome(step) for step in plan.steps
        }, "the preview says the same"
        there = Counter(
            name for connection, name in self._origins() if connection == self.mapping.connection_id
        )
        assert set(there.values()) <= {1}, "rule 32"
        for name, (someone, kinds) in self.people.items():
            found = {outcomes[kind, name].outcome for kind in kinds}
            written = [outcome for outcome in found if outcome in SUCCEEDED]
            assert len(written) <= 1, "rule 44"
            if kinds and name not in self.sent_before and not self._has_conflict(someone):
                assert there[name] == 1, f"rule 32: {name} is missing: {outcomes}"
                owner = self._owner(name)
                others = {outcomes[kind, name] for kind in kinds if kind != owner}
                assert {each.reason.code for each in others} <= {"synced_as_another"}, "rule 44"
                if owner in kinds:
                    assert outcomes[owner, name].outcome is Outcome.UNCHANGED, outcomes

    def _sync(self, scope: Scope) -> dict[tuple[str, str], RecordOutcome]:
        run = self.do(self.harness.sync(self.mapping, scope))
        assert run.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_PROBLEMS), run.message
        _, outcomes = self.do(GetRunWithOutcomes(self.harness.units)(run.id))
        by_record = {(each.record.kind.name, str(each.record.source_id)): each for each in outcomes}
        assert len(by_record) == len(outcomes), "rule 26"
        return by_record

    def _origins(self) -> list[tuple[str, str]]:
        records = self.harness.gleanin.list_by_event(THERE)
        return [origin for record in records if (origin := origin_of(record))]

    def _owner(self, name: str) -> str:
        (record,) = (
            record
            for record in self.harness.gleanin.list_by_event(THERE)
            if origin_of(record) == (self.mapping.connection_id, name)
        )
        return record.kind.name

    def _has_conflict(self, someone: Person) -> bool:
        """Return whether another person or contact has the e-mail."""
        address = mailbox(someone.email)
        people = [other for other, _ in self.people.values() if mailbox(other.email) == address]
        contacts = [
            record
            for record in self.harness.gleanin.list_by_event(THERE)
            if mailbox(record.fields.get("email")) == address
            and (origin_of(record) or ("", ""))[1] != someone.id
        ]
        return len(people) > 1 or bool(contacts)

    @invariant()
    def rule_32_nothing_is_duplicated(self) -> None:
        assert self.harness.gleanin.duplicates == 0

    @invariant()
    def rule_32_no_create_is_repeated_too_early(self) -> None:
        latest: dict[str, Any] = {}
        for _, external_id, at in self.harness.gleanin.posts:
            earlier = latest.get(external_id)
            assert earlier is None or at - earlier >= self.harness.resend_after, external_id
            latest[external_id] = at

    @invariant()
    def rule_44_nothing_is_written_as_another_kind(self) -> None:
        for write in self.harness.gleanin.writes[self.writes_seen :]:
            record = self.harness.gleanin.records[write.destination_id]
            is_look_up = write.sent == (("email", record.fields["email"]),)
            assert write.kind == record.kind or is_look_up, write
        self.writes_seen = len(self.harness.gleanin.writes)

    @invariant()
    def rule_15_no_two_contacts_share_an_e_mail(self) -> None:
        """Check e-mails; a killed run may have sent the new one of one person, and not that of the other."""
        numbers = Counter(
            mailbox(record.fields.get("email")) for record in self.harness.gleanin.list_by_event(THERE)
        )
        shared = {str(address) for address, number in numbers.items() if number > 1}
        assert self.was_cut_off or shared <= self.shared, shared
        self.shared, self.was_cut_off = shared, False


@pytest.mark.parametrize(
    ("examples", "steps"), [(150, 20), pytest.param(1500, 40, marks=pytest.mark.long, id="long")]
)
def test_rule_44_holds_over_random_histories(examples: int, steps: int) -> None:
    search = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    with registered():
        run_state_machine_as_test(SharedGroupMachine, settings=search)
