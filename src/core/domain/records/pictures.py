"""URLs of pictures: which are sent, and in which form (rule 14)."""

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
"""URLs that need no change; others may be valid too."""
_HOST = re.compile(r"[A-Za-z0-9._~-]*[A-Za-z0-9][A-Za-z0-9._~-]*")
_ALLOWED = "!$&'()*+,;=:@/%"
"""RFC 3986's path characters besides letters and digits; the percent sign only as the start of an escape."""
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


def picture_url(text: str | None) -> tuple[str | None, str | None]:
    """Return a picture's URL in the form to send, or a note why it is left out; neither for blank text.

    Characters that a URL cannot contain are percent-encoded, existing escapes stay, and hosts become punycode.
    """
    text = normalize_url(text)
    if text is None:
        return None, None
    if is_heic(text):
        return None, reasons.HEIC_LEFT_OUT
    url = text if _PLAIN.fullmatch(text) else _encoded(text)
    return (url, None) if url else (None, reasons.picture_left_out(text))


def is_heic(url: str) -> bool:
    """Check whether a URL is for a picture in Apple's HEIC format, which browsers do not show."""
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
    except ValueError:  # such as brackets without an IPv6 address, or a port that is not a number
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
