"""The clock of the database: the server's, or this machine's where the database is a file.

Hosts that share a server compare lease times, so they must use one clock.
"""

from datetime import UTC, datetime

import sqlalchemy as sa

from adapters.persistence.errors import translated

_NOW = sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))


def read_now(database: sa.Connection) -> datetime:
    """Return the time by the database's clock, in UTC."""
    if database.dialect.name == "sqlite":
        return datetime.now(UTC)
    now = database.scalar(_NOW)
    assert now is not None
    return now.astimezone(UTC)


def server_clock(engine: sa.Engine) -> datetime | None:
    """Return the time of the server; None where the database is a file of this machine.

    Raises:
        DatabaseUnavailable: the server cannot be reached.
    """
    if engine.dialect.name == "sqlite":
        return None
    with translated(engine.url), engine.connect() as connection:
        return connection.scalar(_NOW)
