"""What is looked up of organizations, mappings and runs."""

from core.domain.records.kinds import Scope
from core.usecases.mappings.show_health import GetHealth
from tests.unit.usecases.stage import ELSEWHERE, FAR, Stage

OF_ANOTHER = 201
"""Syncs; more than a page of History holds."""


async def test_the_last_sync_of_a_mapping_is_found_behind_many_of_another(stage: Stage) -> None:
    mapping = await stage.mapping()
    other = await stage.map(mapping.organization_id, ELSEWHERE, FAR)
    show = GetHealth(stage.units, stage.clock)
    assert (await show(mapping.organization_id)).last_runs == {}, "none has been synced yet"
    await stage.sync(mapping, Scope.EXHIBITORS)
    last = await stage.sync(mapping, Scope.AGENDA)
    of_other = [await stage.sync(other) for _ in range(OF_ANOTHER)]
    found = (await show(mapping.organization_id)).last_runs
    assert {key: run.id for key, run in found.items()} == {mapping.id: last.id, other.id: of_other[-1].id}
