"""The credentials of an organization or a connection: sealed, unsealed, and changed."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.errors import InvalidInput
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import (
    NO_TOKEN,
    NOTHING_SEALED,
    SealedCredentials,
    SystemCredentials,
    Token,
)
from ports.cipher import DecryptionFailed, TokenCipher


def seal(cipher: TokenCipher, credentials: SystemCredentials) -> SealedCredentials:
    return SealedCredentials(
        credentials.url,
        cipher.seal(credentials.token) if credentials.token else NOTHING_SEALED,
        cipher.seal_fields(credentials.fields) if credentials.fields else None,
    )


def unseal(cipher: TokenCipher, sealed: SealedCredentials) -> SystemCredentials:
    """Decrypt what is stored.

    Raises:
        DecryptionFailed
    """
    token = NO_TOKEN if sealed.token == NOTHING_SEALED else cipher.unseal(sealed.token)
    return SystemCredentials(sealed.url, token, cipher.unseal_fields(sealed.fields) if sealed.fields else {})


@dataclass(frozen=True, slots=True)
class CredentialsChange:
    """New credentials, and what of them is new."""

    credentials: SystemCredentials
    what: str
    """For the audit log; names of fields, never values."""


def change(
    cipher: TokenCipher,
    requirements: AccessRequirements,
    sealed: SealedCredentials,
    token: Token,
    values: Mapping[str, str],
) -> CredentialsChange:
    """Return what is stored with what an admin entered anew; all of it is sealed again.

    Args:
        cipher: decrypts what is stored.
        requirements: of the system.
        sealed: what is stored.
        token: the new one; `NO_TOKEN` keeps the present one.
        values: of the access fields that change; an empty one is removed.

    Raises:
        InvalidInput: nothing is new, or something is missing, not needed, or not allowed.
        DecryptionFailed: the token is to be kept, but cannot be decrypted.
    """
    stored = _stored_fields(cipher, requirements, sealed)
    if not token and not values:
        raise _nothing_new(requirements)
    present = NO_TOKEN
    if requirements.needs_token and not token and sealed.token != NOTHING_SEALED:
        present = cipher.unseal(sealed.token)
    used = token or present
    checked = requirements.check_again(used, {**stored, **values})
    names = [field.name for field in requirements.fields]
    changed = [name for name in names if checked.get(name) != stored.get(name)]
    if not token and not changed:
        raise _nothing_new(requirements)
    return CredentialsChange(
        SystemCredentials(sealed.url, used, checked), _what(requirements, token, changed)
    )


def _stored_fields(
    cipher: TokenCipher, requirements: AccessRequirements, sealed: SealedCredentials
) -> Mapping[str, str]:
    """Return the stored values of the fields that the plug-in still has; what is lost must be entered again."""
    if sealed.fields is None:
        return {}
    try:
        values = cipher.unseal_fields(sealed.fields)
    except DecryptionFailed:
        return {}
    return {field.name: values[field.name] for field in requirements.fields if field.name in values}


def _nothing_new(requirements: AccessRequirements) -> InvalidInput:
    if not requirements.fields:
        if not requirements.needs_token:
            return InvalidInput(f"{requirements.system} needs no token, so there is nothing to replace.")
        return InvalidInput("The token is empty. Enter the new token.", about="token")
    names = ", ".join(field.name for field in requirements.fields)
    what = "a new token, or another value" if requirements.needs_token else "another value"
    return InvalidInput(f"There is nothing new. Enter {what} of an access field: {names}.", about="token")


def _what(requirements: AccessRequirements, token: Token, changed: list[str]) -> str:
    parts = ["token"] if token else []
    if changed:
        parts.append(f"access ({', '.join(changed)})")
    return f"{requirements.system} {' and '.join(parts)}"
