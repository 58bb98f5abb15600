"""Accounts of people, how long a sign-in lasts, and how attempts to sign in are slowed down."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.access.authorization import Actor, Grant, Role
from core.domain.backoff import backoff
from core.domain.email import MAX_EMAIL_LENGTH
from core.domain.errors import InvalidInput, TooManyAttempts
from core.domain.ids import AccountId

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1000
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
"""Looser than for people who are synced: a stored account must not be refused by a rule that grew stricter."""
SIGN_IN_LASTS = timedelta(hours=12)
SIGN_UP_LASTS = timedelta(days=1)

FREE_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=15)
MAX_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    email: str
    password_hash: str | None
    """None for somebody who signs in elsewhere, by OpenID Connect."""
    created_at: datetime
    grants: frozenset[Grant] = frozenset()

    def __post_init__(self) -> None:
        if (
            len(self.email) > MAX_EMAIL_LENGTH
            or not self.email.isprintable()
            or not _EMAIL.fullmatch(self.email.strip())
        ):
            raise InvalidInput(f"{self.email!r:.80} is no e-mail address.", about="email")
        if any(grant.role is Role.HOOK for grant in self.grants):
            raise InvalidInput("Hook is a role of API keys, not of people.")

    @property
    def actor(self) -> Actor:
        return Actor(self.email, self.grants, self.id)

    def granted(self, grant: Grant) -> "Account":
        """Have one role for an organization, in the place of any other role for it."""
        others = (each for each in self.grants if each.organization_id != grant.organization_id)
        return replace(self, grants=frozenset({*others, grant}))

    def without(self, grant: Grant) -> "Account":
        return replace(self, grants=self.grants - {grant})


def check_password(password: str) -> None:
    """See that a new password can be one.

    Raises:
        InvalidInput: its sentence says what it needs.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        sentence = f"A password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters."
        raise InvalidInput(sentence, about="password")


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One browser in which somebody is signed in. Only a digest of its secret is kept."""

    digest: str
    account_id: AccountId
    started_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= self.started_at + SIGN_IN_LASTS


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed attempts to sign in, for one account or from one address."""

    failures: int = 0
    last_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """See that another attempt may be made.

        Raises:
            TooManyAttempts: with how long to wait.
        """
        if self.last_at is None or self.failures < FREE_ATTEMPTS:
            return
        wait = self.last_at + backoff(FIRST_WAIT, self.failures - FREE_ATTEMPTS + 1, MAX_WAIT) - now
        if wait > timedelta():
            raise TooManyAttempts(wait)

    def without_last(self) -> "Attempts":
        """Count one less: it was counted before it was judged, and has succeeded."""
        return replace(self, failures=max(0, self.failures - 1))

    def failed(self, now: datetime) -> "Attempts":
        forgotten = self.last_at is None or now - self.last_at >= FORGOTTEN_AFTER
        return Attempts(1 if forgotten else self.failures + 1, now)
