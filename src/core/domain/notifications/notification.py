"""Notifications: an organization gets one when a mapping starts to fail, and one when it recovers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.backoff import backoff
from core.domain.email import MAX_EMAIL_LENGTH, is_plain_address
from core.domain.errors import InvalidInput
from core.domain.ids import MappingId, NotificationId, OrganizationId, RunId
from core.domain.runs.health_change import HealthChange
from core.domain.tenancy.secrets import SealedToken

EXPIRES_AFTER = timedelta(days=1)
FIRST_WAIT = timedelta(minutes=1)
"""Longer than any attempt takes, so that no other process starts the next one during it."""
MAX_WAIT = timedelta(hours=2)


class Channel(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"


class Delivery(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    EXPIRED = "given_up"


@dataclass(frozen=True, slots=True)
class Recipient:
    """The recipient of an organization's notifications."""

    organization_id: OrganizationId
    channel: Channel
    address: str
    """A URL or an e-mail address."""
    secret: SealedToken | None = None
    """The secret that a webhook's notifications are signed with."""

    def __post_init__(self) -> None:
        # Addresses are validated when they are chosen, not here: one stored before the rule grew stricter must not
        # prevent a run from ending. The notifier rejects an address that it cannot send to.
        if (self.channel is Channel.WEBHOOK) != (self.secret is not None):
            message = "a webhook must have a secret, and an e-mail must not"
            raise ValueError(message)

    @property
    def label(self) -> str:
        """Return the recipient's name in the audit log: only the host of a URL, because the rest may be secret."""
        if self.channel is Channel.EMAIL:
            return f"e-mail to {self.address}"
        return f"the webhook at {self.address.partition('://')[2].partition('/')[0].partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification and the state of its delivery."""

    id: NotificationId
    organization_id: OrganizationId
    mapping_id: MappingId
    run_id: RunId
    at: datetime
    change: HealthChange
    text: str
    """One or two sentences for people."""
    state: Delivery = Delivery.WAITING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    """None if there will be no further attempt."""
    problem: str = ""
    """Why the last attempt failed, in one sentence for the organization's admins."""

    def attempted(self, now: datetime) -> "Notification":
        """Record an attempt before it is made, and schedule the next one in case it fails."""
        attempts = self.attempts + 1
        return replace(self, attempts=attempts, next_attempt_at=now + backoff(FIRST_WAIT, attempts, MAX_WAIT))

    def failed(self, problem: str) -> "Notification":
        """Record why the attempt failed; the next one stays scheduled, because the problem may be fixed by then."""
        return replace(self, problem=problem)

    def delivered(self) -> "Notification":
        return replace(self, state=Delivery.DELIVERED, next_attempt_at=None, problem="")

    def is_expired(self, now: datetime) -> bool:
        """Check whether it is too late for another attempt; one that was never attempted does not expire."""
        return self.attempts > 0 and now >= self.at + EXPIRES_AFTER

    def expire(self) -> "Notification":
        return replace(self, state=Delivery.EXPIRED, next_attempt_at=None)


def check_email(address: str) -> str:
    """Return a recipient's e-mail address without surrounding space.

    Raises:
        InvalidInput: it is not a plain e-mail address, or could be more than one.
    """
    email = address.strip()
    if not is_plain_address(email):
        raise InvalidInput(
            f"Notifications cannot be sent to {email!r:.80}. Enter an e-mail address such as ops@example.org, with at "
            f"most {MAX_EMAIL_LENGTH} plain characters."
        )
    return email
