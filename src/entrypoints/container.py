"""The composition root: the only place that chooses adapters."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TypeVar

from dependency_injector import containers, providers
from dependency_injector.providers import Provider
from sqlalchemy import Engine

from adapters.gleanin.http import GleaninDestinations
from adapters.gleanin.probe import GleaninProbe
from adapters.http_client.connections import Connections
from adapters.persistence.engine import engine_at
from adapters.persistence.migrate import HEAD, current_revision, is_current, upgrade
from adapters.persistence.unit_of_work import SqlUnits
from adapters.security.cipher import FernetCipher
from adapters.security.keys_file import key_in
from adapters.sessionboard.file import SavedEvent, SavedEvents
from adapters.sessionboard.http import SessionboardSources
from adapters.system.clock import SystemClock
from adapters.system.log import StructlogEvents
from adapters.system.names import RandomNames
from core.usecases.add_organization import AddOrganization
from core.usecases.change_settings import ChangeSettings
from core.usecases.connect import Connect
from core.usecases.disconnect import Disconnect
from core.usecases.list_events import ListEvents
from core.usecases.look_up import (
    FindOrganization,
    FindRun,
    ListMappings,
    ListOrganizations,
    ListOutcomes,
    ListRuns,
    ListShareLinks,
    TellHistory,
)
from core.usecases.map_events import MapEvents
from core.usecases.probe_destination import ProbeDestination
from core.usecases.remove_mapping import RemoveMapping
from core.usecases.replace_token import ReplaceGleaninToken, ReplaceSessionboardToken
from core.usecases.request_sync import RequestSync
from core.usecases.sync.access import Access
from core.usecases.sync.preview import Preview
from core.usecases.sync.run import RunSync
from entrypoints.settings import Settings
from ports.cipher import KeysUnusable, TokenCipher
from ports.clock import Clock
from ports.destination import Destinations
from ports.log import EventLog
from ports.names import Names
from ports.persistence import StoreUnusable, Units
from ports.probe import DestinationProbe
from ports.session_source import SessionSources

T = TypeVar("T")


def cipher_for(settings: Settings) -> TokenCipher:
    """Take the keys that are set, or the one in the key file, which is made if there is none.

    Raises:
        KeysUnusable
    """
    return FernetCipher(settings.keys or (key_in(settings.keys_file),))


def _as_port(adapter: T) -> T:
    """Give an adapter under the name of its port too: both are overridden by themselves."""
    return adapter


def _sources(settings: Settings) -> SessionSources:
    if settings.saved_event is not None:
        return SavedEvents(SavedEvent(settings.saved_event))
    allow_private = settings.allow_private_addresses
    return SessionboardSources(allow_private, partial(Connections, allow_private=allow_private))


def _gleanin(settings: Settings) -> GleaninDestinations:
    allow_private = settings.allow_private_addresses
    return GleaninDestinations(
        settings.gleanin_url, allow_private, partial(Connections, allow_private=allow_private)
    )


class Container(containers.DeclarativeContainer):
    settings: Provider[Settings] = providers.Dependency(instance_of=Settings)
    engine: Provider[Engine] = providers.Singleton(engine_at, settings.provided.database)

    clock: Provider[Clock] = providers.Singleton(SystemClock)
    log: Provider[EventLog] = providers.Singleton(StructlogEvents)
    names: Provider[Names] = providers.Singleton(RandomNames)
    cipher: Provider[TokenCipher] = providers.Singleton(cipher_for, settings)
    sql_units: Provider[SqlUnits] = providers.Singleton(SqlUnits, engine)
    units: Provider[Units] = providers.Callable(_as_port, sql_units)
    sources: Provider[SessionSources] = providers.Singleton(_sources, settings)
    gleanin: Provider[GleaninDestinations] = providers.Singleton(_gleanin, settings)
    destinations: Provider[Destinations] = providers.Callable(_as_port, gleanin)
    destination_probe: Provider[DestinationProbe] = providers.Singleton(GleaninProbe, gleanin)

    lease: Provider[timedelta] = providers.Factory(timedelta, seconds=settings.provided.lease_seconds)
    access: Provider[Access] = providers.Factory(Access, units, sources, destinations, cipher)

    add_organization: Provider[AddOrganization] = providers.Factory(
        AddOrganization, units, sources, cipher, names
    )
    find_organization: Provider[FindOrganization] = providers.Factory(FindOrganization, units)
    list_organizations: Provider[ListOrganizations] = providers.Factory(ListOrganizations, units)
    connect: Provider[Connect] = providers.Factory(Connect, units, destinations, cipher, names, clock)
    replace_sessionboard_token: Provider[ReplaceSessionboardToken] = providers.Factory(
        ReplaceSessionboardToken, units, sources, cipher
    )
    replace_gleanin_token: Provider[ReplaceGleaninToken] = providers.Factory(
        ReplaceGleaninToken, units, destinations, cipher
    )
    disconnect: Provider[Disconnect] = providers.Factory(Disconnect, units, clock, lease)
    list_events: Provider[ListEvents] = providers.Factory(ListEvents, units, sources, destinations, cipher)
    map_events: Provider[MapEvents] = providers.Factory(
        MapEvents, units, sources, destinations, cipher, names, clock
    )
    remove_mapping: Provider[RemoveMapping] = providers.Factory(RemoveMapping, units, clock)
    list_mappings: Provider[ListMappings] = providers.Factory(ListMappings, units)
    change_settings: Provider[ChangeSettings] = providers.Factory(ChangeSettings, units, sources, cipher)
    preview: Provider[Preview] = providers.Factory(Preview, access, clock)
    request_sync: Provider[RequestSync] = providers.Factory(RequestSync, units, names, clock)
    run_sync: Provider[RunSync] = providers.Factory(
        RunSync, access, names, clock, log, lease, settings.provided.support_contact
    )
    list_runs: Provider[ListRuns] = providers.Factory(ListRuns, units)
    find_run: Provider[FindRun] = providers.Factory(FindRun, units)
    list_outcomes: Provider[ListOutcomes] = providers.Factory(ListOutcomes, units)
    tell_history: Provider[TellHistory] = providers.Factory(TellHistory, units)
    list_share_links: Provider[ListShareLinks] = providers.Factory(ListShareLinks, units)
    probe: Provider[ProbeDestination] = providers.Factory(ProbeDestination, units, cipher, destination_probe)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """Wire everything for the given settings, with a database that can be used at once.

    Raises:
        StoreUnusable: the database cannot be reached, must be upgraded first, or is a newer program's.
        KeysUnusable: the database has tokens, and the file of the key that opens them is gone.
    """
    container = Container(settings=providers.Object(settings))
    engine = container.engine()
    try:
        _prepare(engine)
        await _check_key_file(settings, container.units())
        yield container
    finally:
        container.sql_units().close()


def _prepare(engine: Engine) -> None:
    """Migrate a database that nobody needs to be asked about: a SQLite file, or an empty one."""
    if is_current(engine):
        return
    if engine.dialect.name == "sqlite" or current_revision(engine) is None:
        upgrade(engine)
        return
    raise StoreUnusable("The database is of an earlier version. Run `gleanin-sync database upgrade`.")


async def _check_key_file(settings: Settings, units: Units) -> None:
    """See that no new key is made where an old one is missing: it would open nothing, and hide what is wrong."""
    if settings.keys or settings.keys_file.exists():
        return
    async with units.reading() as unit:
        if not await unit.organizations.all():
            return
    raise KeysUnusable(
        f"The file of the secret key, {settings.keys_file}, is missing, and the database has tokens that only that key "
        "opens. Put the file back; if it is lost, set GLEANIN_SYNC_SECRET_KEYS to a new key and give all tokens again."
    )


def upgrade_database(settings: Settings) -> str:
    """Bring the database up to date, and return the revision reached.

    Raises:
        StoreUnusable: the database cannot be reached, or is a newer program's.
    """
    engine = engine_at(settings.database)
    try:
        upgrade(engine)
    finally:
        engine.dispose()
    return HEAD


def database_revisions(settings: Settings) -> tuple[str | None, str]:
    """Give the database's revision (None: never migrated) and the one this program wants.

    Raises:
        StoreUnusable: the database cannot be reached, or is a newer program's.
    """
    engine = engine_at(settings.database)
    try:
        return current_revision(engine), HEAD
    finally:
        engine.dispose()
