"""The first schema: organizations, connections, mappings, runs, synced records and outcomes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "organizations",
    "connections",
    "event_mappings",
    "sync_runs",
    "synced_records",
    "record_outcomes",
)


def upgrade() -> None:
    op.create_table(
        "organizations",
        _text("id"),
        _text("name"),
        _text("name_folded"),
        _text("sessionboard_url"),
        _text("sealed_token"),
        sa.PrimaryKeyConstraint("id", name="pk_organizations"),
    )
    op.create_table(
        "connections",
        _text("id"),
        _text("organization_id"),
        _text("sealed_token", nullable=True),
        _text("token_hint"),
        _time("opened_at"),
        _time("ended_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_connections"),
        _refers("connections", "organization_id", "organizations"),
    )
    op.create_table(
        "event_mappings",
        _position(),
        _text("id"),
        _text("organization_id"),
        _text("connection_id"),
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
        sa.PrimaryKeyConstraint("position", name="pk_event_mappings"),
        sa.UniqueConstraint("id", name="uq_event_mappings_id"),
        _refers("event_mappings", "organization_id", "organizations"),
        _refers("event_mappings", "connection_id", "connections"),
    )
    op.create_table(
        "sync_runs",
        _position(),
        _text("id"),
        _text("mapping_id"),
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
        sa.PrimaryKeyConstraint("position", name="pk_sync_runs"),
        sa.UniqueConstraint("id", name="uq_sync_runs_id"),
        _refers("sync_runs", "mapping_id", "event_mappings"),
    )
    op.create_table(
        "synced_records",
        _text("organization_id"),
        _text("gleanin_event_id"),
        _text("kind"),
        _text("source_id"),
        _text("label"),
        _text("gleanin_id"),
        _text("connection_id"),
        _text("fingerprint"),
        _text("fields"),
        _text("email", nullable=True),
        _text("links"),
        sa.PrimaryKeyConstraint(
            "organization_id", "gleanin_event_id", "kind", "source_id", name="pk_synced_records"
        ),
        _refers("synced_records", "organization_id", "organizations"),
        _refers("synced_records", "connection_id", "connections"),
    )
    op.create_table(
        "record_outcomes",
        _position(),
        _text("run_id"),
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
        sa.PrimaryKeyConstraint("position", name="pk_record_outcomes"),
        sa.UniqueConstraint("run_id", "kind", "source_id", name="uq_record_outcomes_run_id_kind_source_id"),
        _refers("record_outcomes", "run_id", "sync_runs"),
    )
    _create_indexes()


def _create_indexes() -> None:
    op.create_index("ix_event_mappings_organization_id", "event_mappings", ["organization_id"])
    op.create_index("ix_event_mappings_connection_id", "event_mappings", ["connection_id"])
    op.create_index("ix_sync_runs_mapping_id_position", "sync_runs", ["mapping_id", "position"])
    for column in ("source_id", "gleanin_id", "mailbox"):
        op.create_index(f"ix_record_outcomes_{column}", "record_outcomes", [column], postgresql_using="hash")
    _only_one("organization_name", "organizations", ["name_folded"])
    _only_one("open_connection", "connections", ["organization_id"], "ended_at IS NULL")
    _only_one("sessionboard_event", "event_mappings", ["sessionboard_url", "sessionboard_id"], "holds_events")
    _only_one("gleanin_event", "event_mappings", ["gleanin_id"], "holds_events")
    _only_one("running_run", "sync_runs", ["mapping_id", "state"], "state = 'running'")
    _only_one("queued_run", "sync_runs", ["state", "mapping_id"], "state = 'queued'")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _position() -> sa.Column[int]:
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("position", counter, sa.Identity(), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")


def _only_one(what: str, table: str, columns: list[str], where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(
        f"one_{what}",
        table,
        columns,
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )
