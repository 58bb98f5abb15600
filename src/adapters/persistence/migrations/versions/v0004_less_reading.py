"""Slices of runs, runs that confirm another run, the checkpoints they rely on, and the last hint."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CONFIRMS = sa.text("confirms IS NOT NULL")


def upgrade() -> None:
    op.add_column("schedules", sa.Column("hinted_at", sa.DateTime(timezone=True)))
    op.add_column(
        "schedules", sa.Column("has_failed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    schedules = sa.table(
        "schedules", sa.column("failures", sa.Integer()), sa.column("has_failed", sa.Boolean())
    )
    op.execute(sa.update(schedules).where(schedules.c.failures > 0).values(has_failed=sa.true()))
    op.add_column("sync_runs", sa.Column("paused_until", sa.DateTime(timezone=True)))
    op.add_column("sync_runs", sa.Column("slices_in_vain", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("sync_runs", sa.Column("confirms", sa.Text()))
    for name, column in (("confirmed_runs", "confirms"), ("confirming_runs", "finished_at")):
        op.create_index(name, "sync_runs", [column], sqlite_where=CONFIRMS, postgresql_where=CONFIRMS)
    op.create_table(
        "checkpoints",
        sa.Column("mapping_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("has_many", sa.Boolean(), nullable=False),
        sa.Column("outcomes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("mapping_id", name="pk_checkpoints"),
        sa.ForeignKeyConstraint(["mapping_id"], ["event_mappings.id"], name="fk_checkpoints_mapping_id"),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name="fk_checkpoints_run_id"),
    )
    op.create_index("ix_checkpoints_run_id", "checkpoints", ["run_id"])


def downgrade() -> None:
    op.drop_table("checkpoints")
    for name in ("confirming_runs", "confirmed_runs"):
        op.drop_index(name, "sync_runs")
    for column in ("has_failed", "hinted_at"):
        op.drop_column("schedules", column)
    for column in ("confirms", "slices_in_vain", "paused_until"):
        op.drop_column("sync_runs", column)
