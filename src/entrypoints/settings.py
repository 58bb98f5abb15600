"""Settings, read once from the environment (`GLEANIN_SYNC_*`)."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.domain.errors import InvalidInput
from core.domain.mail_server import MailServer, mail_server_at
from core.domain.notifications.notification import is_plain_email

PREFIX = "GLEANIN_SYNC_"
GONE = {
    "GLEANIN_SYNC_JOBS": "The database decides: SQLite has its processes look into it, PostgreSQL has a queue.",
}
"""Settings of earlier versions, and what is in their place."""
LOCAL_URL = "http://127.0.0.1:8000"
"""Where `serve` is reached if nobody says otherwise."""
GLEANIN_URL = "https://app.gleanin.com/api/clients/v1"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True)

    database_url: SecretStr | None = None
    """`sqlite:///FILE` or `postgresql://...`; by default a SQLite file in the user's data folder."""
    secret_keys: SecretStr | None = None
    """Fernet keys, separated by commas: the first encrypts, all decrypt; by default one in a file of its own."""
    gleanin_url: str = GLEANIN_URL
    allow_private_addresses: bool = False
    """Lets base URLs be of private addresses and without TLS: for the sandbox, never in production."""
    support_contact: str | None = None
    """Whom the closing message names if problems persist."""
    saved_event: Path | None = None
    """Read this saved event instead of asking Sessionboard: to look again at what an organization had."""
    public_url: str | None = None
    """Where people reach the HTTP entrypoint, as in `https://sync.example.org`; cookies and addresses follow it."""
    openid_issuer: str | None = None
    """The company's own sign-in, by OpenID Connect: its issuer, where `.well-known/openid-configuration` stands."""
    openid_client_id: str | None = None
    openid_client_secret: SecretStr | None = None
    slots: int = Field(default=64, ge=1, le=1024)
    """How many runs and checks a process carries out at once; an eighth is kept for runs asked for by hand."""
    interval_minutes: float = Field(default=30, ge=0.05, le=360, allow_inf_nan=False)
    """From the end of a sync until continuous sync comes again, give or take a tenth."""
    retention_days: int = Field(default=90, ge=1, le=36500)
    """How long runs and outcomes are kept; the latest of each mapping stays however old it is."""
    lease_seconds: float = Field(default=30, ge=0.1, le=3600, allow_inf_nan=False)
    """How long a run that gives no sign of life keeps its mapping."""
    resend_after_seconds: float = Field(default=60, ge=0, le=3600, allow_inf_nan=False)
    """How long after the latest attempt a record whose creation nobody confirmed may be sent again: a gateway that
    gives up waiting does not stop the application behind it."""
    link_hosts: str = ""
    """Further hosts, separated by commas, that share links may lead to: `links.example.org`."""
    mail_from: str | None = None
    """The address that notices by e-mail come from."""
    smtp_url: SecretStr | None = None
    """The mail server that they go out by: `smtp://user:password@host:587` (with STARTTLS) or `smtps://host`."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where `worker` serves metrics, if it is to; `serve` does so at /metrics."""
    metrics_host: str = "127.0.0.1"
    stop_seconds: float = Field(default=25, ge=0.1, le=3600, allow_inf_nan=False)
    """How long `serve` and `worker`, asked to end, wait for answers to what they have sent."""
    max_connections: int = Field(default=2000, ge=8, le=1_000_000)
    """How many clients `serve` has at once; three quarters of them with a request under way, half with event streams."""
    max_connections_per_address: int = Field(default=100, ge=1, le=1_000_000)
    """Of one address, or network of IPv6; not of a proxy whose `X-Forwarded-For` is believed."""
    request_seconds: float = Field(default=15, ge=0.1, le=3600, allow_inf_nan=False)
    """Until the head of a request is complete, and once more for its body; who is slower is cut off."""
    log_level: Literal["debug", "info", "warning", "error"] = "error"

    @field_validator("mail_from")
    @classmethod
    def _is_an_email(cls, mail_from: str | None) -> str | None:
        if mail_from is not None and not is_plain_email(mail_from):
            raise PydanticCustomError(
                "no_email", "it is no e-mail address in plain letters, as in sync@example.org"
            )
        return mail_from

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: SecretStr | None, others: ValidationInfo) -> SecretStr | None:
        if url is None:
            return None
        try:
            mail_server_at(url.get_secret_value())
        except InvalidInput as refusal:
            raise PydanticCustomError("no_mail_server", "{said}", {"said": str(refusal)}) from None
        if not others.data.get("mail_from"):
            raise PydanticCustomError(
                "needs_a_sender", "set GLEANIN_SYNC_MAIL_FROM too, the address that notices come from"
            )
        return url

    @property
    def further_link_hosts(self) -> frozenset[str]:
        return frozenset(host.strip().lower() for host in self.link_hosts.split(",") if host.strip())

    @property
    def mail_server(self) -> MailServer | None:
        return mail_server_at(self.smtp_url.get_secret_value()) if self.smtp_url else None

    @property
    def offers_openid(self) -> bool:
        return bool(self.openid_issuer and self.openid_client_id and self.openid_client_secret)

    def address_of(self, path: str) -> str:
        """Give the whole address of a page, for somebody who is not on one."""
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
        """The keys that were set; none where the key file is to be used."""
        given = self.secret_keys.get_secret_value() if self.secret_keys else ""
        return tuple(key.strip() for key in given.split(",") if key.strip())

    @property
    def keys_file(self) -> Path:
        """Where the key stands that was made at first use: beside the database."""
        url = self.database
        if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
            return Path(url.removeprefix("sqlite:///")).parent / "gleanin-sync.keys"
        return self.data_folder / "gleanin-sync.keys"
