"""Notifications, and where they go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.domain.ids import (
    NotificationId,
    OrganizationId,
)
from core.domain.notifications.notification import Notification, Recipient


class Recipients(Protocol):
    """Where notices go: of each organization to one place at most."""

    async def get(self, organization_id: OrganizationId) -> Recipient | None: ...

    async def save(self, recipient: Recipient) -> None:
        """Insert or replace; what waits goes to the new one."""
        ...

    async def remove(self, organization_id: OrganizationId) -> None:
        """Take the recipient away, and the notices that still wait for it."""
        ...


class Notifications(Protocol):
    """The outbox: what is to be told stands here from the moment in which it has happened."""

    async def add(self, notice: Notification) -> None: ...

    async def update(self, notice: Notification) -> None:
        """Store how far its delivery has come; one that has gone with its recipient stays gone."""
        ...

    async def get(self, notice_id: NotificationId) -> Notification | None: ...

    async def due(self, now: datetime, most_per_organization: int, limit: int) -> Sequence[Notification]:
        """Give notices for which an attempt is due, the longest due first, at most so many of each organization."""
        ...

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 50
    ) -> Sequence[Notification]:
        """Give the organization's notices, newest first."""
        ...

    async def forget_before(self, instant: datetime, limit: int) -> int:
        """Take away notices of before that wait for nothing any more, at most so many; give how many went."""
        ...
