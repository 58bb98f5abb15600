"""Notifications and where they go, in memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import NotificationId, OrganizationId
from core.domain.notifications.notification import Notification, Recipient


class InMemoryRecipients:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.recipients
        self._store = store

    async def get(self, organization_id: OrganizationId) -> Recipient | None:
        return self._rows.get(organization_id)

    async def save(self, recipient: Recipient) -> None:
        check(holds=recipient.organization_id in self._store.organizations)
        self._rows[recipient.organization_id] = recipient

    async def remove(self, organization_id: OrganizationId) -> None:
        self._rows.pop(organization_id, None)
        for row in [*self._store.notifications.values()]:
            if row.organization_id == organization_id and row.next_attempt_at is not None:
                del self._store.notifications[row.id]


class InMemoryNotifications:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.notifications
        self._store = store

    async def add(self, notification: Notification) -> None:
        check(holds=notification.id not in self._rows and notification.mapping_id in self._store.mappings)
        check(holds=notification.organization_id in self._store.organizations)
        self._rows[notification.id] = notification

    async def update(self, notification: Notification) -> None:
        row = self._rows.get(notification.id)
        if row is not None:
            self._rows[notification.id] = replace(
                row,
                state=notification.state,
                attempts=notification.attempts,
                next_attempt_at=notification.next_attempt_at,
                problem=notification.problem,
            )

    async def get(self, notification_id: NotificationId) -> Notification | None:
        return self._rows.get(notification_id)

    async def list_due(self, now: datetime, max_per_organization: int, limit: int) -> Sequence[Notification]:
        due = [
            (row.next_attempt_at, row)
            for row in self._rows.values()
            if row.next_attempt_at is not None and row.next_attempt_at <= now
        ]
        chosen, counts = list[Notification](), Counter[OrganizationId]()
        for _, row in sorted(due, key=lambda pair: pair[0]):
            counts[row.organization_id] += 1
            if counts[row.organization_id] <= max_per_organization:
                chosen.append(row)
        return chosen[:limit]

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 50
    ) -> Sequence[Notification]:
        newest_first = reversed(self._rows.values())
        return [row for row in newest_first if row.organization_id == organization_id][:limit]

    async def remove_before(self, instant: datetime, limit: int) -> int:
        old = [row for row in self._rows.values() if row.at < instant and row.next_attempt_at is None]
        for row in old[:limit]:
            del self._rows[row.id]
        return len(old[:limit])
