"""Queries about organizations, mappings and runs."""

from core.domain.records.kinds import AGENDA, EXHIBITORS
from core.usecases.mappings.get_health import GetHealth
from tests.support.harness import ELSEWHERE, FAR, Harness

MANY = 201
"""Syncs of the other mapping: more than a page of the history holds."""


async def test_last_sync_of_a_mapping_is_found_behind_many_of_another(harness: Harness) -> None:
    mapping = await harness.mapping()
    other = await harness.map(mapping.organization_id, ELSEWHERE, FAR)
    get_health = GetHealth(harness.units, harness.clock)
    assert (await get_health(mapping.organization_id)).last_runs == {}, "nothing has been synced yet"
    await harness.sync(mapping, EXHIBITORS)
    last = await harness.sync(mapping, AGENDA)
    of_other = [await harness.sync(other) for _ in range(MANY)]
    found = (await get_health(mapping.organization_id)).last_runs
    assert {key: run.id for key, run in found.items()} == {mapping.id: last.id, other.id: of_other[-1].id}
