"""How a setting names a mail server."""

import pytest

from adapters.notifications.mail_server import MailServer, Security, mail_server_at
from core.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://host", MailServer(Security.STARTTLS, "host", 587)),
        ("smtps://mail.example.org", MailServer(Security.TLS, "mail.example.org", 465)),
        ("smtp+plain://localhost", MailServer(Security.NONE, "localhost", 25)),
        ("smtp+plain://127.0.0.2:2525", MailServer(Security.NONE, "127.0.0.2", 2525)),
        ("smtp+plain://[::1]", MailServer(Security.NONE, "::1", 25)),
        (
            "smtp://me%40example.org:p%2Fss@host:2525/",
            MailServer(Security.STARTTLS, "host", 2525, "me@example.org", "p/ss"),
        ),
    ],
)
def test_a_mail_server_is_named_by_a_url(url: str, server: MailServer) -> None:
    assert mail_server_at(url) == server
    assert "p/ss" not in repr(server)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "https://host",
        "smtp://",
        "smtp://host:0",
        "smtp://host:x",
        "smtp://user:s3cr3t@ho st",
        "smtp://user:s3cr3t@host/path",
        "smtp+plain://user:s3cr3t@host",
    ],
)
def test_what_is_no_mail_server_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        mail_server_at(url)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("host", ["mail.example.org", "10.0.0.5", "mail", "localhost.example.org"])
def test_letters_go_without_tls_only_to_a_server_on_the_same_machine(host: str) -> None:
    with pytest.raises(InvalidInput, match="only for a mail server on this machine"):
        mail_server_at(f"smtp+plain://{host}:25")
