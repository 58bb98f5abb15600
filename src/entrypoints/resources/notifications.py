"""The recipient of an organization's notifications, and the latest of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from pydantic import Field

from core.domain.notifications.notification import Channel, Delivery, Notification, Recipient
from core.domain.runs.health_change import HealthChange
from core.domain.tenancy.secrets import Token
from entrypoints.resources.base import ResponseModel


class NotificationResponse(ResponseModel):
    id: str
    mapping_id: str
    run_id: str
    at: datetime
    change: HealthChange
    text: str
    state: Delivery
    attempts: int
    next_attempt_at: datetime | None
    problem: str | None = Field(description="Why the latest attempt failed; null if it did not")

    @classmethod
    def from_domain(cls, notification: Notification) -> Self:
        return cls(
            id=notification.id,
            mapping_id=notification.mapping_id,
            run_id=notification.run_id,
            at=notification.at,
            change=notification.change,
            text=notification.text,
            state=notification.state,
            attempts=notification.attempts,
            next_attempt_at=notification.next_attempt_at,
            problem=notification.problem or None,
        )


class NotificationsResponse(ResponseModel):
    channel: Channel | None = Field(description="Null if notifications are off")
    address: str | None
    latest: list[NotificationResponse]

    @classmethod
    def from_domain(cls, recipient: Recipient | None, latest: Iterable[Notification]) -> Self:
        return cls(
            channel=recipient.channel if recipient else None,
            address=recipient.address if recipient else None,
            latest=[NotificationResponse.from_domain(notification) for notification in latest],
        )


class ChosenRecipientResponse(ResponseModel):
    channel: Channel
    address: str
    secret: str | None = Field(description="Signs notifications to a webhook; it is shown only once")

    @classmethod
    def from_domain(cls, recipient: Recipient, secret: Token | None) -> Self:
        return cls(
            channel=recipient.channel,
            address=recipient.address,
            secret=secret.value if secret else None,
        )
