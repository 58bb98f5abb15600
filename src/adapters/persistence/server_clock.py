"""The clock of the database's server: hosts that share it compare leases, and should agree on the time."""

from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.errors import translated

_NOW = sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))


def server_clock(engine: sa.Engine) -> datetime | None:
    """Read it; None where there is no server, but a file of this machine.

    Raises:
        StoreUnusable
    """
    if engine.dialect.name == "sqlite":
        return None
    with translated(engine.url), engine.connect() as connection:
        return connection.scalar(_NOW)
