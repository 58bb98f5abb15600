"""Checks instead of runs that only confirm another run; no slices."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CONFIRMS = sa.text("confirms IS NOT NULL")
IS_CHECKED = sa.text("check_owner IS NOT NULL")


def upgrade() -> None:
    for name, of_type in (
        ("last_checked_at", sa.DateTime(timezone=True)),
        ("check_owner", sa.Text()),
        ("check_until", sa.DateTime(timezone=True)),
    ):
        op.add_column("schedules", sa.Column(name, of_type))
    op.create_index(
        "checked_mappings", "schedules", ["check_until"], sqlite_where=IS_CHECKED, postgresql_where=IS_CHECKED
    )
    _replace_confirming_runs()
    # A run between two slices has no worker: it is recovered as an abandoned run.
    op.execute("UPDATE sync_runs SET owner = '', lease_until = paused_until WHERE paused_until IS NOT NULL")
    for column in ("confirms", "slices_in_vain", "paused_until"):
        op.drop_column("sync_runs", column)
    op.add_column("checkpoints", sa.Column("verdict_at", sa.DateTime(timezone=True)))
    op.add_column("checkpoints", sa.Column("many", sa.Text(), nullable=False, server_default=""))
    op.execute("DELETE FROM checkpoints WHERE has_many")
    op.execute("UPDATE checkpoints SET verdict_at = until")
    for column in ("until", "has_many", "outcomes"):
        op.drop_column("checkpoints", column)


def _replace_confirming_runs() -> None:
    """Keep the time of the last one of each mapping, and the run that its id now leads to."""
    op.create_table(
        "replaced_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_replaced_runs"),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_replaced_runs_run_id"),
    )
    op.create_index("ix_replaced_runs_run_id", "replaced_runs", ["run_id"])
    # A confirmed run is never deleted by retention; if it is missing all the same, its confirming runs stay.
    op.execute(
        """
        INSERT INTO replaced_runs (id, run_id) SELECT id, confirms FROM sync_runs
        WHERE confirms IN (SELECT id FROM sync_runs WHERE confirms IS NULL)
        """
    )
    op.execute(
        """
        UPDATE schedules SET last_checked_at = (
            SELECT max(finished_at) FROM sync_runs
            WHERE sync_runs.mapping_id = schedules.mapping_id AND confirms IS NOT NULL
        )
        """
    )
    for table in ("run_bookings", "notices", "checkpoints"):
        op.execute(
            f"""
            UPDATE {table} SET run_id = (SELECT run_id FROM replaced_runs WHERE id = {table}.run_id)
            WHERE run_id IN (SELECT id FROM replaced_runs)
            """  # noqa: S608 - no part of it is user input
        )
    for table, column in (("record_outcomes", "run_id"), ("sync_runs", "id")):
        op.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM replaced_runs)")  # noqa: S608 - as above
    for name in ("confirming_runs", "confirmed_runs"):
        op.drop_index(name, "sync_runs")


def downgrade() -> None:
    op.add_column("checkpoints", sa.Column("outcomes", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "checkpoints", sa.Column("has_many", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "checkpoints",
        sa.Column(
            "until", sa.DateTime(timezone=True), nullable=False, server_default="1970-01-01 00:00:00+00:00"
        ),
    )
    # The earlier revision cannot interpret these markers.
    op.execute("DELETE FROM checkpoints")
    for column in ("many", "verdict_at"):
        op.drop_column("checkpoints", column)
    op.add_column("sync_runs", sa.Column("paused_until", sa.DateTime(timezone=True)))
    op.add_column("sync_runs", sa.Column("slices_in_vain", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sync_runs", sa.Column("confirms", sa.Text()))
    for name, column in (("confirmed_runs", "confirms"), ("confirming_runs", "finished_at")):
        op.create_index(name, "sync_runs", [column], sqlite_where=CONFIRMS, postgresql_where=CONFIRMS)
    op.drop_table("replaced_runs")
    op.drop_index("checked_mappings", "schedules")
    for name in ("check_until", "check_owner", "last_checked_at"):
        op.drop_column("schedules", name)
