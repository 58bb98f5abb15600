"""What stays true after every step."""

from collections.abc import Sequence

from hypothesis.stateful import invariant

from core.domain.records.outcomes import counted
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.organizations import Connection
from tests.support.assertions import present
from tests.unit.rules.actors.state import MachineState, is_bound


class Invariants(MachineState):
    @invariant()
    def check(self) -> None:
        self.observer.rule_22_nothing_is_removed_and_ties_only_grow()
        self.observer.rule_10_nothing_is_written_under_another_connection()
        self.observer.rule_18_nothing_lacks_a_required_field()
        self.observer.rule_19_foreign_contacts_are_unchanged()
        self.observer.rule_32_nothing_is_duplicated()
        self.observer.rule_32_no_create_is_repeated_too_early(self.harness.resend_after)
        self.observer.rule_15_no_two_contacts_share_a_mailbox(excused=self.was_cut_off)

    @invariant()
    def rule_03_at_most_one_connection_is_open(self) -> None:
        owners = [
            connection.organization_id for connection in self.do(self._connections()) if connection.is_open
        ]
        assert len(owners) == len(set(owners))

    async def _connections(self) -> Sequence[Connection]:
        async with self.harness.units.read() as unit:
            return [
                present(await unit.connections.get(connection_id)) for connection_id in self.connection_ids
            ]

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
        taken = [
            mapping.events
            for mapping in self.do(self.all_mappings())
            if mapping.is_active or is_bound(mapping)
        ]
        assert len({pair.source_id for pair in taken}) == len(taken), taken
        assert len({pair.destination_id for pair in taken}) == len(taken), taken

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
            return [[*await unit.runs.list_open(mapping_id)] for mapping_id in self.mapping_ids]
