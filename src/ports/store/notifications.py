"""Notifications and their recipients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from core.domain.ids import (
    NotificationId,
    OrganizationId,
)
from core.domain.notifications.notification import Notification, Recipient


class Recipients(Protocol):
    """The recipients of notifications: at most one per organization."""

    async def get(self, organization_id: OrganizationId) -> Recipient | None: ...

    async def save(self, recipient: Recipient) -> None:
        """Insert or replace; pending notifications go to the new recipient."""
        ...

    async def remove(self, organization_id: OrganizationId) -> None:
        """Delete the recipient and its pending notifications."""
        ...


class Notifications(Protocol):
    """The outbox: a notification is stored with the event that it reports."""

    async def add(self, notification: Notification) -> None: ...

    async def update(self, notification: Notification) -> None:
        """Store the state of the delivery; a notification deleted with its recipient stays deleted."""
        ...

    async def get(self, notification_id: NotificationId) -> Notification | None: ...

    async def list_due(self, now: datetime, max_per_organization: int, limit: int) -> Sequence[Notification]:
        """List the notifications due for an attempt, longest due first, at most so many per organization."""
        ...

    async def list_by_organization(
        self, organization_id: OrganizationId, limit: int = 50
    ) -> Sequence[Notification]:
        """List the organization's notifications, newest first."""
        ...

    async def remove_before(self, instant: datetime, limit: int) -> int:
        """Delete at most `limit` finished notifications older than this; return how many were deleted."""
        ...
