"""API keys, with which other programs use the API. Only a digest is stored."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.access.authorization import Actor, Grant
from core.domain.errors import InvalidInput
from core.domain.ids import ApiKeyId

PREFIX = "gls_"
"""Makes a leaked key recognizable to people and to secret scanners."""
MAX_NAME_LENGTH = 100
MAX_SECRET_LENGTH = 200
"""More than any key has."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: ApiKeyId
    name: str
    """Its purpose; shown in the audit log."""
    digest: str
    grant: Grant
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable() or len(self.name) > MAX_NAME_LENGTH:
            sentence = f"An API key needs a name of at most {MAX_NAME_LENGTH} printable characters."
            raise InvalidInput(sentence, about="name")

    @property
    def actor(self) -> Actor:
        return Actor(f"API key {self.name}", frozenset({self.grant}), self.id)

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None

    def revoke(self, at: datetime) -> "ApiKey":
        return replace(self, revoked_at=self.revoked_at or at)


def hash_secret(secret: str) -> str:
    """Return the digest of a secret that is random enough to need no slow hash."""
    # `surrogatepass`: any input must have a digest, even if it is not valid Unicode.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
