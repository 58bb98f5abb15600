"""Which base addresses a token may be sent to."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from core.domain.errors import InvalidInput

LONGEST = 2000
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
"""Names that never belong to a machine on the internet.

RFC 6761, RFC 6762, RFC 8375, ICANN's resolution 2018.02.04.12 (home, corp and mail are given to nobody), and habit.
"""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has given out of IPv6 for the internet; what is outside leads to the networks around us, or nowhere."""
NEVER_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.88.99.0/24",  # relays of 6to4, given up (RFC 7526)
            "2001:db8::/32",  # for documentation, as the next one (RFC 9637)
            "3fff::/20",
        ),
    )
)
"""Some of them pass for global in Python's `ipaddress`."""


def check_address(url: str, *, allow_private: bool, carries: str = "the token") -> str:
    """Give the address in its normal form, without a slash at its end.

    Private means this machine and the networks around it. What a public name resolves to is not known
    here: see `is_public_ip`.

    Raises:
        InvalidInput: it is no address, or one that is not allowed.
    """
    parts = _split(url)
    host = _host(parts)
    private = is_private_host(host)
    if private and not allow_private:
        message = (
            f"The address {host} is private. Private addresses are refused unless a setting allows them."
        )
        raise InvalidInput(message)
    if parts.scheme == "http" and not private:
        message = f"The address of {host} must begin with https://, else {carries} could be read on its way."
        raise InvalidInput(message)
    port = _port(parts)
    shown = f"[{host}]" if ":" in host else host
    where = shown if port in (None, {"http": 80, "https": 443}[parts.scheme]) else f"{shown}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def check_webhook(url: str, *, allow_private: bool) -> str:
    """Give a webhook's address in its normal form: unlike a base address, it may have a query.

    Raises:
        InvalidInput: it is no address, or one that is not allowed.
    """
    base, mark, query = url.strip().partition("?")
    if len(query) > LONGEST or not all("!" <= character <= "~" and character != "#" for character in query):
        raise InvalidInput(
            "The address has a query (?) that is too long, or has characters that no address has."
        )
    checked = check_address(base, allow_private=allow_private, carries="the notices")
    return f"{checked}{'/' if base.endswith('/') else ''}{mark}{query}"


def is_private_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = tuple("." + name for name in LOCAL_NAMES)
        return "." not in host or host.endswith(last)
    return not is_public_ip(host)


def is_public_ip(address: str) -> bool:
    """Tell whether an IP address is on the internet; also for one that a name was resolved to."""
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
    if not text or len(text) > LONGEST or not text.isascii():
        raise InvalidInput(
            "An address is needed, such as https://api.example.com, in plain letters and not too long."
        )
    # urlsplit drops tabs and line ends without a word, and browsers read a backslash as a slash.
    if any(character <= " " or character in '\\\x7f<>"' for character in text):
        raise InvalidInput("The address has a character that no address has, such as a space or a backslash.")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise InvalidInput("The address cannot be read. Write it as in https://api.example.com.") from error
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InvalidInput("The address must begin with https:// and a host, as in https://api.example.com.")
    if "@" in parts.netloc:
        raise InvalidInput("The address must not have a user or a password in it.")
    if "?" in text or "#" in text:
        raise InvalidInput("The address must not have a query (?) or a fragment (#).")
    if any(segment in (".", "..") for segment in parts.path.split("/")):
        raise InvalidInput("The address must not have . or .. in its path.")
    return parts


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if parts.netloc.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host.partition("%")[0]))
        except ValueError as error:
            raise InvalidInput("The address has no valid IPv6 address between its brackets.") from error
    # Resolvers read 127.1, 0x7f.1 and 2130706433 as addresses too: only the usual form is taken.
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            message = f"The address has {host}, which is neither a name nor an IP address in its usual form."
            raise InvalidInput(message) from error
    if not NAME.fullmatch(host):
        raise InvalidInput("The address has no valid host. Write it as in https://api.example.com.")
    return host


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError as error:
        raise InvalidInput("The address has a port that is not a number from 1 to 65535.") from error
    if port == 0:
        raise InvalidInput("The address has a port that is not a number from 1 to 65535.")
    return port
