"""Encryption of tokens with Fernet, and its rotation of keys."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.domain.tenancy.secrets import SealedToken, Token
from ports.cipher import DecryptionFailed, KeysUnusable

_KEY_LENGTH = 44


class FernetCipher:
    """Encrypts with the first key and decrypts with any, so that a new key can be put before the old one."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys.

        Raises:
            KeysUnusable: there is none, or one is malformed.
        """
        if not keys:
            raise KeysUnusable("There is no secret key.")
        self._fernet = MultiFernet([_fernet(key, number) for number, key in enumerate(keys, start=1)])

    def seal(self, token: Token) -> SealedToken:
        return SealedToken(self._fernet.encrypt(token.value.encode()).decode())

    def unseal(self, sealed: SealedToken) -> Token:
        try:
            return Token(self._fernet.decrypt(sealed.value).decode())
        except (InvalidToken, ValueError) as error:  # ValueError: not even base64
            raise DecryptionFailed(
                "None of the secret keys opens a stored token: the keys were changed or lost. "
                "Put the former key back behind the new one, or give the token again."
            ) from error


def _fernet(key: str, number: int) -> Fernet:
    # The cause is left out: the key itself must be in no message.
    malformed = KeysUnusable(
        f"Secret key {number} is malformed: it must be 32 random bytes in URL-safe base64 ({_KEY_LENGTH} characters)."
    )
    if len(key) != _KEY_LENGTH:  # Fernet itself overlooks what stands behind the padding
        raise malformed
    try:
        return Fernet(key)
    except ValueError:
        raise malformed from None
