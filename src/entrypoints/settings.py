"""Settings, read once from the environment (`GLEANIN_SYNC_*`)."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.domain.email import is_plain_address
from core.domain.errors import InvalidInput

if TYPE_CHECKING:
    from adapters.notifications.mail_server import MailServer

PREFIX = "GLEANIN_SYNC_"
GONE = {
    "GLEANIN_SYNC_JOBS": "The database decides: with SQLite processes poll it, with PostgreSQL they use a queue.",
}
"""Settings of earlier versions, and what replaces them."""
LOCAL_URL = "http://127.0.0.1:8000"
"""The default URL of `serve`."""
GLEANIN_URL = "https://app.gleanin.com/api/clients/v1"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    database_url: SecretStr | None = None
    """`sqlite:///FILE` or `postgresql://...`; by default a SQLite file in the user's data folder."""
    secret_keys: SecretStr | None = None
    """Fernet keys, separated by commas: the first encrypts, all decrypt. By default a single key in a file."""
    gleanin_url: str = GLEANIN_URL
    allow_private_addresses: bool = False
    """Allows base URLs with private addresses and without TLS: for the sandbox, never in production."""
    support_contact: str | None = None
    """The contact that the closing message names in case problems persist."""
    saved_event: Path | None = None
    """Read this saved event instead of Sessionboard, to examine an organization's earlier data."""
    public_url: str | None = None
    """The URL at which people reach the HTTP entrypoint, such as `https://sync.example.org`, for cookies and links."""
    openid_issuer: str | None = None
    """The issuer of the company's OpenID Connect sign-in; it serves `.well-known/openid-configuration`."""
    openid_client_id: str | None = None
    openid_client_secret: SecretStr | None = None
    slots: int = Field(default=64, ge=1, le=1024)
    """How many runs and checks a process executes concurrently; an eighth is reserved for manual runs."""
    interval_minutes: float = Field(default=30, ge=0.05, le=360, allow_inf_nan=False)
    """From the end of a sync to the next continuous sync, plus or minus a tenth."""
    retention_days: int = Field(default=90, ge=1, le=36500)
    """How long runs and outcomes are kept; the latest run of each mapping is kept regardless of age."""
    lease_seconds: float = Field(default=30, ge=0.1, le=3600, allow_inf_nan=False)
    """How long a run without a sign of life keeps its mapping locked."""
    resend_after_seconds: float = Field(default=60, ge=0, le=3600, allow_inf_nan=False)
    """How long after the latest attempt an unconfirmed create may be sent again: a gateway that times out does not
    stop the application behind it."""
    link_hosts: str = ""
    """Additional hosts, separated by commas, that share links may point to, such as `links.example.org`."""
    mail_from: str | None = None
    """The sender of notifications by e-mail."""
    smtp_url: SecretStr | None = None
    """The mail server for notifications: `smtp://user:password@host:587` (with STARTTLS) or `smtps://host`."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """The port on which `worker` serves metrics, if set; `serve` serves them at /metrics."""
    metrics_host: str = "127.0.0.1"
    stop_seconds: float = Field(default=25, ge=0.1, le=3600, allow_inf_nan=False)
    """How long `serve` and `worker` wait at shutdown for responses to requests they have sent."""
    max_connections: int = Field(default=2000, ge=8, le=1_000_000)
    """The number of clients of `serve`; at most three quarters with a request in progress, half with event streams."""
    max_connections_per_address: int = Field(default=100, ge=1, le=1_000_000)
    """Per address or IPv6 network; not for a proxy whose `X-Forwarded-For` is trusted."""
    request_seconds: float = Field(default=15, ge=0.1, le=3600, allow_inf_nan=False)
    """Time limit for the head of a request, and again for its body; slower clients are disconnected."""
    log_level: Literal["debug", "info", "warning", "error"] = "error"

    @field_validator("mail_from")
    @classmethod
    def _is_an_email(cls, mail_from: str | None) -> str | None:
        if mail_from is not None and not is_plain_address(mail_from):
            raise PydanticCustomError("no_email", "it is not a plain e-mail address such as sync@example.org")
        return mail_from

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if url is None:
            return None
        try:
            _mail_server_at(url.get_secret_value())
        except InvalidInput as error:
            raise PydanticCustomError("no_mail_server", "{message}", {"message": str(error)}) from None
        if not others.data.get("mail_from"):
            raise PydanticCustomError(
                "needs_a_sender", "also set GLEANIN_SYNC_MAIL_FROM, the sender of notifications"
            )
        return url

    @property
    def further_link_hosts(self) -> frozenset[str]:
        return frozenset(host.strip().lower() for host in self.link_hosts.split(",") if host.strip())

    @property
    def mail_server(self) -> "MailServer | None":
        return _mail_server_at(self.smtp_url.get_secret_value()) if self.smtp_url else None

    @property
    def offers_openid(self) -> bool:
        return bool(self.openid_issuer and self.openid_client_id and self.openid_client_secret)

    def address_of(self, path: str) -> str:
        """Return the absolute URL of a page."""
        return (self.public_url or LOCAL_URL).rstrip("/") + path

    @cached_property
    def data_folder(self) -> Path:
        return user_data_path("gleanin-sync", appauthor=False)

    @property
    def database(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_folder / 'gleanin-sync.db'}"

    @property
    def keys(self) -> tuple[str, ...]:
        """The configured keys; empty if the key file is used."""
        keys = self.secret_keys.get_secret_value() if self.secret_keys else ""
        return tuple(key.strip() for key in keys.split(",") if key.strip())

    @property
    def keys_file(self) -> Path:
        """The file, beside the database, with the key that is created at first use."""
        url = self.database
        if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
            return Path(url.removeprefix("sqlite:///")).parent / "gleanin-sync.keys"
        return self.data_folder / "gleanin-sync.keys"


def _mail_server_at(url: str) -> "MailServer":
    # Imported only where it is set: most commands need none of it.
    from adapters.notifications.mail_server import mail_server_at

    return mail_server_at(url)
