"""The rules as one state machine: whatever organizations, admins and crashes do, these sentences stay true."""

import asyncio
import copy
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from adapters.memory.clock import ManualClock
from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from core.domain.errors import AlreadyConnected, AlreadyMapped, BoundToAnother, NotConnected
from core.domain.ids import (
    ConnectionId,
    DestinationEventId,
    MappingId,
    OrganizationId,
    SourceEventId,
    SourceId,
    external_id,
)
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER, RecordKind, Scope
from core.domain.records.outcomes import RecordOutcome, counted
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping, EventPair, ExhibitorName, TracksFrom
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.sync.preview import Plan, would_be
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.harness import ELSEWHERE, FAR, HERE, LEASE, THERE, TOKEN, Harness, nothing
from tests.support.kill_switch import Killed, KillSwitch
from tests.unit.rules.conference import (
    CONTACTS,
    SESSIONS,
    SPEAKERS,
    START,
    Cast,
    Conference,
    casts,
    exhibitors,
    persons,
    sessions,
)
from tests.unit.rules.judging import expectation, judge_completed, judge_sums
from tests.unit.rules.observer import Observer, sent_as

T = TypeVar("T")
ORGANIZATIONS = ("Acme", "Bolt")
EVERYBODY = (*SPEAKERS, *(who for contacts in CONTACTS.values() for who in contacts))
events = st.sampled_from((HERE, HERE, HERE, ELSEWHERE))
gleanin_events = st.sampled_from((THERE, THERE, FAR))
organizations = st.sampled_from(("Acme", "Acme", "Acme", "Bolt"))
choices = st.integers(0, 99)
scopes = st.sampled_from((Scope.ALL, Scope.ALL, Scope.AGENDA, Scope.EXHIBITORS))
maybe = st.one_of(st.none(), st.booleans())
then = st.booleans()
"""Whether a sync follows at once: histories without syncs say little."""


class Histories(RuleBasedStateMachine):
    def __init__(
        self,
        new_units: Callable[[], UnitOfWorkFactory] = InMemoryUnitOfWorkFactory,
        close: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.close = close
        self.harness = Harness(units=new_units(), clock=ManualClock(START - timedelta(days=1)))
        if not isinstance(self.harness.units, InMemoryUnitOfWorkFactory):
            # By a database's own clock hardly any time passes: there, nothing is late.
            self.harness.resend_after = timedelta(0)
        self.harness.gleanin.links_after_reads = 1
        self.observer = Observer(self.harness.gleanin)
        self.conference = Conference()
        self.organization_ids: dict[str, OrganizationId] = {}
        self.connection_ids: list[ConnectionId] = []
        self.mapping_ids: list[MappingId] = []
        self.was_cut_off = False
        """The latest sync did not come to its end, or not with every record."""

    def teardown(self) -> None:
        if self.close is not None:
            self.close(self.harness.units)
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    # The scene

    @initialize(data=st.data())
    def open_the_conference(self, data: st.DataObject) -> None:
        """Begin where it becomes interesting: connected, mapped, and with something to sync."""
        for name in ORGANIZATIONS:
            self.organization_ids[name] = self.do(self.harness.organization(name)).id
        for who in EVERYBODY:
            self.conference.people[who] = data.draw(persons(who))
        self.conference.sessions[HERE] = {
            each: (data.draw(sessions(each)), data.draw(casts)) for each in SESSIONS[HERE]
        }
        self.conference.exhibitors[HERE] = {each: data.draw(exhibitors(each)) for each in CONTACTS}
        self.conference.publish(self.harness.source)
        self.connect("Acme")
        self.map("Acme", HERE, THERE)

    def mappings(self) -> list[EventMapping]:
        listed = ListMappings(self.harness.units)
        return [each for name in ORGANIZATIONS for each in self.do(listed(self.organization_ids[name]))]

    def has_mappings(self) -> bool:
        return bool(self.mappings())

    def one_of_mappings(self, choice: int) -> EventMapping:
        there = self.mappings()
        return there[choice % len(there)]

    def sync_all(self, wanted: bool = True) -> None:
        for mapping in self.mappings() if wanted else ():
            self._sync_to_the_end(mapping, Scope.ALL)

    # Sessionboard

    @rule(event=events, choice=choices, data=st.data(), cast=casts, then=then)
    def edit_session(
        self, event: SourceEventId, choice: int, data: st.DataObject, cast: Cast, then: bool
    ) -> None:
        session_id = SESSIONS[event][choice % len(SESSIONS[event])]
        former = self.conference.sessions[event].get(session_id)
        one = data.draw(sessions(session_id)) if former is None or data.draw(st.booleans()) else former[0]
        self.conference.sessions[event][session_id] = (one, cast)
        self.conference.publish(self.harness.source)
        self.sync_all(then)

    @rule(event=events, choice=choices, then=then)
    def delete_session(self, event: SourceEventId, choice: int, then: bool) -> None:
        self.conference.sessions[event].pop(SESSIONS[event][choice % len(SESSIONS[event])], None)
        self.conference.publish(self.harness.source)
        self.sync_all(then)

    @rule(who=st.sampled_from(EVERYBODY), data=st.data(), then=then)
    def edit_person(self, who: str, data: st.DataObject, then: bool) -> None:
        self.conference.people[who] = data.draw(persons(who))
        self.conference.publish(self.harness.source)
        self.sync_all(then)

    @rule(one=st.sampled_from(SPEAKERS), other=st.sampled_from(SPEAKERS), then=then)
    def swap_emails(self, one: str, other: str, then: bool) -> None:
        people = self.conference.people
        first, second = people[one].email, people[other].email
        people[one] = replace(people[one], email=second)
        people[other] = replace(people[other], email=first)
        self.conference.publish(self.harness.source)
        self.sync_all(then)

    @rule(event=events, which=st.sampled_from([*CONTACTS]), data=st.data(), then=then)
    def edit_exhibitor(self, event: SourceEventId, which: str, data: st.DataObject, then: bool) -> None:
        self.conference.exhibitors[event][which] = data.draw(exhibitors(which))
        self.conference.publish(self.harness.source)
        self.sync_all(then)

    @rule(event=events, which=st.sampled_from([*CONTACTS]), then=then)
    def delete_exhibitor(self, event: SourceEventId, which: str, then: bool) -> None:
        self.conference.exhibitors[event].pop(which, None)
        self.conference.publish(self.harness.source)
        self.sync_all(then)

    @rule(hours=st.integers(1, 40), then=then)
    def time_passes(self, hours: int, then: bool) -> None:
        self.harness.clock.advance(timedelta(hours=hours))
        self.sync_all(then)

    # Gleanin, by hand

    @precondition(lambda self: self.harness.gleanin.records)
    @rule(choice=choices, then=then)
    def admin_deletes(self, choice: int, then: bool) -> None:
        records = [*self.harness.gleanin.records.values()]
        record = records[choice % len(records)]
        self.observer.delete_by_hand(
            record, recorded=self.do(self._is_recorded(record.event_id, record.kind, sent_as(record)))
        )
        self.sync_all(then)

    async def _is_recorded(
        self, event: DestinationEventId, kind: RecordKind, sent: tuple[str, str] | None
    ) -> bool:
        async with self.harness.units.read() as unit:
            for organization_id in self.organization_ids.values():
                for place in await unit.synced.places(organization_id, event, kind):
                    if sent == (place.connection_id, place.source_id):
                        return True
        return False

    @rule(
        event=gleanin_events,
        kind=st.sampled_from((SPEAKER, EXHIBITOR_CONTACT)),
        email=st.sampled_from(("A@example.org", "c@example.org", "p1@example.org", "e1@example.org")),
    )
    def admin_adds_a_contact(self, event: DestinationEventId, kind: RecordKind, email: str) -> None:
        record = self.harness.gleanin.add_record(event, kind, {"email": email, "company_name": "Own work"})
        self.observer.foreign[record.id] = copy.deepcopy(dict(record.fields))

    # What organizers do

    @rule(name=organizations)
    def connect(self, name: str) -> None:
        had_one = self.do(self._open_connection(name))
        try:
            connection = self.do(self.harness.connect(self.organization_ids[name], TOKEN))
        except AlreadyConnected:
            assert had_one, "rule 3"
        else:
            assert not had_one, "rule 3"
            assert connection.id not in self.connection_ids, "a connection is never opened again"
            self.connection_ids.append(connection.id)
            self.observer.organization_of[connection.id] = connection.organization_id

    async def _open_connection(self, name: str) -> str | None:
        async with self.harness.units.read() as unit:
            connection = await unit.connections.get_open(self.organization_ids[name])
        return connection.id if connection else None

    def _owner_of(self, mapping: EventMapping) -> str:
        (name,) = (each for each in ORGANIZATIONS if self.organization_ids[each] == mapping.organization_id)
        return name

    @rule(name=organizations)
    def disconnect(self, name: str) -> None:
        try:
            ended = self.do(self.harness.disconnect(self.organization_ids[name], name))
        except NotConnected:
            return
        assert ended.token is None, "rule 8"
        assert not self.do(ListMappings(self.harness.units)(self.organization_ids[name])), "rule 8"

    @rule(name=organizations, event=events, there=gleanin_events)
    def map(self, name: str, event: SourceEventId, there: DestinationEventId) -> None:
        open_connection = self.do(self._open_connection(name))
        former = self.do(self._all_mappings())
        holding = [each for each in former if each.removed_at is None or self._is_bound(each)]
        email_conflicts = [
            each
            for each in holding
            if each.events.sessionboard_id == event or each.events.gleanin_id == there
        ]
        same_pair = [
            each
            for each in email_conflicts
            if (each.events.sessionboard_id, each.events.gleanin_id) == (event, there)
            and each.removed_at is not None
            and each.connection_id == open_connection
        ]
        try:
            mapping = self.do(self.harness.map(self.organization_ids[name], event, there))
        except NotConnected:
            assert open_connection is None
        except (AlreadyMapped, BoundToAnother):
            assert email_conflicts != same_pair, "rule 5: what is free, or bound to each other, can be mapped"
        else:
            assert email_conflicts == same_pair, (
                f"rules 4 and 5: {email_conflicts} hold the events of {mapping}"
            )
            assert [each.id for each in same_pair] in ([], [mapping.id]), "rule 5: it goes on"
            self.mapping_ids = [*dict.fromkeys((*self.mapping_ids, mapping.id))]

    def _is_bound(self, mapping: EventMapping) -> bool:
        """Tell whether something was written under a mapping whose connection lasts."""
        return mapping.written and not mapping.connection_ended

    async def _all_mappings(self) -> list[EventMapping]:
        async with self.harness.units.read() as unit:
            found = [await unit.mappings.get(each) for each in self.mapping_ids]
        return [each for each in found if each is not None]

    @precondition(has_mappings)
    @rule(choice=choices, there=gleanin_events, then=then)
    def connect_anew(self, choice: int, there: DestinationEventId, then: bool) -> None:
        """Disconnect, connect again, and map the event that was mapped before."""
        mapping = self.one_of_mappings(choice)
        name = self._owner_of(mapping)
        self.disconnect(name)
        self.connect(name)
        self.map(name, mapping.events.sessionboard_id, there)
        self.sync_all(then)

    @precondition(has_mappings)
    @rule(choice=choices, there=gleanin_events, then=then)
    def map_anew(self, choice: int, there: DestinationEventId, then: bool) -> None:
        """Remove a mapping, and try to map the event again."""
        mapping = self.one_of_mappings(choice)
        name = self._owner_of(mapping)
        self.do(self.harness.remove_mapping(mapping.id))
        self.map(name, mapping.events.sessionboard_id, there)
        self.sync_all(then)

    @precondition(has_mappings)
    @rule(choice=choices)
    def remove_mapping(self, choice: int) -> None:
        self.do(self.harness.remove_mapping(self.one_of_mappings(choice).id))

    @precondition(has_mappings)
    @rule(
        choice=choices,
        tracks=st.sampled_from((None, *TracksFrom)),
        chairpersons=maybe,
        moderators=maybe,
        exhibitor_name=st.sampled_from((None, *ExhibitorName)),
    )
    def change_settings(self, choice: int, **settings: Any) -> None:
        self.do(self.harness.change_settings(SettingsChange(self.one_of_mappings(choice).id, **settings)))

    # Syncs

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes)
    def sync_and_sync_again(self, choice: int, scope: Scope) -> None:
        mapping = self.one_of_mappings(choice)
        run = self._sync_to_the_end(mapping, scope)
        written = len(self.harness.gleanin.writes)
        again = self._sync_to_the_end(mapping, run.scope)
        assert len(self.harness.gleanin.writes) == written, (
            f"rule 21: {self.harness.gleanin.writes[written:]}"
        )
        assert again.counts.read == run.counts.read, "rule 26"

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes, lost=st.integers(1, 3), written=st.booleans())
    def sync_with_answers_lost(self, choice: int, scope: Scope, lost: int, written: bool) -> None:
        trouble = self.harness.gleanin.trouble
        trouble.lost_answers, trouble.lost_are_written = lost, written
        self._sync_to_the_end(self.one_of_mappings(choice), scope)
        trouble.lost_answers = 0

    @precondition(has_mappings)
    @precondition(lambda self: self.harness.resend_after)
    @rule(choice=choices, scope=scopes, late=st.integers(1, 4), seconds=st.sampled_from((1, 12, 15, 40, 59)))
    def sync_with_creates_that_are_late(self, choice: int, scope: Scope, late: int, seconds: int) -> None:
        """No answer comes in time, and the create takes place all the same (rule 32)."""
        trouble = self.harness.gleanin.trouble
        trouble.late_creates, trouble.late_seconds = late, seconds
        self._sync_to_the_end(self.one_of_mappings(choice), scope)
        trouble.late_creates = 0

    @precondition(has_mappings)
    @rule(choice=choices, sessions=st.integers(0, 3), exhibitors=st.integers(0, 2))
    def sync_with_a_short_reading(self, choice: int, sessions: int, exhibitors: int) -> None:
        """Sessionboard announces more than it gives (rule 34)."""
        mapping = self.one_of_mappings(choice)
        programme = self.harness.source.programmes[mapping.events.sessionboard_id]
        programme.missing_sessions, programme.missing_exhibitors = sessions, exhibitors
        self.was_cut_off = True
        run = self.do(self.harness.sync(mapping))
        programme.missing_sessions = programme.missing_exhibitors = 0
        told = self._told(run)
        judge_sums(run, told)
        if run.scope is Scope.ALL and (sessions or exhibitors):
            assert run.state is RunState.COMPLETED_WITH_PROBLEMS, "rule 34"
        short = ({"session", "speaker"} if sessions else set()) | (
            {"exhibitor_contact"} if exhibitors else set()
        )
        gone = {each.record.kind.name for each in told if each.reason.code == "not_in_sessionboard"}
        assert not gone & short, f"rule 34: {told}"
        self.check()

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes, whom=st.sampled_from(("s1", "s2", "t1", "p1", "p2", "e1")))
    def sync_with_one_record_rejected(self, choice: int, scope: Scope, whom: str) -> None:
        mapping, source_id = self.one_of_mappings(choice), SourceId(whom)
        rejected = self.harness.gleanin.trouble.rejected
        rejected[external_id(mapping.connection_id, source_id)] = "No."
        self._sync_to_the_end(mapping, scope, source_id)
        rejected.clear()

    @precondition(has_mappings)
    @rule(choice=choices, times=st.integers(1, 3))
    def see_to_a_due_mapping(self, choice: int, times: int) -> None:
        """Check it: where that comes to no run, the former one's outcomes are what a run would tell (rule 24)."""
        mapping = self.one_of_mappings(choice)
        for _ in range(times):
            self._sync_to_the_end(mapping, Scope.ALL, by_itself=True)

    async def _seen_to(self, mapping: EventMapping) -> SyncRun:
        async with self.harness.units.read() as unit:
            has_open_runs = bool(await unit.runs.list_open(mapping.id))
        written = len(self.harness.gleanin.writes)
        # A run that somebody waits for comes first.
        run = await self.harness.sync(mapping) if has_open_runs else await self.harness.check(mapping)
        if run is None:
            assert len(self.harness.gleanin.writes) == written, "a check writes nothing to Gleanin"
            async with self.harness.units.read() as unit:
                checkpoint = await unit.unchanged_markers.get(mapping.id)
                assert checkpoint is not None
                run = await unit.runs.get(checkpoint.run_id)
        assert run is not None
        return run

    def _sync_to_the_end(
        self,
        mapping: EventMapping,
        scope: Scope,
        rejected: SourceId | None = None,
        *,
        by_itself: bool = False,
    ) -> SyncRun:
        expected = expectation(self.harness, self.observer, self.conference, mapping, rejected)
        known = {*self.harness.gleanin.records}
        run = self.do(self._seen_to(mapping) if by_itself else self.harness.sync(mapping, scope))
        expected = expected.with_landed(
            record for record in self.harness.gleanin.records.values() if record.id not in known
        )
        told = self._told(run)
        judge_sums(run, told)
        judge_completed(
            self.harness,
            expected,
            run,
            {(each.record.kind.name, each.record.source_id): each for each in told},
        )
        self.was_cut_off = rejected is not None
        self.check()
        return run

    def _told(self, run: SyncRun) -> list[RecordOutcome]:
        return [*self.do(GetRunWithOutcomes(self.harness.units)(run.id))[1]]

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes)
    def preview_and_sync(self, choice: int, scope: Scope) -> None:
        mapping = self.one_of_mappings(choice)
        written, kept = len(self.harness.gleanin.writes), self._kept()
        plan = self.do(self.harness.preview(mapping.id, scope))
        is_all_there = not self.harness.gleanin.coming
        assert len(self.harness.gleanin.writes) == written, "a preview writes nothing to Gleanin"
        assert self._kept() == kept, "a preview stores nothing"
        run = self._sync_to_the_end(mapping, scope)
        if run.scope == scope and is_all_there:
            assert _predicted(plan) == _came(self._told(run)), "a preview tells what will come"

    def _kept(self) -> object:
        return (
            self.harness.units.kept.copy()
            if isinstance(self.harness.units, InMemoryUnitOfWorkFactory)
            else None
        )

    @precondition(has_mappings)
    @rule(
        choice=choices,
        scope=scopes,
        moment=st.one_of(
            st.fixed_dictionaries({"write": st.integers(1, 8)}),
            st.fixed_dictionaries({"store": st.integers(1, 8)}),
        ),
        taken_place=st.booleans(),
        edited=st.lists(st.sampled_from(EVERYBODY), max_size=2),
        late=st.sampled_from((0, 0, 1)),
        data=st.data(),
        then=st.sampled_from(("sync", "sync", "nothing", "remove the mapping", "disconnect", "connect anew")),
        lease_runs_out=st.booleans(),
    )
    def kill_a_sync(
        self,
        *,
        choice: int,
        scope: Scope,
        moment: dict[str, int],
        taken_place: bool,
        edited: list[str],
        late: int,
        data: st.DataObject,
        then: str,
        lease_runs_out: bool,
    ) -> None:
        self.conference.people |= {who: data.draw(persons(who)) for who in edited}
        self.conference.publish(self.harness.source)
        mapping, kill_switch, trouble = (
            self.one_of_mappings(choice),
            KillSwitch(self.harness),
            self.harness.gleanin.trouble,
        )
        kill_switch.fail_at(**moment, taken_place=taken_place)
        trouble.late_creates, trouble.late_seconds = (late if self.harness.resend_after else 0), 30
        self.was_cut_off = True
        try:
            self.do(self.harness.sync(mapping, scope))
        except Killed:
            pass
        finally:
            kill_switch.back(after=LEASE if lease_runs_out else timedelta(0))
            trouble.late_creates = 0
        self.check()
        if then == "remove the mapping":
            self.do(self.harness.remove_mapping(mapping.id))
        elif then == "disconnect":
            self.disconnect(self._owner_of(mapping))
        elif then == "connect anew":
            self.connect_anew(choice, mapping.events.gleanin_id, then=True)
        self.sync_all(then == "sync")

    @precondition(has_mappings)
    @rule(choice=choices, write=st.integers(1, 4), who=st.sampled_from(EVERYBODY), data=st.data())
    def kill_a_sync_and_take_the_edit_back(
        self, *, choice: int, write: int, who: str, data: st.DataObject
    ) -> None:
        """See that what landed and was never noted does not pass for what was there before (rule 21)."""
        mapping = self.one_of_mappings(choice)
        self._sync_to_the_end(mapping, Scope.ALL)
        before = self.conference.people[who]
        self.conference.people |= {who: data.draw(persons(who))}
        self.conference.publish(self.harness.source)
        kill_switch = KillSwitch(self.harness)
        kill_switch.fail_at(write=write, taken_place=True)
        self.was_cut_off = True
        try:
            self.do(self.harness.sync(mapping))
        except Killed:
            pass
        finally:
            kill_switch.back()
        self.conference.people |= {who: before}
        self.conference.publish(self.harness.source)
        self._sync_to_the_end(mapping, Scope.ALL)

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes, lag=st.integers(1, 3))
    def sync_while_lists_lag(self, choice: int, scope: Scope, lag: int) -> None:
        trouble, mapping = self.harness.gleanin.trouble, self.one_of_mappings(choice)
        if (
            self.was_cut_off
        ):  # what a killed run sent is listed by the time its lease has run out (decision 5)
            gleanin = self.harness.gleanin
            for record in (*gleanin.records.values(), *gleanin.coming):
                record.reads += lag
        trouble.late_reads = lag
        self.was_cut_off = True
        for _ in range(2):
            judge_sums(run := self.do(self.harness.sync(mapping, scope)), self._told(run))
        trouble.late_reads = 0
        self.check()
        self._sync_to_the_end(mapping, scope)

    @precondition(has_mappings)
    @rule(choice=choices, after=st.integers(0, 6), disconnects=st.booleans())
    def interfere_with_a_sync(self, choice: int, after: int, disconnects: bool) -> None:
        """Disconnect, or remove the mapping, while a sync runs."""
        mapping = self.one_of_mappings(choice)
        self.was_cut_off = True
        run, written = self.do(self._interfered(mapping, after, disconnects=disconnects))
        judge_sums(run, self._told(run))
        if disconnects and written is not None:
            assert len(self.harness.gleanin.writes) == written, "rule 8"

    async def _interfered(
        self, mapping: EventMapping, after: int, *, disconnects: bool
    ) -> tuple[SyncRun, int | None]:
        left = after
        interference: list[asyncio.Task[int]] = []

        async def interfere() -> int:
            if disconnects:
                await self.harness.disconnect(mapping.organization_id, self._owner_of(mapping))
            else:
                await self.harness.remove_mapping(mapping.id)
            return len(self.harness.gleanin.writes)

        async def pass_by() -> None:
            nonlocal left
            if left == 0:
                interference.append(asyncio.create_task(interfere()))
            left -= 1

        self.harness.gate.pass_by = pass_by
        try:
            run = await self.harness.sync(mapping)
        finally:
            self.harness.gate.pass_by = nothing
        return run, await interference[0] if interference else None

    # What stays true

    @invariant()
    def check(self) -> None:
        self.observer.rule_22_nothing_is_removed_and_ties_only_grow()
        self.observer.rule_10_nothing_is_written_under_another_connection()
        self.observer.rule_18_nothing_lacks_a_required_field()
        self.observer.rule_19_foreign_contacts_are_as_they_were()
        self.observer.rule_32_nothing_is_doubled()
        self.observer.rule_32_no_create_is_repeated_too_early(self.harness.resend_after)
        self.observer.rule_15_nobody_shares_a_mailbox(excused=self.was_cut_off)

    @invariant()
    def rule_03_at_most_one_connection_is_open(self) -> None:
        connections = self.do(self._connections())
        list_open = [each.organization_id for each in connections if each.is_open]
        assert len(list_open) == len(set(list_open))

    async def _connections(self) -> list[Any]:
        async with self.harness.units.read() as unit:
            return [await unit.connections.get(each) for each in self.connection_ids]

    @invariant()
    def rule_26_the_counts_of_every_ended_run_equal_its_stored_outcomes(self) -> None:
        self.do(self._check_counts())

    async def _check_counts(self) -> None:
        async with self.harness.units.read() as unit:
            for mapping_id in self.mapping_ids:
                for run in await unit.runs.list_by_mapping(mapping_id, 3):
                    stored = counted(await unit.outcomes.list_by_run(run.id))
                    assert run.is_open or run.counts == stored, f"rule 26: {run}"

    @invariant()
    def rules_04_and_05_mappings_are_one_to_one(self) -> None:
        held = [
            each.events for each in self.do(self._all_mappings()) if each.is_active or self._is_bound(each)
        ]
        for side in (_ours, _theirs):
            assert len({side(each) for each in held}) == len(held), held

    @invariant()
    def rule_23_one_run_at_a_time(self) -> None:
        for runs in self.do(self._open_runs()):
            assert [run.state for run in runs] in (
                [],
                [RunState.QUEUED],
                [RunState.RUNNING],
                [RunState.RUNNING, RunState.QUEUED],
            )

    async def _open_runs(self) -> list[list[SyncRun]]:
        async with self.harness.units.read() as unit:
            return [[*await unit.runs.list_open(each)] for each in self.mapping_ids]


def _ours(pair: EventPair) -> str:
    return pair.sessionboard_id


def _theirs(pair: EventPair) -> str:
    return pair.gleanin_id


def _predicted(plan: Plan) -> dict[tuple[str, str], str]:
    return {(step.record.kind.name, step.record.source_id): would_be(step).value for step in plan.steps}


def _came(told: list[RecordOutcome]) -> dict[tuple[str, str], str]:
    return {(each.record.kind.name, each.record.source_id): each.outcome.value for each in told}
