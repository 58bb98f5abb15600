"""Open, upgrade and inspect the database."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

from sqlalchemy import Engine

from adapters.persistence.engine import engine_at
from adapters.persistence.migrate import HEAD, current_revision, is_current, upgrade
from adapters.persistence.server_clock import server_clock
from core.usecases.notifications.served_url import FindServedUrl
from entrypoints.container import Container, connection_of, heartbeat_timeout
from entrypoints.settings import Settings
from ports.cipher import KeysUnusable
from ports.store.errors import DatabaseUnavailable
from ports.store.unit_of_work import UnitOfWorkFactory


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """Open a container for the settings, with a database that is ready to use.

    Raises:
        DatabaseUnavailable: the database cannot be reached, must be upgraded first, or belongs to a newer version.
        KeysUnusable: the database has tokens, but the file of the key that decrypts them is missing.
    """
    container = Container(settings)
    engine = container.engine()
    try:
        _prepare(engine)
        await _check_key_file(settings, container.units())
        if settings.public_url is None:
            # Commands and workers print links with the URL of `serve`.
            served_url = await container.resolve(FindServedUrl)()
            container.override_settings(settings.model_copy(update={"public_url": served_url}))
        yield container
    finally:
        container.sql_units().close()


def _prepare(engine: Engine) -> None:
    """Migrate a SQLite file or an empty database; any other must be upgraded by an operator."""
    if is_current(engine):
        return
    if engine.dialect.name == "sqlite" or current_revision(engine) is None:
        _upgrade(engine)
        return
    raise DatabaseUnavailable(
        "The database was set up by an earlier version. Run `gleanin-sync database upgrade`."
    )


def _upgrade(engine: Engine) -> None:
    upgrade(engine)
    if engine.dialect.name == "postgresql":
        from adapters.jobs.queue_schema import upgrade_tables

        upgrade_tables(connection_of(engine))


async def _check_key_file(settings: Settings, units: UnitOfWorkFactory) -> None:
    """Check that the key file is not missing: a new key would decrypt nothing and hide the problem."""
    if settings.keys or settings.keys_file.exists():
        return
    async with units.read() as unit:
        if not await unit.organizations.all():
            return
    raise KeysUnusable(
        f"The secret key file {settings.keys_file} is missing, and the database has tokens that only this key can "
        "decrypt. Restore the file. If it is lost, set GLEANIN_SYNC_SECRET_KEYS to a new key and enter all tokens again."
    )


@contextmanager
def _engine_of(settings: Settings) -> Iterator[Engine]:
    """Open an engine for a single operation, without a container."""
    engine = engine_at(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


def upgrade_database(settings: Settings) -> str:
    """Upgrade the database, and return its new revision.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or belongs to a newer version.
    """
    with _engine_of(settings) as engine:
        _upgrade(engine)
    return HEAD


def database_revisions(settings: Settings) -> tuple[str | None, str]:
    """Return the database's revision (None: never migrated) and the revision this version needs.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or belongs to a newer version.
    """
    with _engine_of(settings) as engine:
        return current_revision(engine), HEAD


def database_clock(settings: Settings) -> datetime | None:
    """Return the time of the database server, or None without a server.

    Raises:
        DatabaseUnavailable: the database cannot be reached.
    """
    with _engine_of(settings) as engine:
        return server_clock(engine)


def workers_on_queue(settings: Settings) -> int | None:
    """Return the number of running workers on the shared queue, or None if the database has no queue.

    Raises:
        DatabaseUnavailable: the queue cannot be used.
    """
    with _engine_of(settings) as engine:
        if engine.dialect.name == "sqlite":
            return None
        from adapters.jobs.queue_schema import live_workers

        return live_workers(connection_of(engine), heartbeat_timeout(settings))
