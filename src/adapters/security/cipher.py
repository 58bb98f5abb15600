"""Encrypts tokens and access fields with Fernet, with key rotation."""

import json
from collections.abc import Mapping, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.domain.tenancy.secrets import SealedFields, SealedToken, Token
from ports.cipher import DecryptionFailed, KeysUnusable

_KEY_LENGTH = 44


class FernetCipher:
    """Encrypts with the first key and decrypts with any, so that a new key can be added in front of the old one."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Create a cipher from its keys, the newest first.

        Raises:
            KeysUnusable: there is none, or one is malformed.
        """
        if not keys:
            raise KeysUnusable("There is no secret key.")
        self._fernet = MultiFernet([_fernet(key, number) for number, key in enumerate(keys, start=1)])

    def seal(self, token: Token) -> SealedToken:
        return SealedToken(self._encrypt(token.value))

    def unseal(self, sealed: SealedToken) -> Token:
        return Token(self._decrypt(sealed.value, "A stored token", "the token"))

    def seal_fields(self, values: Mapping[str, str]) -> SealedFields:
        return SealedFields(self._encrypt(json.dumps(dict(values))))

    def unseal_fields(self, sealed: SealedFields) -> Mapping[str, str]:
        values: dict[str, str] = json.loads(
            self._decrypt(sealed.value, "What is stored of the access fields", "the access fields")
        )
        return values

    def _encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def _decrypt(self, sealed: str, what: str, to_enter: str) -> str:
        try:
            return self._fernet.decrypt(sealed).decode()
        except (InvalidToken, ValueError) as error:  # ValueError: not even base64
            raise DecryptionFailed(
                f"{what} cannot be decrypted with any of the secret keys: the keys were changed or lost. "
                f"Add the previous key after the new one, or enter {to_enter} again."
            ) from error


def _fernet(key: str, number: int) -> Fernet:
    # Without a cause: its message could show the key.
    malformed = KeysUnusable(
        f"Secret key {number} is malformed: it must be 32 random bytes in URL-safe base64 ({_KEY_LENGTH} characters)."
    )
    if len(key) != _KEY_LENGTH:  # Fernet ignores anything after the padding
        raise malformed
    try:
        return Fernet(key)
    except ValueError:
        raise malformed from None
