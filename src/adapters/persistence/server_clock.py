"""The clock of the database: its server's, or that of this machine where it is a file.

Hosts that share a server compare leases, and should agree on the time.
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
    """Read it; None where there is no server, but a file of this machine.

    Raises:
        DatabaseUnavailable
    """
    if engine.dialect.name == "sqlite":
        return None
    with translated(engine.url), engine.connect() as connection:
        return connection.scalar(_NOW)
