"""E-mail addresses: what is one, what people paste instead, and the form in which the rules compare them (rule 15).

The library email-validator decides, without asking the network. Nearly all addresses are plain ASCII, and a run looks
at tens of thousands of them several times, so that these are recognised without it. It is imported where it is called:
that takes as long as the rest of a short command.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from core.domain.text import compose, strip_invisible

MAX_EMAIL_LENGTH = 254
"""RFC 5321 allows no longer one, in bytes; the library is slow where a text is much longer."""

_MASK = re.compile(r"\*{2,}")
_ATOM = r"[A-Za-z0-9_!#$%&'*+/=?^`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PLAIN = re.compile(
    rf"{_ATOM}(?:\.{_ATOM})*@(?![^@]*--)(?P<domain>(?:{_LABEL}\.)+(?=[^.]*[A-Za-z]\Z)(?P<top>{_LABEL}))"
)
"""Addresses that the library takes for sure, and leaves as they are: no punycode is among them."""
_RESERVED = frozenset(("arpa", "invalid", "local", "localhost", "onion", "test"))
"""Top-level domains without addresses, as the library has them."""

_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]*)>")
_PAIRS = {"'": "'", "`": "`", "(": ")", "[": "]"}
"""Around an address they are no part of it, though some of them may begin one."""
_QUOTES = '"\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b\u00ab\u00bb\u2039\u203a'
_LONGEST_PASTED = 2000
_BEFORE, _AFTER = f" ,;{_QUOTES}", f" ,;.'`{_QUOTES}"


@dataclass(frozen=True, slots=True)
class _Parts:
    local: str
    domain: str
    """As it was written; one beyond ASCII as IDNA 2008 writes it."""
    ascii_domain: str
    """In lower case, and in punycode where it is beyond ASCII."""


def clean_email(text: str | None) -> str | None:
    """Return the address in what was typed or pasted: `mailto:x@y`, `<x@y>`, `Ada <x@y>`, `x@y,`.

    What has none stays, without invisible characters and blanks around it, so that it can be quoted; None for a blank.
    """
    if text is None or _is_plain(text):
        return text
    shown = _shown(text)
    parts = _parts_of(shown) or _parts_of(_without_surroundings(shown))
    return f"{parts.local}@{parts.domain}" if parts else shown or None


def is_address(email: str) -> bool:
    """Return whether a text is an e-mail address, and nothing but one."""
    return _is_plain(email) or _parts_of(email) is not None


def normalize_email(email: str) -> str:
    """Return the form in which addresses are compared (rule 15); of a text that is none, something to look for.

    Case, invisible characters and the normal form do not count, and a domain equals its punycode. `ß` is not `ss`.
    """
    if email.isascii() and email.isprintable():
        return (
            email.strip().lower()
        )  # whether it is an address or not; a run compares a hundred thousand of them
    shown = _shown(email)
    parts = _parts_of(shown)
    return f"{compose(parts.local.lower())}@{parts.ascii_domain}" if parts else compose(shown.lower())


def comparable_email(text: str) -> str:
    """Return the form in which two values of a field are compared: the case of what precedes the `@` counts."""
    if _is_plain(text):
        local, _, domain = text.rpartition("@")
        return f"{local}@{domain.lower()}"
    email = clean_email(text) or ""
    parts = _parts_of(email)
    return f"{parts.local}@{parts.ascii_domain}" if parts else email


def ascii_domain(domain: str) -> str | None:
    """Return a domain as DNS has it, in punycode by IDNA 2008; None for what is no domain."""
    from email_validator import EmailNotValidError, validate_email

    if len(domain) > MAX_EMAIL_LENGTH:
        return None
    try:
        # The library reads addresses only, and knows of no domain without a mailbox.
        found = validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return found.ascii_domain


def is_masked(email: str | None) -> bool:
    """Return whether Sessionboard hid the address, as in `j***@a***.com` (rule 16)."""
    return bool(email and _MASK.search(email))


def _is_plain(text: str) -> bool:
    plain = _PLAIN.fullmatch(text) if len(text) <= MAX_EMAIL_LENGTH else None
    return plain is not None and plain["top"].lower() not in _RESERVED


def _shown(text: str) -> str:
    return compose(strip_invisible(text))


def _parts_of(email: str) -> _Parts | None:
    return _validated(email) if len(email) <= MAX_EMAIL_LENGTH else None


@lru_cache(maxsize=4096)
def _validated(email: str) -> _Parts | None:
    from email_validator import EmailNotValidError, validate_email

    if "\ufffd" in email:
        return None  # it stands for a character that was lost
    try:
        found = validate_email(email, check_deliverability=False)
    except EmailNotValidError:
        return None
    local, _, domain = email.rpartition("@")
    return _Parts(local, domain if domain.isascii() else found.domain, found.ascii_domain)


def _without_surroundings(text: str) -> str:
    """Return a text without what comes along when an address is copied."""
    if len(text) > _LONGEST_PASTED:
        return text
    former = None
    while text != former:
        former = text
        text = text[1:-1] if _is_pair(text) else text.lstrip(_BEFORE).rstrip(_AFTER)
        if bracketed := _IN_BRACKETS.fullmatch(text):
            text = bracketed[1]
        if text[:7].lower() == "mailto:":
            text = _shown(unquote(text[7:].lstrip("/").partition("?")[0]))
    return text


def _is_pair(text: str) -> bool:
    return len(text) > 1 and _PAIRS.get(text[0]) == text[-1]
