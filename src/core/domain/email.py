"""E-mail addresses as the rules compare them."""

import re

_MASK = re.compile(r"\*{2,}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def same_mailbox(email: str) -> str:
    """Give the form in which addresses are compared: case does not count (rule 15)."""
    return email.strip().casefold()


def is_masked(email: str | None) -> bool:
    """Tell whether Sessionboard hid the address, as in `j***@a***.com` (rule 16)."""
    return bool(email and _MASK.search(email))


def is_address(email: str) -> bool:
    return _ADDRESS.fullmatch(email.strip()) is not None
