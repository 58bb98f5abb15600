"""The worker: it syncs while both systems work, fail, lag or return too little."""

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from core.domain.ids import SourceId, external_id
from core.domain.records.kinds import ALL, Scope
from core.domain.records.outcomes import RecordOutcome
from core.domain.runs.run import RunState
from core.usecases.sync.preview import Plan, expected_outcome
from tests.support.systems import SESSIONBOARD
from tests.unit.rules.actors.checked_sync import CheckedSync
from tests.unit.rules.actors.state import choices, has_mappings, scopes
from tests.unit.rules.checks import check_sums


class Worker(CheckedSync):
    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes)
    def sync_and_sync_again(self, choice: int, scope: Scope) -> None:
        mapping = self.pick_mapping(choice)
        run = self.sync_to_the_end(mapping, scope)
        written = len(self.harness.gleanin.writes)
        again = self.sync_to_the_end(mapping, run.scope)
        assert len(self.harness.gleanin.writes) == written, (
            f"rule 21: {self.harness.gleanin.writes[written:]}"
        )
        assert again.counts.read == run.counts.read, "rule 26"

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes)
    def preview_and_sync(self, choice: int, scope: Scope) -> None:
        mapping = self.pick_mapping(choice)
        written, stored = len(self.harness.gleanin.writes), self._stored()
        plan = self.do(self.harness.preview(mapping.id, scope))
        has_arrived = not self.harness.gleanin.coming
        assert len(self.harness.gleanin.writes) == written, "a preview writes nothing to Gleanin"
        assert self._stored() == stored, "a preview stores nothing"
        run = self.sync_to_the_end(mapping, scope)
        if run.scope == scope and has_arrived:
            assert _planned(plan) == _happened(self.outcomes_of(run)), "a preview shows what the sync does"

    def _stored(self) -> object:
        return (
            self.harness.units.store.copy()
            if isinstance(self.harness.units, InMemoryUnitOfWorkFactory)
            else None
        )

    @precondition(has_mappings)
    @rule(choice=choices, times=st.integers(1, 3))
    def see_to_a_due_mapping(self, choice: int, times: int) -> None:
        """Check a due mapping: without a new run, the previous outcomes are what a run would report (rule 24)."""
        mapping = self.pick_mapping(choice)
        for _ in range(times):
            self.sync_to_the_end(mapping, ALL, when_due=True)

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes, lost=st.integers(1, 3), written=st.booleans())
    def sync_with_answers_lost(self, choice: int, scope: Scope, lost: int, written: bool) -> None:
        trouble = self.harness.gleanin.faults
        trouble.lost_answers, trouble.lost_are_written = lost, written
        self.sync_to_the_end(self.pick_mapping(choice), scope)
        trouble.lost_answers = 0

    @precondition(has_mappings)
    @precondition(lambda self: self.harness.resend_after)
    @rule(choice=choices, scope=scopes, late=st.integers(1, 4), seconds=st.sampled_from((1, 12, 15, 40, 59)))
    def sync_with_creates_that_are_late(self, choice: int, scope: Scope, late: int, seconds: int) -> None:
        """Sync while creates time out and take place all the same (rule 32)."""
        trouble = self.harness.gleanin.faults
        trouble.late_creates, trouble.late_seconds = late, seconds
        self.sync_to_the_end(self.pick_mapping(choice), scope)
        trouble.late_creates = 0

    @precondition(has_mappings)
    @rule(choice=choices, sessions=st.integers(0, 3), exhibitors=st.integers(0, 2))
    def sync_with_a_short_reading(self, choice: int, sessions: int, exhibitors: int) -> None:
        """Sync while Sessionboard announces more records than it returns (rule 34)."""
        mapping = self.pick_mapping(choice)
        programme = self.harness.source.programmes[mapping.events.source_id]
        programme.missing_sessions, programme.missing_exhibitors = sessions, exhibitors
        self.was_cut_off = True
        run = self.do(self.harness.sync(mapping))
        programme.missing_sessions = programme.missing_exhibitors = 0
        outcomes = self.outcomes_of(run)
        check_sums(run, outcomes)
        if run.scope == ALL and (sessions or exhibitors):
            assert run.state is RunState.COMPLETED_WITH_PROBLEMS, "rule 34"
        incomplete = ({"session", "speaker"} if sessions else set()) | (
            {"exhibitor_contact"} if exhibitors else set()
        )
        gone = {
            outcome.record.kind.name for outcome in outcomes if outcome.reason.code == "not_in_sessionboard"
        }
        assert not gone & incomplete, f"rule 34: {outcomes}"
        self.check()

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes, record_id=st.sampled_from(("s1", "s2", "t1", "p1", "p2", "e1")))
    def sync_with_one_record_rejected(self, choice: int, scope: Scope, record_id: str) -> None:
        mapping, source_id = self.pick_mapping(choice), SourceId(record_id)
        rejected = self.harness.gleanin.faults.rejected
        rejected[external_id(SESSIONBOARD, mapping.connection_id, source_id)] = "No."
        self.sync_to_the_end(mapping, scope, source_id)
        rejected.clear()

    @precondition(has_mappings)
    @rule(choice=choices, scope=scopes, lag=st.integers(1, 3))
    def sync_while_lists_lag(self, choice: int, scope: Scope, lag: int) -> None:
        trouble, mapping = self.harness.gleanin.faults, self.pick_mapping(choice)
        if self.was_cut_off:
            # What a killed run sent is listed by the time its lease expires (decision 5).
            gleanin = self.harness.gleanin
            for record in (*gleanin.records.values(), *gleanin.coming):
                record.reads += lag
        trouble.late_reads = lag
        self.was_cut_off = True
        for _ in range(2):
            run = self.do(self.harness.sync(mapping, scope))
            check_sums(run, self.outcomes_of(run))
        trouble.late_reads = 0
        self.check()
        self.sync_to_the_end(mapping, scope)


def _planned(plan: Plan) -> dict[tuple[str, str], str]:
    return {
        (step.record.kind.name, step.record.source_id): expected_outcome(step).value for step in plan.steps
    }


def _happened(outcomes: Iterable[RecordOutcome]) -> dict[tuple[str, str], str]:
    return {
        (outcome.record.kind.name, outcome.record.source_id): outcome.outcome.value for outcome in outcomes
    }
