"""Known devices, on which an account signed in before: their failures are counted separately (OWASP, device cookies).

Otherwise anyone who knows an e-mail could lock its owner out by guessing. A device alone grants no access.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.access.accounts import Account
from core.domain.access.api_keys import hash_secret
from core.domain.ids import AccountId

DEVICE_LIFETIME = timedelta(days=365)
"""Browsers keep cookies for at most 400 days."""


@dataclass(frozen=True, slots=True)
class Device:
    id: str
    account_id: AccountId
    password_digest: str
    """A digest of the stored hash, so that a new password makes every device unknown."""

    @classmethod
    def of(cls, account: Account, device_id: str) -> "Device | None":
        """Return a device of the account; None if it has no password to guess."""
        if account.password_hash is None:
            return None
        return cls(device_id, account.id, hash_secret(account.password_hash))

    @classmethod
    def parse(cls, text: str) -> "Device | None":
        parts = text.split(" ")
        return cls(parts[0], AccountId(parts[1]), parts[2]) if len(parts) == 3 else None  # noqa: PLR2004 - its fields

    @property
    def text(self) -> str:
        return f"{self.id} {self.account_id} {self.password_digest}"

    def is_known_to(self, account: Account, remembered_at: datetime, now: datetime) -> bool:
        return self == Device.of(account, self.id) and now < remembered_at + DEVICE_LIFETIME
