"""Notifications and where they go, in tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts
from adapters.persistence.tables import notifications, recipients
from core.domain.ids import NotificationId, OrganizationId
from core.domain.notifications.notification import Channel, Delivery, Notification, Recipient
from core.domain.runs.health_change import HealthChange
from core.domain.tenancy.secrets import SealedToken

_OF_RECIPIENT = recipients.c.organization_id == sa.bindparam("of_organization")
_RECIPIENT = sa.select(recipients).where(_OF_RECIPIENT)
_SAVE = Upserts(recipients, ("channel", "address", "sealed_secret"))
_REMOVE = sa.delete(recipients).where(_OF_RECIPIENT)
_REMOVE_WAITING = sa.delete(notifications).where(
    notifications.c.organization_id == sa.bindparam("of_organization"),
    notifications.c.next_attempt_at.is_not(sa.null()),
)
_OF_ORGANIZATION = (
    sa.select(notifications)
    .where(notifications.c.organization_id == sa.bindparam("of_organization"))
    .order_by(notifications.c.position.desc())
    .limit(sa.bindparam("limit"))
)
_PROGRESS = ("state", "attempts", "next_attempt_at", "problem")
_UPDATE = (
    sa.update(notifications)
    .where(notifications.c.id == sa.bindparam("row_id"))
    .values({name: sa.bindparam(name) for name in _PROGRESS})
)
_ranked = (
    sa.select(
        notifications,
        sa.func.row_number()
        .over(
            partition_by=notifications.c.organization_id,
            order_by=(notifications.c.next_attempt_at, notifications.c.position),
        )
        .label("place"),
    )
    .where(notifications.c.next_attempt_at <= sa.bindparam("now"))
    .cte("ranked")
)
_DUE = (
    sa.select(_ranked)
    .where(_ranked.c.place <= sa.bindparam("max_per_organization"))
    .order_by(_ranked.c.next_attempt_at, _ranked.c.position)
    .limit(sa.bindparam("limit"))
)
_OLD = (
    sa.select(notifications.c.position)
    .where(
        notifications.c.changed_at < sa.bindparam("instant"), notifications.c.next_attempt_at.is_(sa.null())
    )
    .order_by(notifications.c.changed_at)
    .limit(sa.bindparam("limit"))
)
_FORGET = sa.delete(notifications).where(notifications.c.position.in_(_OLD))


class SqlRecipients:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def get(self, organization_id: OrganizationId) -> Recipient | None:
        params = {"of_organization": organization_id}
        row = await self._run(lambda database: database.execute(_RECIPIENT, params).first())
        if row is None:
            return None
        secret = SealedToken(row.sealed_secret) if row.sealed_secret is not None else None
        return Recipient(row.organization_id, Channel(row.channel), row.address, secret)

    async def save(self, recipient: Recipient) -> None:
        row = {
            "organization_id": recipient.organization_id,
            "channel": recipient.channel.value,
            "address": recipient.address,
            "sealed_secret": recipient.secret.value if recipient.secret else None,
        }

        def upsert(database: sa.Connection) -> None:
            check_organizations_exist(database, [recipient.organization_id])
            database.execute(_SAVE[database.dialect.name], row)

        await self._run(upsert)

    async def remove(self, organization_id: OrganizationId) -> None:
        params = {"of_organization": organization_id}

        def delete(database: sa.Connection) -> None:
            database.execute(_REMOVE_WAITING, params)
            database.execute(_REMOVE, params)

        await self._run(delete)


class SqlNotifications:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, notification: Notification) -> None:
        row = {
            "id": notification.id,
            "organization_id": notification.organization_id,
            "mapping_id": notification.mapping_id,
            "run_id": notification.run_id,
            "changed_at": notification.at,
            "change": notification.change.value,
            "sentence": notification.text,
            **_progress(notification),
        }

        def insert(database: sa.Connection) -> None:
            check_organizations_exist(database, [notification.organization_id])
            database.execute(notifications.insert(), row)

        await self._run(insert)

    async def update(self, notification: Notification) -> None:
        row = {"row_id": notification.id, **_progress(notification)}
        await self._run(lambda database: database.execute(_UPDATE, row))

    async def get(self, notification_id: NotificationId) -> Notification | None:
        query = sa.select(notifications).where(notifications.c.id == notification_id)
        row = await self._run(lambda database: database.execute(query).first())
        return None if row is None else _notification(row)

    async def list_due(self, now: datetime, max_per_organization: int, limit: int) -> Sequence[Notification]:
        return await self._all(
            _DUE, {"now": now, "max_per_organization": max_per_organization, "limit": limit}
        )

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 50
    ) -> Sequence[Notification]:
        return await self._all(_OF_ORGANIZATION, {"of_organization": organization_id, "limit": limit})

    async def remove_before(self, instant: datetime, limit: int) -> int:
        params = {"instant": instant, "limit": limit}
        return await self._run(lambda database: database.execute(_FORGET, params).rowcount)

    async def _all(
        self, query: sa.Select[*tuple[Any, ...]], params: dict[str, object]
    ) -> Sequence[Notification]:
        rows = await self._run(lambda database: database.execute(query, params).all())
        return [_notification(row) for row in rows]


def _progress(notification: Notification) -> dict[str, object]:
    return {
        "state": notification.state.value,
        "attempts": notification.attempts,
        "next_attempt_at": notification.next_attempt_at,
        "problem": notification.problem,
    }


def _notification(row: sa.Row[*tuple[Any, ...]]) -> Notification:
    return Notification(
        row.id,
        row.organization_id,
        row.mapping_id,
        row.run_id,
        row.changed_at,
        HealthChange(row.change),
        row.sentence,
        Delivery(row.state),
        row.attempts,
        row.next_attempt_at,
        row.problem,
    )
