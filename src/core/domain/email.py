"""E-mail addresses: validation, cleaning of pasted text, and the form in which rules compare them (rule 15).

Three checks differ in how strict they are: `is_address` for synced people, `is_plain_address` for senders and
recipients of e-mails, and `is_account_email` for accounts.

The library email-validator decides, without network access. Most addresses are plain ASCII, and a run checks tens of
thousands of them several times, so plain ones are accepted without the library. It is imported where it is called,
because importing it takes as long as the rest of a short command.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from core.domain.text import compose, strip_invisible

MAX_EMAIL_LENGTH = 254
"""The maximum of RFC 5321, in bytes; the library is slow for much longer texts."""

_MASK = re.compile(r"\*{2,}")
_ATOM = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(
    rf"{_ATOM}(?:\.{_ATOM})*@(?![^@]*--)(?P<domain>(?:{_LABEL}\.)+(?=[^.]*[A-Za-z]\Z)(?P<top>{_LABEL}))"
)
"""Addresses that the library always accepts unchanged; punycode is excluded."""
_MAX_LOCAL_LENGTH = 64
_UNQUOTED = re.compile(rf"(?P<local>{_ATOM}(\.{_ATOM})*)@{_LABEL}(\.{_LABEL})*")
_ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+")
_RESERVED = frozenset(("arpa", "invalid", "local", "localhost", "onion", "test"))
"""Top-level domains that cannot have addresses, as in the library."""

_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>")
_PAIRS = {"'": "'", "`": "`", "(": ")", "[": "]"}
"""Pairs of characters that are not part of the address they surround, although some may begin one."""
_QUOTES = '"\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a'
_MAX_PASTED_LENGTH = 2000
_BEFORE, _AFTER = f" ,;{_QUOTES}", f" ,;.'`{_QUOTES}"


@dataclass(frozen=True, slots=True)
class _Parts:
    local: str
    domain: str
    """As written; non-ASCII domains in the form of IDNA 2008."""
    ascii_domain: str
    """In lower case; non-ASCII domains in punycode."""


def clean_email(text: str | None) -> str | None:
    """Return the address in typed or pasted text: `mailto:x@y`, `<x@y>`, `Ada <x@y>`, `x@y,`.

    Text without an address is returned without invisible characters and surrounding blanks, to be quoted in messages;
    None if nothing is left.
    """
    if text is None or _is_plain(text):
        return text
    visible = _visible(text)
    parts = _parse(visible) or _parse(_unwrap(visible))
    return f"{parts.local}@{parts.domain}" if parts else visible or None


def is_address(email: str) -> bool:
    """Check whether a text is exactly one e-mail address."""
    return _is_plain(email) or _parse(email) is not None


def is_plain_address(text: str) -> bool:
    """Check whether an address needs no quoting in an e-mail header: RFC 5322's dot-atom at a host name."""
    match = _UNQUOTED.fullmatch(text) if len(text) <= MAX_EMAIL_LENGTH else None
    return match is not None and len(match["local"]) <= _MAX_LOCAL_LENGTH


def is_account_email(text: str) -> bool:
    """Check whether a text can be the e-mail of an account.

    This is looser than for synced people, because stricter rules must not invalidate stored accounts.
    """
    return (
        len(text) <= MAX_EMAIL_LENGTH and text.isprintable() and _ACCOUNT.fullmatch(text.strip()) is not None
    )


def normalize_email(email: str) -> str:
    """Return the form in which addresses are compared (rule 15); also works for searching other text.

    It ignores case, invisible characters and the Unicode normal form, and equates a domain with its punycode. `ß` is
    not `ss`.
    """
    if email.isascii() and email.isprintable():
        return email.strip().lower()  # the fast path: a run compares a hundred thousand addresses
    visible = _visible(email)
    parts = _parse(visible)
    return f"{compose(parts.local.lower())}@{parts.ascii_domain}" if parts else compose(visible.lower())


def comparable_email(text: str) -> str:
    """Return the form in which two field values are compared; the case of the local part matters."""
    if _is_plain(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    email = clean_email(text) or ""
    parts = _parse(email)
    return f"{parts.local}@{parts.ascii_domain}" if parts else email


def ascii_domain(domain: str) -> str | None:
    """Return a domain in its DNS form, in punycode by IDNA 2008; None if it is not a domain."""
    from email_validator import EmailNotValidError, validate_email

    if len(domain) > MAX_EMAIL_LENGTH:
        return None
    try:
        # The library validates only complete addresses, so add a local part.
        validated = validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return validated.ascii_domain


def is_masked(email: str | None) -> bool:
    """Check whether Sessionboard masked the address, as in `j***@a***.com` (rule 16)."""
    return bool(email and _MASK.search(email))


def _is_plain(text: str) -> bool:
    plain = _PLAIN.fullmatch(text) if len(text) <= MAX_EMAIL_LENGTH else None
    return plain is not None and plain["top"].lower() not in _RESERVED


def _visible(text: str) -> str:
    return compose(strip_invisible(text))


def _parse(email: str) -> _Parts | None:
    return _validated(email) if len(email) <= MAX_EMAIL_LENGTH else None


@lru_cache(maxsize=4096)
def _validated(email: str) -> _Parts | None:
    from email_validator import EmailNotValidError, validate_email

    if "\ufffd" in email:
        return None  # U+FFFD replaces a lost character
    try:
        validated = validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        return None
    local, _, domain = email.rpartition("@")
    return _Parts(local, domain if domain.isascii() else validated.domain, validated.ascii_domain)


def _unwrap(text: str) -> str:
    """Return a text without the characters and prefixes that are copied along with an address."""
    if len(text) > _MAX_PASTED_LENGTH:
        return text
    previous = None
    while text != previous:
        previous = text
        text = text[1:-1] if _is_pair(text) else text.lstrip(_BEFORE).rstrip(_AFTER)
        if bracketed := _IN_BRACKETS.fullmatch(text):
            text = bracketed[1]
        if text[:7].lower() == "mailto:":
            text = _visible(unquote(text[7:].lstrip("/").partition("?")[0]))
    return text


def _is_pair(text: str) -> bool:
    return len(text) > 1 and _PAIRS.get(text[0]) == text[-1]
