"""The state that all actors share, and the steps with which they read it."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from adapters.memory.clock import ManualClock
from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from core.domain.ids import ConnectionId, MappingId, OrganizationId
from core.domain.records.kinds import AGENDA, ALL, EXHIBITORS
from core.domain.records.outcomes import RecordOutcome
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.queries import GetRunWithOutcomes
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.harness import ELSEWHERE, FAR, HERE, THERE, Harness
from tests.unit.rules.conference import START, Conference
from tests.unit.rules.observer import Observer

T = TypeVar("T")
ORGANIZATIONS = ("Acme", "Bolt")
source_events = st.sampled_from((HERE, HERE, HERE, ELSEWHERE))
destination_events = st.sampled_from((THERE, THERE, FAR))
organizations = st.sampled_from(("Acme", "Acme", "Acme", "Bolt"))
choices = st.integers(0, 99)
scopes = st.sampled_from((ALL, ALL, AGENDA, EXHIBITORS))
sync_after = st.booleans()
"""Whether a sync follows immediately: histories without syncs say little."""


class MachineState(RuleBasedStateMachine):
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
            # A database uses its own clock, by which hardly any time passes: no create is late there.
            self.harness.resend_after = timedelta(0)
        self.harness.gleanin.links_after_reads = 1
        self.observer = Observer(self.harness.gleanin)
        self.conference = Conference()
        self.organization_ids: dict[str, OrganizationId] = {}
        self.connection_ids: list[ConnectionId] = []
        self.mapping_ids: list[MappingId] = []
        self.was_cut_off = False
        """Whether the latest sync was interrupted, or did not write every record."""

    def teardown(self) -> None:
        if self.close is not None:
            self.close(self.harness.units)
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def mappings(self) -> list[EventMapping]:
        """Return the active mappings of all organizations."""
        list_mappings = ListMappings(self.harness.units)
        return [
            mapping
            for name in ORGANIZATIONS
            for mapping in self.do(list_mappings(self.organization_ids[name]))
        ]

    def pick_mapping(self, choice: int) -> EventMapping:
        mappings = self.mappings()
        return mappings[choice % len(mappings)]

    def owner_of(self, mapping: EventMapping) -> str:
        """Return the name of the organization that has the mapping."""
        (name,) = (name for name in ORGANIZATIONS if self.organization_ids[name] == mapping.organization_id)
        return name

    async def all_mappings(self) -> list[EventMapping]:
        """Return all mappings that were ever made, also removed ones."""
        async with self.harness.units.read() as unit:
            found = [await unit.mappings.get(mapping_id) for mapping_id in self.mapping_ids]
        return [mapping for mapping in found if mapping is not None]

    def outcomes_of(self, run: SyncRun) -> list[RecordOutcome]:
        return [*self.do(GetRunWithOutcomes(self.harness.units)(run.id))[1]]


def has_mappings(machine: MachineState) -> bool:
    return bool(machine.mappings())


def is_bound(mapping: EventMapping) -> bool:
    """Return whether something was written under the mapping and its connection is still open (rule 5)."""
    return mapping.written and not mapping.connection_ended
