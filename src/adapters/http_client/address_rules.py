"""Checks of the URLs and hosts to which tokens and notifications may be sent."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from core.domain.errors import InvalidInput
from core.domain.text import MAX_URL_LENGTH

NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
LOCAL_NAMES = (
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "lan",
    "home.arpa",
    "test",
    "invalid",
    "home",
    "corp",
    "mail",
)
"""Names that never belong to a host on the internet.

RFC 6761, RFC 6762, RFC 8375, ICANN's resolution 2018.02.04.12 (home, corp and mail are never delegated), and custom.
"""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
UNICAST = ipaddress.ip_network("2000::/3")
"""All IPv6 addresses that IANA allocates for the internet; others are local or unused."""
NEVER_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.88.99.0/24",  # 6to4 relays, deprecated (RFC 7526)
            "2001:db8::/32",  # for documentation, like the next one (RFC 9637)
            "3fff::/20",
        ),
    )
)
"""Networks that are not public, although Python's `ipaddress` considers some of them global."""


def check_base_url(url: str, *, allow_private: bool, carries: str = "the token") -> str:
    """Return a base URL in its normal form, without a trailing slash.

    Private means this machine and its local networks. The address that a public name resolves to is not known here:
    see `is_public_ip`.

    Args:
        url: as entered.
        allow_private: whether private hosts are allowed.
        carries: what would be exposed without TLS, for the error message.

    Raises:
        InvalidInput: it is not a valid URL, or not allowed.
    """
    parts = _split(url)
    host = _host(parts)
    private = is_private_host(host)
    if private and not allow_private:
        message = (
            f"The address {host} is private. Private addresses are not allowed unless a setting permits them."
        )
        raise InvalidInput(message)
    if parts.scheme == "http" and not private:
        message = (
            f"The URL of {host} must begin with https://, because {carries} could be intercepted otherwise."
        )
        raise InvalidInput(message)
    port = _port(parts)
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, {"http": 80, "https": 443}[parts.scheme]):
        netloc = f"{netloc}:{port}"
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def check_webhook_url(url: str, *, allow_private: bool) -> str:
    """Return a webhook's URL in its normal form; unlike a base URL, it may have a query.

    Raises:
        InvalidInput: it is not a valid URL, or not allowed.
    """
    base, mark, query = url.strip().partition("?")
    if len(query) > MAX_URL_LENGTH or not all(
        "!" <= character <= "~" and character != "#" for character in query
    ):
        raise InvalidInput(
            "The query (?) of the URL is too long or contains invalid characters. "
            "Enter a full URL, such as https://example.org/hook."
        )
    checked = check_base_url(base, allow_private=allow_private, carries="notifications")
    return f"{checked}{'/' if base.endswith('/') else ''}{mark}{query}"


def is_private_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        suffixes = tuple("." + name for name in LOCAL_NAMES)
        return "." not in host or host.endswith(suffixes)
    return not is_public_ip(host)


def is_public_ip(address: str) -> bool:
    """Check whether an IP address is on the internet; also used for resolved names."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inner is None and ip in NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            ip = inner
        elif ip not in UNICAST:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in NEVER_PUBLIC)


def _split(url: str) -> SplitResult:
    text = url.strip()
    if not text or len(text) > MAX_URL_LENGTH or not text.isascii():
        raise InvalidInput(
            f"Enter a URL, such as https://api.example.com, of at most {MAX_URL_LENGTH:,} plain (ASCII) characters."
        )
    # urlsplit silently drops tabs and line breaks, and browsers read a backslash as a slash.
    if any(character <= " " or character in '\\\x7f<>"' for character in text):
        raise InvalidInput(
            "The URL contains a space, a backslash or another invalid character. "
            "Enter a full URL, such as https://api.example.com."
        )
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise InvalidInput(
            "The URL cannot be read. Enter a full URL, such as https://api.example.com."
        ) from error
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput("The URL must begin with https:// and a host, such as https://api.example.com.")
    if "@" in parts.netloc:
        raise InvalidInput("The URL must not contain a user or a password.")
    if "?" in text or "#" in text:
        raise InvalidInput("The URL must not contain a query (?) or a fragment (#).")
    if any(segment in (".", "..") for segment in parts.path.split("/")):
        raise InvalidInput("The URL must not contain . or .. in its path.")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if parts.netloc.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host.partition("%")[0]))
        except ValueError as error:
            raise InvalidInput("The URL has no valid IPv6 address between its brackets.") from error
    # Resolvers also accept 127.1, 0x7f.1 and 2130706433 as addresses, so allow only the usual form.
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            message = f"The host {host} of the URL is neither a name nor an IP address in its usual form."
            raise InvalidInput(message) from error
    if not NAME.fullmatch(host):
        raise InvalidInput("The URL has no valid host. Enter a full URL, such as https://api.example.com.")
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise InvalidInput("The port of the URL must be a number from 1 to 65535.") from error
    if port == 0:
        raise InvalidInput("The port of the URL must be a number from 1 to 65535.")
    return port
