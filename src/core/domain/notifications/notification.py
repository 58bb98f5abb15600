"""Notices: what an organization is told, once, when a mapping starts to fail and when it has recovered."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.backoff import backoff
from core.domain.email import LONGEST_EMAIL
from core.domain.errors import InvalidInput
from core.domain.ids import MappingId, NotificationId, OrganizationId, RunId
from core.domain.runs.health_change import HealthChange
from core.domain.tenancy.secrets import SealedToken

EXPIRES_AFTER = timedelta(days=1)
FIRST_WAIT = timedelta(minutes=1)
"""Longer than any attempt lasts, so that no other process begins the next one meanwhile."""
LONGEST_WAIT = timedelta(hours=2)
_LONGEST_LOCAL = 64
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"(?P<local>{_ATOM}(\.{_ATOM})*)@{_LABEL}(\.{_LABEL})*")
"""What goes into a header of an e-mail as it is: RFC 5322's dot-atom at a host's name."""


class Channel(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"


class Delivery(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where an organization's notices go."""

    organization_id: OrganizationId
    channel: Channel
    address: str
    """A URL, or an e-mail."""
    secret: SealedToken | None = None
    """What a webhook's notices are signed with."""

    def __post_init__(self) -> None:
        # What an address may be is judged when it is chosen: a stored one, from before the rule grew stricter, must
        # not keep a run from ending. Whoever delivers refuses what it cannot send to.
        if (self.channel is Channel.WEBHOOK) != (self.secret is not None):
            message = "a webhook's notices are signed, and no others"
            raise ValueError(message)

    @property
    def label(self) -> str:
        """As the audit log calls it: of a webhook's URL the host only, for the rest of it may be a secret."""
        if self.channel is Channel.EMAIL:
            return f"e-mail to {self.address}"
        return f"the webhook at {self.address.partition('://')[2].partition('/')[0].partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Notification:
    """What is to be told, and how far its delivery has come."""

    id: NotificationId
    organization_id: OrganizationId
    mapping_id: MappingId
    run_id: RunId
    at: datetime
    change: HealthChange
    text: str
    """A sentence or two for people."""
    state: Delivery = Delivery.WAITING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    """None once nothing is to be tried any more."""
    problem: str = ""
    """Why the latest attempt failed, in one sentence for its admins."""

    def attempted(self, now: datetime) -> "Notification":
        """Note an attempt that is about to be made; if nothing more is noted, there is another one after a wait."""
        attempts = self.attempts + 1
        return replace(
            self, attempts=attempts, next_attempt_at=now + backoff(FIRST_WAIT, attempts, LONGEST_WAIT)
        )

    def failed(self, problem: str) -> "Notification":
        """Note what the attempt met; there is another one all the same, for somebody may see to it."""
        return replace(self, problem=problem)

    def delivered(self) -> "Notification":
        return replace(self, state=Delivery.DELIVERED, next_attempt_at=None, problem="")

    def is_to_be_given_up(self, now: datetime) -> bool:
        """Tell whether it is too late for another attempt; one that was never tried, as we slept, is tried."""
        return self.attempts > 0 and now >= self.at + EXPIRES_AFTER

    def given_up(self) -> "Notification":
        return replace(self, state=Delivery.GIVEN_UP, next_attempt_at=None)


def is_plain_email(text: str) -> bool:
    matched = _EMAIL.fullmatch(text) if len(text) <= LONGEST_EMAIL else None
    return matched is not None and len(matched["local"]) <= _LONGEST_LOCAL


def check_email(address: str) -> str:
    """Give an e-mail address that somebody chooses, without space around it.

    Raises:
        InvalidInput: it is none that a letter can go to, or it could be more than one.
    """
    email = address.strip()
    if not is_plain_email(email):
        raise InvalidInput(
            f"{email!r:.80} is no e-mail address that notices can go to. Write it in plain letters, "
            f"as in ops@example.org, and in no more than {LONGEST_EMAIL} of them."
        )
    return email
