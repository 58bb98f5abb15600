"""Schedules of continuous sync, in a table."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts
from adapters.persistence.tables import IS_CONTINUOUS, connections, mappings, schedules
from core.domain.ids import ConnectionId, MappingId, OrganizationId
from core.domain.runs.fair_queue import ContinuousMapping, DueMapping
from core.domain.runs.schedule import Halt, Schedule
from core.domain.systems import ExternalSystem

_SCHEDULES = sa.select(schedules)
_OF_MAPPING = _SCHEDULES.where(schedules.c.mapping_id == sa.bindparam("of_mapping"))
_OF_CONNECTION = (
    _SCHEDULES.join(mappings, mappings.c.id == schedules.c.mapping_id)
    .where(mappings.c.connection_id == sa.bindparam("of_connection"))
    .order_by(mappings.c.position)
)
_OF_OPEN_CONNECTIONS = (
    sa.select(schedules, mappings.c.organization_id)
    .join(mappings, mappings.c.id == schedules.c.mapping_id)
    .where(~mappings.c.connection_ended)
    .order_by(mappings.c.position)
)
_HALT = (
    sa.select(schedules.c.halted_at, schedules.c.halted_by, schedules.c.halted_identifier)
    .join(mappings, mappings.c.id == schedules.c.mapping_id)
    .where(
        mappings.c.organization_id == sa.bindparam("of_organization"),
        ~mappings.c.connection_ended,
        schedules.c.halted_at.is_not(None),
    )
    .order_by(schedules.c.halted_at)
    .limit(1)
)
_DESTINATION = (
    sa.select(
        connections.c.destination,
        connections.c.destination_name,
        schedules.c.halted_at,
        schedules.c.halted_by,
        schedules.c.halted_identifier,
    )
    .outerjoin(mappings, sa.and_(mappings.c.connection_id == connections.c.id, ~mappings.c.connection_ended))
    .outerjoin(schedules, schedules.c.mapping_id == mappings.c.id)
    .where(
        connections.c.organization_id == sa.bindparam("of_organization"),
        connections.c.ended_at.is_(sa.null()),
    )
    .order_by(schedules.c.halted_at.is_(None), schedules.c.halted_at)
    .limit(1)
)
_UPSERTS = Upserts(
    schedules,
    (
        "due_at",
        "failures",
        "hinted_at",
        "failing_since",
        "halted_at",
        "halted_by",
        "halted_identifier",
        "last_checked_at",
    ),
)
_IS_HALTED = schedules.c.halted_at.is_not(None)


def _due() -> sa.Select[Any]:
    """Build the query for due mappings. Of mappings that are not due, it reads index entries at most."""
    is_ready = sa.and_(sa.text(IS_CONTINUOUS), mappings.c.settings_saved)
    columns = (mappings.c.id, mappings.c.position, mappings.c.organization_id)
    has_schedule = sa.exists().where(schedules.c.mapping_id == mappings.c.id)
    # Materialize it first: otherwise SQLite scans all mappings in the order of the ranking below.
    due = (
        sa.union_all(
            sa.select(*columns, schedules.c.due_at)
            .join(schedules, schedules.c.mapping_id == mappings.c.id)
            .where(schedules.c.due_at <= sa.bindparam("now"), ~_IS_HALTED, is_ready),
            sa.select(*columns, mappings.c.created_at.label("due_at")).where(is_ready, ~has_schedule),
        )
        .cte("due")
        .prefix_with("MATERIALIZED")
    )
    place = sa.func.row_number().over(
        partition_by=due.c.organization_id, order_by=(due.c.due_at, due.c.position)
    )
    ranked = sa.select(
        due.c.id, due.c.organization_id, due.c.due_at, due.c.position, place.label("place")
    ).cte("ranked")
    return (
        sa.select(ranked.c.id, ranked.c.organization_id, ranked.c.due_at)
        .where(ranked.c.place <= sa.bindparam("max_per_organization"))
        .order_by(ranked.c.due_at, ranked.c.position)
        .limit(sa.bindparam("limit"))
    )


DUE = _due()
_THIS = schedules.c.mapping_id == sa.bindparam("of_mapping")
_IS_OWNER = schedules.c.check_owner == sa.bindparam("owner")
_FREE = {"check_owner": None, "check_until": None}
_BEGIN_CHECK = (
    sa.update(schedules)
    .where(_THIS, sa.or_(schedules.c.check_owner.is_(None), schedules.c.check_until <= sa.bindparam("now")))
    .values(check_owner=sa.bindparam("owner"), check_until=sa.bindparam("until"))
)
_RENEW_CHECK = sa.update(schedules).where(_THIS, _IS_OWNER).values(check_until=sa.bindparam("until"))
_END_CHECK = sa.update(schedules).where(_THIS, _IS_OWNER).values(_FREE)
_END_ANY_CHECK = sa.update(schedules).where(_THIS, schedules.c.check_owner.is_not(None)).values(_FREE)


_CONTINUOUS = (
    sa.select(
        mappings.c.id,
        mappings.c.organization_id,
        sa.func.coalesce(schedules.c.due_at, mappings.c.created_at),
        ~mappings.c.settings_saved,
        schedules.c.failing_since.is_not(None),
        _IS_HALTED,
    )
    .outerjoin(schedules, schedules.c.mapping_id == mappings.c.id)
    .where(sa.text(IS_CONTINUOUS))
)


class SqlSchedules:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def get(self, mapping_id: MappingId) -> Schedule | None:
        params = {"of_mapping": mapping_id}
        row = await self._run(lambda database: database.execute(_OF_MAPPING, params).first())
        return None if row is None else _schedule(row)

    async def save(self, schedule: Schedule) -> None:
        row = {
            "mapping_id": schedule.mapping_id,
            "due_at": schedule.due_at,
            "failures": schedule.failures,
            "hinted_at": schedule.hinted_at,
            "failing_since": schedule.failing_since,
            "halted_at": schedule.halt.since if schedule.halt else None,
            "halted_by": schedule.halt.system if schedule.halt else None,
            "halted_identifier": schedule.halt.identifier if schedule.halt else None,
            "last_checked_at": schedule.last_checked_at,
        }
        await self._run(lambda database: database.execute(_UPSERTS[database.dialect.name], row))

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[Schedule]:
        params = {"of_connection": connection_id}
        rows = await self._run(lambda database: database.execute(_OF_CONNECTION, params).all())
        return [_schedule(row) for row in rows]

    async def list_for_open_connections(
        self, organization_id: OrganizationId | None = None
    ) -> Sequence[tuple[OrganizationId, Schedule]]:
        query = _OF_OPEN_CONNECTIONS
        if organization_id is not None:
            query = query.where(mappings.c.organization_id == organization_id)
        rows = await self._run(lambda database: database.execute(query).all())
        return [(row.organization_id, _schedule(row)) for row in rows]

    async def find_halt(self, organization_id: OrganizationId) -> Halt | None:
        params = {"of_organization": organization_id}
        row = await self._run(lambda database: database.execute(_HALT, params).first())
        return None if row is None else _halt(row)

    async def find_destination(
        self, organization_id: OrganizationId
    ) -> tuple[ExternalSystem, Halt | None] | None:
        params = {"of_organization": organization_id}
        row = await self._run(lambda database: database.execute(_DESTINATION, params).first())
        if row is None:
            return None
        return ExternalSystem(row.destination, row.destination_name), _halt(row)

    async def list_due(self, now: datetime, max_per_organization: int, limit: int) -> Sequence[DueMapping]:
        params = {"now": now, "max_per_organization": max_per_organization, "limit": limit}
        rows = await self._run(lambda database: database.execute(DUE, params).all())
        return [DueMapping(*row) for row in rows]

    async def begin_check(self, mapping_id: MappingId, owner: str, now: datetime, until: datetime) -> bool:
        return await self._changes(_BEGIN_CHECK, mapping_id, owner=owner, now=now, until=until)

    async def renew_check(self, mapping_id: MappingId, owner: str, until: datetime) -> bool:
        return await self._changes(_RENEW_CHECK, mapping_id, owner=owner, until=until)

    async def end_check(self, mapping_id: MappingId, owner: str | None = None) -> bool:
        if owner is None:
            return await self._changes(_END_ANY_CHECK, mapping_id)
        return await self._changes(_END_CHECK, mapping_id, owner=owner)

    async def _changes(self, statement: sa.Update, mapping_id: MappingId, **params: object) -> bool:
        values = {"of_mapping": mapping_id, **params}
        return await self._run(lambda database: database.execute(statement, values).rowcount > 0)

    async def list_continuous(self) -> Sequence[ContinuousMapping]:
        rows = await self._run(lambda database: database.execute(_CONTINUOUS).all())
        return [ContinuousMapping(*row) for row in rows]


def _schedule(row: sa.Row[*tuple[Any, ...]]) -> Schedule:
    halt = _halt(row)
    return Schedule(
        row.mapping_id, row.due_at, row.failures, row.failing_since, halt, row.hinted_at, row.last_checked_at
    )


def _halt(row: sa.Row[*tuple[Any, ...]]) -> Halt | None:
    if not row.halted_at:
        return None
    return Halt(row.halted_by or "", row.halted_at, row.halted_identifier or "")
