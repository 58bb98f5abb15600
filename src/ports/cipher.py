"""Encryption of tokens at rest (rule 2)."""

from typing import Protocol

from core.domain.tenancy.secrets import SealedToken, Token


class KeysUnusable(Exception):
    """The secret keys are none, or cannot be read; its text says what to do, and has no key in it."""


class DecryptionFailed(Exception):
    """No key at hand opens the token: the secret keys were changed or lost."""


class TokenCipher(Protocol):
    def seal(self, token: Token) -> SealedToken: ...

    def unseal(self, sealed: SealedToken) -> Token:
        """Decrypt a token.

        Raises:
            DecryptionFailed: the organization's tokens must be given again.
        """
        ...
