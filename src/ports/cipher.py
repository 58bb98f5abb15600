"""Encryption of tokens at rest (rule 2)."""

from typing import Protocol

from core.domain.tenancy.secrets import SealedToken, Token


class KeysUnusable(Exception):
    """The secret keys are missing or unreadable; the text says what to do and contains no key."""


class DecryptionFailed(Exception):
    """None of the secret keys decrypts the token: the keys were changed or lost."""


class TokenCipher(Protocol):
    def seal(self, token: Token) -> SealedToken: ...

    def unseal(self, sealed: SealedToken) -> Token:
        """Decrypt a token.

        Raises:
            DecryptionFailed: the organization's tokens must be entered again.
        """
        ...
