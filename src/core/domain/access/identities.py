"""The identity of a person at an OpenID Connect provider."""

from dataclasses import dataclass

from core.domain.errors import InvalidInput

MAX_SUBJECT_LENGTH = 255
"""OpenID Connect Core, section 2."""


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """A person at a provider. Only issuer and subject together name one: an e-mail can change its owner (5.7)."""

    issuer: str
    subject: str

    def __post_init__(self) -> None:
        if (
            not self.issuer
            or not 0 < len(self.subject) <= MAX_SUBJECT_LENGTH
            or not (self.issuer + self.subject).isprintable()
        ):
            raise InvalidInput("The provider did not say who signed in.")
