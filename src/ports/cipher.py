"""Encryption of tokens and access fields at rest (rule 2)."""

from collections.abc import Mapping
from typing import Protocol

from core.domain.tenancy.secrets import SealedFields, SealedToken, Token


class KeysUnusable(Exception):
    """The secret keys are missing or unreadable; the text says what to do and contains no key."""


class DecryptionFailed(Exception):
    """None of the secret keys decrypts what is stored: the keys were changed or lost."""


class TokenCipher(Protocol):
    def seal(self, token: Token) -> SealedToken: ...

    def unseal(self, sealed: SealedToken) -> Token:
        """Decrypt a token.

        Raises:
            DecryptionFailed: the organization's tokens must be entered again.
        """
        ...

    def seal_fields(self, values: Mapping[str, str]) -> SealedFields:
        """Encrypt the values of access fields as one document."""
        ...

    def unseal_fields(self, sealed: SealedFields) -> Mapping[str, str]:
        """Decrypt the values of access fields.

        Raises:
            DecryptionFailed: the organization's access fields must be entered again.
        """
        ...
