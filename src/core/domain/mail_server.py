"""The mail server that notices go out by, as a setting names it."""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from core.domain.addresses import NAME
from core.domain.errors import InvalidInput

FORM = "smtp://user:password@host:587 (with STARTTLS), smtps://host (TLS from the start)"


class Security(StrEnum):
    STARTTLS = "smtp"
    TLS = "smtps"
    NONE = "smtp+plain"
    """For a mail server on the same machine."""


PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    security: Security
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


def mail_server_at(url: str) -> MailServer:
    """Read the server's URL; a user or password with special characters has them as %40 and the like.

    Raises:
        InvalidInput: it is none. What it says has nothing of the URL in it.
    """
    try:
        parts = urlsplit(url.strip())
        security, host, port = Security(parts.scheme), parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInput(f"A mail server is written as {FORM}, or smtp+plain://localhost:25.") from error
    if (
        not (NAME.fullmatch(host) or _is_this_machine(host))
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
        or port == 0
    ):
        raise InvalidInput(f"A mail server is written as {FORM}, with a host and nothing behind the port.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and security is Security.NONE:
        raise InvalidInput("A password for the mail server goes over TLS only: write smtp:// or smtps://.")
    if security is Security.NONE and not _is_this_machine(host):
        raise InvalidInput(
            "smtp+plain:// is for a mail server on this machine only, as in smtp+plain://localhost:25, for anybody on "
            "the way could read the e-mails. Write smtp:// or smtps://."
        )
    return MailServer(security, host, port or PORTS[security], user, password)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
