"""Accounts of people, their login sessions, and the throttling of sign-in attempts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.domain.access.authorization import Actor, Grant, Role
from core.domain.backoff import backoff
from core.domain.email import is_account_email
from core.domain.errors import InvalidInput, TooManyAttempts
from core.domain.ids import AccountId

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1000
SESSION_LIFETIME = timedelta(hours=12)
SIGN_UP_LINK_LIFETIME = timedelta(days=1)

FREE_ATTEMPTS = 5
FIRST_WAIT = timedelta(seconds=15)
MAX_WAIT = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Account:
    id: AccountId
    email: str
    password_hash: str | None
    """None for people who sign in with an identity provider (OpenID Connect)."""
    created_at: datetime
    grants: frozenset[Grant] = frozenset()

    def __post_init__(self) -> None:
        if not is_account_email(self.email):
            raise InvalidInput(f"{self.email!r:.80} is not a valid e-mail address.", about="email")
        if any(grant.role is Role.HOOK for grant in self.grants):
            raise InvalidInput("Hook is a role of API keys, not of people.")

    @property
    def actor(self) -> Actor:
        return Actor(self.email, self.grants, self.id)

    def granted(self, grant: Grant) -> "Account":
        """Return the account with a role for an organization, which replaces any other role for it."""
        others = (other for other in self.grants if other.organization_id != grant.organization_id)
        return replace(self, grants=frozenset({*others, grant}))

    def without(self, grant: Grant) -> "Account":
        return replace(self, grants=self.grants - {grant})


def check_password(password: str) -> None:
    """Check the length of a new password.

    Raises:
        InvalidInput: it is too short or too long.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        sentence = f"Use {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH:,} characters."
        raise InvalidInput(sentence, about="password")


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A browser in which a person is signed in. Only a digest of its secret is stored."""

    digest: str
    account_id: AccountId
    started_at: datetime

    def is_over(self, now: datetime) -> bool:
        return now >= self.started_at + SESSION_LIFETIME


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed sign-in attempts, for one account or from one IP address."""

    failures: int = 0
    last_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """Check that another attempt is allowed.

        Raises:
            TooManyAttempts: with the time to wait.
        """
        if self.last_at is None or self.failures < FREE_ATTEMPTS:
            return
        wait = self.last_at + backoff(FIRST_WAIT, self.failures - FREE_ATTEMPTS + 1, MAX_WAIT) - now
        if wait > timedelta():
            raise TooManyAttempts(wait)

    def without_last(self) -> "Attempts":
        """Return one failure less: every attempt is counted before it is checked, and this one succeeded."""
        return replace(self, failures=max(0, self.failures - 1))

    def failed(self, now: datetime) -> "Attempts":
        is_forgotten = self.last_at is None or now - self.last_at >= FORGOTTEN_AFTER
        return Attempts(1 if is_forgotten else self.failures + 1, now)
