"""Upgrades and downgrades of the database schema.

Alembic is imported only when something is migrated: every command reads the revision, few change it.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from adapters.persistence.engine import WRITING
from adapters.persistence.errors import translated
from adapters.persistence.tables import metadata
from ports.store.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0016"
"""The newest revision in `migrations/versions`, which this program requires."""

_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""The table in which Alembic stores the revision."""
_MIGRATIONS = str(Path(__file__).parent / "migrations")


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Upgrade the schema to a revision. Concurrent processes do it one after the other.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    with translated(engine.url), engine.connect() as connection:
        current = _begin(connection)
        if current is None and revision == "head":
            _create_schema(connection)
        else:
            from alembic import command

            command.upgrade(_config(connection), revision)
        connection.commit()


def _create_schema(connection: sa.Connection) -> None:
    """Create the schema of an empty database without the migrations: they take time, and memory that is not freed."""
    metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection, checkfirst=True)
    connection.execute(_VERSION.insert(), {"version_num": HEAD})


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Downgrade the schema to a revision, and delete what only later revisions can store."""
    from alembic import command

    with translated(engine.url), engine.connect() as connection:
        _begin(connection)
        command.downgrade(_config(connection), revision)
        connection.commit()


def current_revision(engine: sa.Engine) -> str | None:
    """Return the revision of the database; None for one that was never migrated.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    with translated(engine.url), engine.connect() as connection:
        return _revision(connection)


def is_current(engine: sa.Engine) -> bool:
    """Check whether the database is at the revision that this program requires.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    return current_revision(engine) == HEAD


def _begin(connection: sa.Connection) -> str | None:
    """Begin one transaction for all steps, so that a failed migration leaves nothing behind; return the revision."""
    connection.execution_options(**WRITING)
    connection.begin()
    return _revision(connection)  # read it under the lock: the process before may have been a newer program


def _config(connection: sa.Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _MIGRATIONS.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    revision = connection.scalar(sa.select(_VERSION.c.version_num))
    if revision not in (None, HEAD) and revision not in _known_revisions():
        raise DatabaseUnavailable(
            f"The database is at revision {revision}, of a newer gleanin-sync than this one. Update this program."
        )
    return revision


def _known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(_MIGRATIONS).walk_revisions()}
