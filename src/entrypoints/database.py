"""The database as an operator meets it: opened for a process, upgraded, and looked at."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime

from sqlalchemy import Engine

from adapters.persistence.engine import engine_at
from adapters.persistence.migrate import HEAD, current_revision, is_current, upgrade
from adapters.persistence.server_clock import server_clock
from core.usecases.notifications.served_url import FindServedUrl
from entrypoints.container import Container, connection_of, silence
from entrypoints.settings import Settings
from ports.cipher import KeysUnusable
from ports.store.errors import DatabaseUnavailable
from ports.store.unit_of_work import UnitOfWorkFactory


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Container]:
    """Wire everything for the given settings, with a database that can be used at once.

    Raises:
        DatabaseUnavailable: the database cannot be reached, must be upgraded first, or is a newer program's.
        KeysUnusable: the database has tokens, and the file of the key that opens them is gone.
    """
    container = Container(settings)
    engine = container.engine()
    try:
        _prepare(engine)
        await _check_key_file(settings, container.units())
        if settings.public_url is None:
            # Commands and workers that print addresses use those at which `serve` is reached.
            served_url = await container.resolve(FindServedUrl)()
            reached = settings.model_copy(update={"public_url": served_url})
            container.override_settings(reached)
        yield container
    finally:
        container.sql_units().close()


def _prepare(engine: Engine) -> None:
    """Migrate a database that nobody needs to be asked about: a SQLite file, or an empty one."""
    if is_current(engine):
        return
    if engine.dialect.name == "sqlite" or current_revision(engine) is None:
        _upgrade(engine)
        return
    raise DatabaseUnavailable("The database is of an earlier version. Run `gleanin-sync database upgrade`.")


def _upgrade(engine: Engine) -> None:
    upgrade(engine)
    if engine.dialect.name == "postgresql":
        from adapters.jobs.queue_schema import renew_tables

        renew_tables(connection_of(engine))


async def _check_key_file(settings: Settings, units: UnitOfWorkFactory) -> None:
    """Check that no new key is made where an old one is missing: it would open nothing, and hide what is wrong."""
    if settings.keys or settings.keys_file.exists():
        return
    async with units.read() as unit:
        if not await unit.organizations.all():
            return
    raise KeysUnusable(
        f"The file of the secret key, {settings.keys_file}, is missing, and the database has tokens that only that key "
        "opens. Put the file back; if it is lost, set GLEANIN_SYNC_SECRET_KEYS to a new key and give all tokens again."
    )


@contextmanager
def _engine_of(settings: Settings) -> Iterator[Engine]:
    """Open the database for one thing, without what a process needs."""
    engine = engine_at(settings.database)
    try:
        yield engine
    finally:
        engine.dispose()


def upgrade_database(settings: Settings) -> str:
    """Bring the database up to date, and return the revision reached.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    with _engine_of(settings) as engine:
        _upgrade(engine)
    return HEAD


def database_revisions(settings: Settings) -> tuple[str | None, str]:
    """Return the database's revision (None: never migrated) and the one this program wants.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    with _engine_of(settings) as engine:
        return current_revision(engine), HEAD


def database_clock(settings: Settings) -> datetime | None:
    """Read the clock of the database's server; None where there is no server.

    Raises:
        DatabaseUnavailable: the database cannot be reached.
    """
    with _engine_of(settings) as engine:
        return server_clock(engine)


def workers_on_queue(settings: Settings) -> int | None:
    """Count the workers on the common queue that are alive; None where the database has none.

    Raises:
        DatabaseUnavailable: the queue cannot be used.
    """
    with _engine_of(settings) as engine:
        if engine.dialect.name == "sqlite":
            return None
        from adapters.jobs.queue_schema import workers_alive

        return workers_alive(connection_of(engine), silence(settings))
