"""Schedules of continuous sync, and indexes for finding due mappings and old runs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IS_CONTINUOUS = sa.text("continuous_sync AND removed_at IS NULL AND NOT connection_ended")


def upgrade() -> None:
    op.create_table(
        "schedules",
        sa.Column("mapping_id", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("is_halted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("mapping_id", name="pk_schedules"),
        sa.ForeignKeyConstraint(["mapping_id"], ["event_mappings.id"], name="fk_schedules_mapping_id"),
    )
    op.create_index("ix_schedules_due_at", "schedules", ["due_at"])
    op.create_index(
        "continuous_mappings",
        "event_mappings",
        ["id"],
        sqlite_where=IS_CONTINUOUS,
        postgresql_where=IS_CONTINUOUS,
    )
    op.create_index("ix_sync_runs_finished_at", "sync_runs", ["finished_at"])


def downgrade() -> None:
    op.drop_index("ix_sync_runs_finished_at", "sync_runs")
    op.drop_index("continuous_mappings", "event_mappings")
    op.drop_table("schedules")
