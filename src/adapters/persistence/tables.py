"""The tables. Change them together with a migration: a test compares the two."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from ports.persistence import Unique


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant. SQLite knows no zones: there it is stored as the UTC time without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a zone is no instant"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# Only INTEGER PRIMARY KEY counts up by itself in SQLite.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _position() -> sa.Column[int]:
    """Count rows in the order in which they were added: times can be equal."""
    return sa.Column("position", COUNTER, sa.Identity(), primary_key=True)


def _text(name: str, *constraints: sa.ForeignKey, nullable: bool = False) -> sa.Column[str]:
    """Give a text column; none has a longest length, for names come from elsewhere."""
    return sa.Column(name, sa.Text(), *constraints, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _only_one(what: Unique, *columns: sa.Column[str], where: str | None = None) -> sa.Index:
    condition = None if where is None else sa.text(where)
    return sa.Index(f"one_{what}", *columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _lookup(column: sa.Column[str]) -> sa.Index:
    # A hash index, where there are such: a B-tree of PostgreSQL refuses texts of more than 2,700 bytes.
    return sa.Index(None, column, postgresql_using="hash")


organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.Text(), primary_key=True),
    _text("name"),
    _text("name_folded"),
    _text("sessionboard_url"),
    _text("sealed_token"),
)

connections = sa.Table(
    "connections",
    metadata,
    sa.Column("id", sa.Text(), primary_key=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _text("sealed_token", nullable=True),
    _text("token_hint"),
    _time("opened_at"),
    _time("ended_at", nullable=True),
)

mappings = sa.Table(
    "event_mappings",
    metadata,
    _position(),
    sa.Column("id", sa.Text(), nullable=False, unique=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _text("connection_id", sa.ForeignKey("connections.id")),
    _text("sessionboard_url"),
    _text("sessionboard_id"),
    _text("sessionboard_name"),
    _text("gleanin_id"),
    _text("gleanin_name"),
    _time("created_at"),
    _text("tracks"),
    _flag("chairpersons"),
    _flag("moderators"),
    _text("exhibitor_name"),
    _text("confirmed_time_zone", nullable=True),
    _flag("written"),
    _time("removed_at", nullable=True),
    _flag("connection_ended"),
    _flag("holds_events"),
    sa.Index(None, "organization_id"),
    sa.Index(None, "connection_id"),
)

runs = sa.Table(
    "sync_runs",
    metadata,
    _position(),
    sa.Column("id", sa.Text(), nullable=False, unique=True),
    _text("mapping_id", sa.ForeignKey("event_mappings.id")),
    _text("trigger"),
    _text("scope"),
    _time("requested_at"),
    _text("state"),
    _text("owner", nullable=True),
    _time("lease_until", nullable=True),
    _text("stop_asked", nullable=True),
    _time("started_at", nullable=True),
    _time("finished_at", nullable=True),
    _text("stop_code", nullable=True),
    _text("stop_by", nullable=True),
    _text("stop_sentence", nullable=True),
    _text("message"),
    _text("counts"),
    _text("progress"),
    sa.Index(None, "mapping_id", "position"),
)

synced_records = sa.Table(
    "synced_records",
    metadata,
    sa.Column("organization_id", sa.Text(), sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("gleanin_event_id", sa.Text(), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("source_id", sa.Text(), primary_key=True),
    _text("label"),
    _text("gleanin_id"),
    _text("connection_id", sa.ForeignKey("connections.id")),
    _text("fingerprint"),
    _text("fields"),
    _text("email", nullable=True),
    _text("links"),
)

outcomes = sa.Table(
    "record_outcomes",
    metadata,
    _position(),
    _text("run_id", sa.ForeignKey("sync_runs.id")),
    _text("kind"),
    _text("source_id"),
    _text("label"),
    _text("email", nullable=True),
    _text("mailbox", nullable=True),
    _text("outcome"),
    _text("reason_code"),
    _text("reason_sentence"),
    _text("reason_detail"),
    _text("gleanin_id", nullable=True),
    sa.UniqueConstraint("run_id", "kind", "source_id"),
)
_lookup(outcomes.c.source_id)
_lookup(outcomes.c.gleanin_id)
_lookup(outcomes.c.mailbox)

# SQLite names a violated index by its columns only, so no two may have the same columns in the same order.
ONLY_ONE = (
    _only_one(Unique.ORGANIZATION_NAME, organizations.c.name_folded),
    _only_one(Unique.OPEN_CONNECTION, connections.c.organization_id, where="ended_at IS NULL"),
    _only_one(
        Unique.SESSIONBOARD_EVENT,
        mappings.c.sessionboard_url,
        mappings.c.sessionboard_id,
        where="holds_events",
    ),
    _only_one(Unique.GLEANIN_EVENT, mappings.c.gleanin_id, where="holds_events"),
    _only_one(Unique.RUNNING_RUN, runs.c.mapping_id, runs.c.state, where="state = 'running'"),
    _only_one(Unique.QUEUED_RUN, runs.c.state, runs.c.mapping_id, where="state = 'queued'"),
)
