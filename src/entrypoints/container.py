"""The composition root: the only place that chooses adapters.

Each provider imports its adapter, so that a command loads only what it needs.
"""

from __future__ import annotations

import hashlib
from dataclasses import MISSING, Field, fields
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dependency_injector import providers
from dependency_injector.providers import Provider

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from adapters.http_client.clients import HttpClients
    from adapters.http_client.library_transport import LibraryTransport
    from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
    from adapters.telemetry.prometheus import PrometheusMetrics
    from entrypoints.plugins import PluginCatalog
    from entrypoints.settings import Settings
    from ports.cipher import TokenCipher
    from ports.clock import Clock
    from ports.destination import Destinations
    from ports.id_generator import IdGenerator
    from ports.jobs import JobHandlers, Jobs
    from ports.link_writer import LinkWriters
    from ports.log import EventLog
    from ports.notifications import Notifier
    from ports.passwords import Passwords
    from ports.plugins import DestinationPlugin, SourcePlugin
    from ports.public_urls import PublicUrls
    from ports.signer import Signer
    from ports.source import Sources
    from ports.spools import Spools
    from ports.store.unit_of_work import UnitOfWorkFactory

T = TypeVar("T")
MANUAL_SLOT_PART = 8
"""One slot in eight is reserved for manual runs."""


class Container:
    """The providers of a process. Each can be overridden with `override`, as tests do.

    `sources` and `destinations` use the short time limits of interactive requests; `patient_*` is for runs.
    """

    def __init__(self, settings: Settings) -> None:
        self._objects: dict[type[Any], Provider[Any]] = {}
        self.plugins: Provider[PluginCatalog] = providers.Singleton(_plugins)
        self.plugins()  # the kinds must be known before anything is read from the database
        self.settings: Provider[Settings] = providers.Object(settings)
        chosen = cast("Any", self.settings.provided)
        self.engine: Provider[Engine] = providers.Singleton(_engine, self.settings)
        self.sql_units: Provider[SqlUnitOfWorkFactory] = providers.Singleton(_units, self.engine)
        self.units: Provider[UnitOfWorkFactory] = _as_port(self.sql_units)
        self.clock: Provider[Clock] = providers.Singleton(_clock)
        self.log: Provider[EventLog] = providers.Singleton(_log)
        self.ids: Provider[IdGenerator] = providers.Singleton(_ids)

        self.keys: Provider[tuple[str, ...]] = providers.Singleton(keys_of, self.settings)
        self.cipher: Provider[TokenCipher] = providers.Singleton(_cipher, self.keys)
        self.signer: Provider[Signer] = providers.Singleton(_signer, self.keys)
        self.cookie_secret: Provider[str] = providers.Singleton(_cookie_secret, self.keys)
        self.passwords: Provider[Passwords] = providers.Singleton(_passwords)

        self.patient_http: Provider[HttpClients] = providers.Singleton(_patient_http, self.settings)
        self.http: Provider[HttpClients] = providers.Singleton(_interactive_http, self.patient_http)
        self.patient_sources: Provider[Sources] = providers.Singleton(
            _sources, self.settings, self.plugins, self.patient_http
        )
        self.patient_destinations: Provider[Destinations] = providers.Singleton(
            _destinations, self.settings, self.plugins, self.patient_http
        )
        self.patient_access: Provider[Any] = providers.Factory(
            _access, self.units, self.patient_sources, self.patient_destinations, self.cipher
        )
        self.sources: Provider[Sources] = providers.Singleton(
            _sources, self.settings, self.plugins, self.http
        )
        self.destinations: Provider[Destinations] = providers.Singleton(
            _destinations, self.settings, self.plugins, self.http
        )

        self.patient_link_writers: Provider[LinkWriters] = providers.Singleton(
            _link_writers, self.settings, self.plugins, self.patient_http
        )
        self.link_writers: Provider[LinkWriters] = providers.Singleton(
            _link_writers, self.settings, self.plugins, self.http
        )

        self.patient_links: Provider[Any] = providers.Factory(
            _links, self.units, self.cipher, self.clock, self.patient_link_writers
        )

        self.notifier: Provider[Notifier] = providers.Singleton(_notifier, self.settings, self.clock)
        self.openid_transport: Provider[LibraryTransport] = providers.Singleton(_openid_transport)
        self.public_urls: Provider[PublicUrls] = providers.Singleton(_public_urls, self.settings)

        self.support_contact: Provider[str | None] = chosen.support_contact
        self.lease = providers.Factory(timedelta, seconds=chosen.lease_seconds)
        self.interval = providers.Factory(timedelta, minutes=chosen.interval_minutes)
        self.resend_after = providers.Factory(timedelta, seconds=chosen.resend_after_seconds)
        self.retention = providers.Factory(timedelta, days=chosen.retention_days)
        self.large_places: Provider[Any] = providers.Singleton(_large_places)
        self.spools: Provider[Spools] = providers.Callable(_spools)

        self.job_handlers: Provider[JobHandlers] = providers.Factory(_job_handlers, self)
        self.jobs: Provider[Jobs] = providers.Singleton(
            _jobs, self.job_handlers, self.log, self.engine, self.settings
        )
        self.metrics: Provider[PrometheusMetrics] = providers.Singleton(_metrics, self)

    def override_settings(self, settings: Settings) -> None:
        self.settings.override(providers.Object(settings))

    def resolve(self, use_case: type[T]) -> T:
        """Return a use case; see `provider`."""
        return self.provider(use_case)()

    def provider(self, use_case: type[T]) -> Provider[T]:
        """Return the provider of a use case, created once; its fields are filled by the providers of the same name.

        A field without a provider keeps its default, or is an object of its type, created in the same way.
        """
        if use_case not in self._objects:
            arguments = {field.name: self._argument(field) for field in fields(cast("Any", use_case))}
            self._objects[use_case] = providers.Factory(
                use_case, **{name: argument for name, argument in arguments.items() if argument is not None}
            )
        return self._objects[use_case]

    def _argument(self, field: Field[Any]) -> Provider[Any] | None:
        named: Provider[Any] | None = getattr(self, field.name, None)
        if named is None and field.default is MISSING and field.default_factory is MISSING:
            return self.provider(cast("type[Any]", field.type))
        return named


def _as_port(adapter: Provider[Any]) -> Provider[Any]:
    """Provide an adapter also under the name of its port, so that each can be overridden separately."""
    return providers.Callable(lambda instance: instance, adapter)


def keys_of(settings: Settings) -> tuple[str, ...]:
    """Return the configured keys, or the key in the key file, which is created if it does not exist.

    Raises:
        KeysUnusable
    """
    from adapters.security.keys_file import load_or_create_key

    return settings.keys or (load_or_create_key(settings.keys_file),)


def cipher_for(settings: Settings) -> TokenCipher:
    """Return the cipher for tokens.

    Raises:
        KeysUnusable
    """
    return _cipher(keys_of(settings))


def _cipher(keys: tuple[str, ...]) -> TokenCipher:
    from adapters.security.cipher import FernetCipher

    return FernetCipher(keys)


def _signer(keys: tuple[str, ...]) -> Signer:
    from adapters.security.signer import ItsdangerousSigner

    return ItsdangerousSigner(keys)


def _cookie_secret(keys: tuple[str, ...]) -> str:
    """Return the secret that signs cookies, derived from the first key."""
    return hashlib.sha256(f"gleanin-sync.cookie:{keys[0]}".encode()).hexdigest()


def _passwords() -> Passwords:
    from adapters.security.passwords import Argon2Passwords

    return Argon2Passwords()


def _engine(settings: Settings) -> Engine:
    from adapters.persistence.engine import engine_at

    return engine_at(settings.database)


def _units(engine: Engine) -> SqlUnitOfWorkFactory:
    from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory

    if engine.dialect.name == "sqlite":
        return SqlUnitOfWorkFactory(engine)
    from adapters.jobs.deferring import deferring

    return SqlUnitOfWorkFactory(engine, deferring)


def _clock() -> Clock:
    from adapters.system.clock import SystemClock

    return SystemClock()


def _ids() -> IdGenerator:
    from adapters.system.id_generator import RandomIds

    return RandomIds()


def _log() -> EventLog:
    from adapters.telemetry.event_log import StructlogEvents
    from adapters.telemetry.metrics import MetricsEventLog
    from adapters.telemetry.sampled_log import SampledEvents
    from entrypoints.late_logs import set_up_announced_logs

    set_up_announced_logs()
    return MetricsEventLog(SampledEvents(StructlogEvents()))


def _plugins() -> PluginCatalog:
    from entrypoints.plugins import installed_plugins

    plugins = installed_plugins()
    plugins.register_kinds()
    return plugins


def _patient_http(settings: Settings) -> HttpClients:
    from adapters.http_client.clients import HttpClients
    from adapters.http_client.transport import HardenedTransport

    allow_private = settings.allow_private_addresses
    return HttpClients(allow_private, partial(HardenedTransport, allow_private=allow_private))


def _interactive_http(patient: HttpClients) -> HttpClients:
    return patient.interactive()


def _sources(settings: Settings, plugins: PluginCatalog, http: HttpClients) -> Sources:
    from adapters.http_client.address_rules import check_base_url
    from adapters.plugins.sources import InstalledSources

    find = _source_finder(settings, plugins)
    is_saved = settings.saved_event is not None
    normalize = str if is_saved else partial(check_base_url, allow_private=True)
    return InstalledSources(find, http, normalize, plugins.readers)


def _link_writers(settings: Settings, plugins: PluginCatalog, http: HttpClients) -> LinkWriters:
    from adapters.plugins.link_writers import InstalledLinkWriters

    return InstalledLinkWriters(_source_finder(settings, plugins), http, plugins.link_homes)


def _links(units: UnitOfWorkFactory, cipher: TokenCipher, clock: Clock, writers: LinkWriters) -> Any:
    from core.usecases.shared.link_access import LinkAccess

    return LinkAccess(units, cipher, clock, writers)


def _source_finder(settings: Settings, plugins: PluginCatalog) -> Callable[[str], tuple[SourcePlugin, str]]:
    """Return a function that finds a source and its distribution by the source's identifier."""
    from entrypoints.plugins import PluginGroup, PluginMissing
    from ports.source import SourceMissing

    if settings.saved_event is not None:
        from adapters.sessionboard.saved_events import saved_event_plugin

        saved = saved_event_plugin(settings.saved_event), "gleanin-sync"
        return lambda _: saved

    def find(identifier: str) -> tuple[SourcePlugin, str]:
        try:
            return plugins.source(identifier), plugins.package_of(PluginGroup.SOURCES, identifier)
        except PluginMissing as error:
            raise SourceMissing(str(error)) from error

    return find


def _destinations(settings: Settings, plugins: PluginCatalog, http: HttpClients) -> Destinations:
    from adapters.gleanin.system import GLEANIN
    from adapters.http_client.address_rules import check_base_url
    from adapters.plugins.destinations import InstalledDestinations
    from entrypoints.plugins import PluginGroup, PluginMissing
    from ports.destination import DestinationMissing

    def find(identifier: str) -> tuple[DestinationPlugin, str]:
        try:
            return plugins.destination(identifier), plugins.package_of(PluginGroup.DESTINATIONS, identifier)
        except PluginMissing as error:
            raise DestinationMissing(str(error)) from error

    return InstalledDestinations(
        find,
        plugins.schemas,
        http,
        {GLEANIN.identifier: settings.gleanin_url},
        settings.further_link_hosts,
        without_prefix=GLEANIN.identifier,
        normalize=partial(check_base_url, allow_private=True),
    )


def _access(*arguments: Any) -> Any:
    from core.usecases.sync.systems import SystemAccess

    return SystemAccess(*arguments)


def _large_places() -> Any:
    from core.usecases.sync.large_places import LargePlaces

    return LargePlaces()


def _spools() -> Spools:
    from adapters.system.spool import file_spool

    return file_spool


def _openid_transport() -> LibraryTransport:
    from adapters.http_client.library_transport import LibraryTransport
    from adapters.http_client.transport import HardenedTransport

    # The operator chooses the provider's URL, so a private address is allowed.
    return LibraryTransport(partial(HardenedTransport, allow_private=True))


def _public_urls(settings: Settings) -> PublicUrls:
    from entrypoints.public_urls import ConfiguredUrls

    return ConfiguredUrls(settings)


def _notifier(settings: Settings, clock: Clock) -> Notifier:
    from adapters.http_client.metrics import WEBHOOK
    from adapters.http_client.transport import HardenedTransport
    from adapters.notifications.channels import Channels
    from adapters.notifications.smtp import SmtpNotifier
    from adapters.notifications.webhook import WebhookNotifier

    allow_private, server = settings.allow_private_addresses, settings.mail_server
    transport = partial(HardenedTransport, allow_private=allow_private, counted_as=WEBHOOK)
    webhook = WebhookNotifier(allow_private, transport, clock)
    return Channels(webhook, SmtpNotifier(server, settings.mail_from or "") if server else None)


def _metrics(container: Container) -> PrometheusMetrics:
    from adapters.telemetry.prometheus import PrometheusMetrics
    from core.usecases.runs.get_status import GetQueue

    return PrometheusMetrics(container.resolve(GetQueue))


def _job_handlers(container: Container) -> JobHandlers:
    from entrypoints.worker.handlers import job_handlers

    return job_handlers(container)


def _jobs(handlers: JobHandlers, log: EventLog, engine: Engine, settings: Settings) -> Jobs:
    """Create the jobs of the database: in process for SQLite, a queue shared by all processes for PostgreSQL."""
    reserved = settings.slots // MANUAL_SLOT_PART
    if engine.dialect.name == "sqlite":
        from adapters.jobs.in_process import InProcessJobs

        return InProcessJobs(handlers, log, settings.slots, reserved_for_manual=reserved)
    from adapters.jobs.procrastinate import ProcrastinateJobs

    return ProcrastinateJobs(
        handlers,
        log,
        connection_of(engine),
        settings.slots,
        reserved_for_manual=reserved,
        heartbeat_timeout=heartbeat_timeout(settings),
    )


def connection_of(engine: Engine) -> dict[str, Any]:
    """Return the connection parameters of the PostgreSQL driver, as parsed by the engine from the URL."""
    _, parameters = engine.dialect.create_connect_args(engine.url)
    return {name: value for name, value in parameters.items() if name != "context"}


def heartbeat_timeout(settings: Settings) -> float:
    """Return the seconds without a heartbeat after which a worker is dead; by then, its leases have expired too."""
    from adapters.jobs.procrastinate import MIN_HEARTBEAT_TIMEOUT

    return max(settings.lease_seconds, MIN_HEARTBEAT_TIMEOUT)
