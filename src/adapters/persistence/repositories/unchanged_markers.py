"""Unchanged markers, in a table."""

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts
from adapters.persistence.tables import unchanged_markers
from core.domain.ids import MappingId
from core.domain.runs.unchanged_marker import UnchangedMarker

_OF_MAPPING = sa.select(unchanged_markers).where(unchanged_markers.c.mapping_id == sa.bindparam("of_mapping"))
_REMOVE = sa.delete(unchanged_markers).where(unchanged_markers.c.mapping_id == sa.bindparam("of_mapping"))
_UPSERTS = Upserts(unchanged_markers, ("run_id", "read_at", "verdict_at", "digest", "many"))


class SqlUnchangedMarkers:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def get(self, mapping_id: MappingId) -> UnchangedMarker | None:
        params = {"of_mapping": mapping_id}
        row = await self._run(lambda database: database.execute(_OF_MAPPING, params).first())
        return None if row is None else UnchangedMarker(*row)

    async def save(self, marker: UnchangedMarker) -> None:
        row = {
            "mapping_id": marker.mapping_id,
            "run_id": marker.run_id,
            "read_at": marker.read_at,
            "verdict_at": marker.next_transition_at,
            "digest": marker.digest,
            "many": marker.many,
        }
        await self._run(lambda database: database.execute(_UPSERTS[database.dialect.name], row))

    async def remove(self, mapping_id: MappingId) -> None:
        await self._run(lambda database: database.execute(_REMOVE, {"of_mapping": mapping_id}))
