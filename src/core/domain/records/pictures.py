"""Addresses of pictures: which of them go, in which form (rule 14)."""

import re
from urllib.parse import SplitResult, quote

from core.domain.email import ascii_domain
from core.domain.records import reasons
from core.domain.text import normalize_url, split_url

_ESCAPE = "%[0-9A-Fa-f]{2}"
_PLAIN = re.compile(
    rf"https?://[a-z0-9][a-z0-9.-]*(?:/(?:[\w.~!$&'()*+,;=:@/-]|{_ESCAPE})*)?"
    rf"(?:\?(?:[\w.~!$&'()*+,;=:@/?-]|{_ESCAPE})*)?",
    re.ASCII,
)
"""Addresses that need no change; others may be as good."""
_HOST = re.compile(r"[A-Za-z0-9._~-]*[A-Za-z0-9][A-Za-z0-9._~-]*")
_ALLOWED = "!$&'()*+,;=:@/%"
"""RFC 3986's characters of a path, beside letters and digits; the percent sign only as the start of an escape."""
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def picture_url(text: str | None) -> tuple[str | None, str | None]:
    """Return the address of a picture as it may be sent, and a note on one that was left out; of a blank, neither.

    What an address cannot contain is percent-encoded, what is encoded stays, and a host beyond ASCII is punycode.
    """
    text = normalize_url(text)
    if text is None:
        return None, None
    if is_heic(text):
        return None, reasons.HEIC_LEFT_OUT
    url = text if _PLAIN.fullmatch(text) else _encoded(text)
    return (url, None) if url else (None, reasons.picture_left_out(text))


def is_heic(url: str) -> bool:
    """Return whether an address leads to a picture in Apple's format, which browsers do not show."""
    if ".heic" not in url.lower():
        return False
    try:
        path = split_url(url.strip()).path
    except ValueError:
        path = url.strip()
    return path.lower().endswith(".heic")


def _encoded(text: str) -> str | None:
    try:
        parts = split_url(text)
        authority = _authority(parts)
    except ValueError:  # for example brackets that are no IPv6 address, or a port that is no number
        return None
    if parts.scheme not in ("http", "https") or authority is None:
        return None
    query = f"?{_quoted(parts.query, '?')}" if parts.query else ""
    fragment = f"#{_quoted(parts.fragment, '?')}" if parts.fragment else ""
    return f"{parts.scheme}://{authority}{_quoted(parts.path)}{query}{fragment}"


def _authority(parts: SplitResult) -> str | None:
    host = parts.hostname or ""
    if not host.isascii():
        host = ascii_domain(host) or ""
    if ":" in host:
        host = f"[{host}]"
    elif not _HOST.fullmatch(host):
        return None
    user, at, _ = parts.netloc.rpartition("@")
    port = "" if parts.port is None else f":{parts.port}"
    return _quoted(user).replace("@", "%40") + at + host + port


def _quoted(text: str, also: str = "") -> str:
    return quote(_LONE_PERCENT.sub("%25", text), safe=_ALLOWED + also, errors="replace")
