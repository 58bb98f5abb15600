"""The audit log, in a table."""

from collections.abc import Sequence

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.tables import audit_entries as table
from core.domain.access.audit import Action, AuditEntry
from core.domain.ids import OrganizationId

_ENTRIES = sa.select(
    table.c.done_at,
    table.c.done_by,
    table.c.action,
    table.c.organization_id,
    table.c.what,
    table.c.position,
    table.c.detail,
).order_by(table.c.position.desc())


class SqlAuditLog:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, entry: AuditEntry) -> None:
        row = {
            "done_at": entry.at,
            "done_by": entry.by,
            "action": entry.action.value,
            "organization_id": entry.organization_id,
            "what": entry.what,
            "detail": entry.detail,
        }
        await self._run(lambda database: database.execute(table.insert(), row))

    async def page(
        self, organization_id: OrganizationId | None, before: int | None = None, limit: int = 50
    ) -> Sequence[AuditEntry]:
        statement = _ENTRIES.limit(limit)
        if organization_id is not None:
            statement = statement.where(table.c.organization_id == organization_id)
        if before is not None:
            statement = statement.where(table.c.position < before)
        rows = await self._run(lambda database: database.execute(statement).all())
        return [
            AuditEntry(at, by, Action(action), of, what, position, detail)
            for at, by, action, of, what, position, detail in rows
        ]
