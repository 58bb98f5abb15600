"""Identities of people at OpenID Connect providers."""

from dataclasses import dataclass

from core.domain.errors import InvalidInput

MAX_SUBJECT_LENGTH = 255
"""OpenID Connect Core, section 2."""


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """A person at a provider, identified by issuer and subject: an e-mail can change its owner (section 5.7)."""

    issuer: str
    subject: str

    def __post_init__(self) -> None:
        if (
            not self.issuer
            or not 0 < len(self.subject) <= MAX_SUBJECT_LENGTH
            or not (self.issuer + self.subject).isprintable()
        ):
            raise InvalidInput("The identity provider did not report who signed in.")
