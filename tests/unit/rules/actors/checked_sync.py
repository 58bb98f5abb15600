"""A sync whose result is compared with what the rules expect of it."""

from core.domain.ids import SourceId
from core.domain.records.kinds import ALL, Scope
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.unit.rules.actors.invariants import Invariants
from tests.unit.rules.checks import build_expectation, check_completed, check_sums


class CheckedSync(Invariants):
    def sync_all(self, enabled: bool = True) -> None:
        for mapping in self.mappings() if enabled else ():
            self.sync_to_the_end(mapping, ALL)

    def sync_to_the_end(
        self,
        mapping: EventMapping,
        scope: Scope,
        rejected: SourceId | None = None,
        *,
        when_due: bool = False,
    ) -> SyncRun:
        """Sync a mapping, and check the run's outcomes and Gleanin's records.

        Args:
            rejected: the record that Gleanin does not accept.
            when_due: check the mapping as continuous sync does, instead of requesting a run.
        """
        expected = build_expectation(self.harness, self.observer, self.conference, mapping, rejected)
        known = {*self.harness.gleanin.records}
        run = self.do(self._check_due(mapping) if when_due else self.harness.sync(mapping, scope))
        expected = expected.excluding_late_creates(
            record for record in self.harness.gleanin.records.values() if record.id not in known
        )
        outcomes = self.outcomes_of(run)
        check_sums(run, outcomes)
        check_completed(
            self.harness,
            expected,
            run,
            {(outcome.record.kind.name, outcome.record.source_id): outcome for outcome in outcomes},
        )
        self.was_cut_off = rejected is not None
        self.check()
        return run

    async def _check_due(self, mapping: EventMapping) -> SyncRun:
        """Check a mapping, and return the new run, or the previous one where nothing has changed."""
        async with self.harness.units.read() as unit:
            has_open_runs = bool(await unit.runs.list_open(mapping.id))
        written = len(self.harness.gleanin.writes)
        # A run that was requested comes first.
        run = await self.harness.sync(mapping) if has_open_runs else await self.harness.check(mapping)
        if run is None:
            assert len(self.harness.gleanin.writes) == written, "a check writes nothing to Gleanin"
            async with self.harness.units.read() as unit:
                marker = await unit.unchanged_markers.get(mapping.id)
                assert marker is not None
                run = await unit.runs.get(marker.run_id)
        assert run is not None
        return run
