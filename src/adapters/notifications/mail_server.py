"""The mail server that sends notifications, as configured by a setting."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from adapters.http_client.address_rules import NAME
from core.domain.errors import InvalidInput

FORM = "smtp://user:password@host:587 (with STARTTLS), smtps://host (TLS from the start)"


class Security(StrEnum):
    STARTTLS = "smtp"
    TLS = "smtps"
    NONE = "smtp+plain"
    """Only for a mail server on the same machine."""


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    security: Security
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def mail_server_at(url: str) -> MailServer:
    """Parse a mail server's URL; special characters in user and password are percent-encoded (%40).

    Raises:
        InvalidInput: it is not a valid mail server URL. The message contains no part of it.
    """
    try:
        parts = urlsplit(url.strip())
        security, host, port = Security(parts.scheme), parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput(f"Enter the mail server as {FORM}, or smtp+plain://localhost:25.") from error
    if (
        not (NAME.fullmatch(host) or _is_loopback(host))
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or port == 0
    ):
        raise InvalidInput(f"Enter the mail server as {FORM}, with a host and nothing after the port.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and security is Security.NONE:
        raise InvalidInput("A password for the mail server is only sent over TLS: use smtp:// or smtps://.")
    if security is Security.NONE and not _is_loopback(host):
        raise InvalidInput(
            "smtp+plain:// is only for a mail server on this machine, such as smtp+plain://localhost:25, because it is "
            "not encrypted. Use smtp:// or smtps://."
        )
    return MailServer(security, host, port or PORTS[security], user, password)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
