"""Bringing a database's schema up to date.

Alembic is imported where something is to be migrated: every command asks for the revision, few change it.
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

HEAD = "0010"
"""The newest revision in `migrations/versions`, where this program wants the database to be."""

_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table."""
_MIGRATIONS = str(Path(__file__).parent / "migrations")


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Take the schema up to a revision. Processes that do this at once do it one after the other.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    with translated(engine.url), engine.connect() as connection:
        found = _begin(connection)
        if found is None and revision == "head":
            _set_up(connection)
        else:
            from alembic import command

            command.upgrade(_config(connection), revision)
        connection.commit()


def _set_up(connection: sa.Connection) -> None:
    """Make an empty database as the migrations would, without them: they take a while, and memory that stays taken."""
    metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection, checkfirst=True)
    connection.execute(_VERSION.insert(), {"version_num": HEAD})


def downgrade(engine: sa.Engine, revision: str) -> None:
    """Take the schema back to a revision, and what it stored beyond that away."""
    from alembic import command

    with translated(engine.url), engine.connect() as connection:
        _begin(connection)
        command.downgrade(_config(connection), revision)
        connection.commit()


def current_revision(engine: sa.Engine) -> str | None:
    """Tell where the database is; None for one that was never migrated.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    with translated(engine.url), engine.connect() as connection:
        return _revision(connection)


def is_current(engine: sa.Engine) -> bool:
    """Tell whether the database is where this program wants it.

    Raises:
        DatabaseUnavailable: the database cannot be reached, or is a newer program's.
    """
    return current_revision(engine) == HEAD


def _begin(connection: sa.Connection) -> str | None:
    """Begin one transaction for all steps, so that a migration that fails leaves no half of it; return the revision."""
    connection.execution_options(**WRITING)
    connection.begin()
    return _revision(connection)  # once it is our turn: one that went before may have been a newer program


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
    if revision not in (None, HEAD) and revision not in _known():
        raise DatabaseUnavailable(
            f"The database is at revision {revision}, of a newer gleanin-sync than this one. Update this program."
        )
    return revision


def _known() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory(_MIGRATIONS).walk_revisions()}
