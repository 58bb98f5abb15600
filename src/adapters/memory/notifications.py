"""Notices that are to be delivered, and to whom, in memory."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import NotificationId, OrganizationId
from core.domain.notifications.notification import Notification, Recipient


class InMemoryRecipients:
    def __init__(self, kept: InMemoryStore) -> None:
        self._rows = kept.recipients
        self._kept = kept

    async def get(self, organization_id: OrganizationId) -> Recipient | None:
        return self._rows.get(organization_id)

    async def save(self, recipient: Recipient) -> None:
        check(there=recipient.organization_id in self._kept.organizations)
        self._rows[recipient.organization_id] = recipient

    async def remove(self, organization_id: OrganizationId) -> None:
        self._rows.pop(organization_id, None)
        for row in [*self._kept.notifications.values()]:
            if row.organization_id == organization_id and row.next_attempt_at is not None:
                del self._kept.notifications[row.id]


class InMemoryNotifications:
    def __init__(self, kept: InMemoryStore) -> None:
        self._rows = kept.notifications
        self._kept = kept

    async def add(self, notice: Notification) -> None:
        check(there=notice.id not in self._rows and notice.mapping_id in self._kept.mappings)
        check(there=notice.organization_id in self._kept.organizations)
        self._rows[notice.id] = notice

    async def update(self, notice: Notification) -> None:
        row = self._rows.get(notice.id)
        if row is not None:
            self._rows[notice.id] = replace(
                row,
                state=notice.state,
                attempts=notice.attempts,
                next_attempt_at=notice.next_attempt_at,
                problem=notice.problem,
            )

    async def get(self, notice_id: NotificationId) -> Notification | None:
        return self._rows.get(notice_id)

    async def due(self, now: datetime, most_per_organization: int, limit: int) -> Sequence[Notification]:
        due = [
            (row.next_attempt_at, row)
            for row in self._rows.values()
            if row.next_attempt_at is not None and row.next_attempt_at <= now
        ]
        chosen, taken = list[Notification](), Counter[OrganizationId]()
        for _, row in sorted(due, key=lambda each: each[0]):
            taken[row.organization_id] += 1
            if taken[row.organization_id] <= most_per_organization:
                chosen.append(row)
        return chosen[:limit]

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 50
    ) -> Sequence[Notification]:
        newest_first = reversed(self._rows.values())
        return [row for row in newest_first if row.organization_id == organization_id][:limit]

    async def forget_before(self, instant: datetime, limit: int) -> int:
        old = [row for row in self._rows.values() if row.at < instant and row.next_attempt_at is None]
        for row in old[:limit]:
            del self._rows[row.id]
        return len(old[:limit])
