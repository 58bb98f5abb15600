"""The time since which a mapping fails, the system that refused its token, Gleanin's time zones, and saved settings."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("event_mappings", sa.Column("gleanin_time_zone", sa.Text()))
    op.add_column(
        "event_mappings", sa.Column("settings_saved", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.create_index(
        "ix_sync_runs_mapping_id_scope_position", "sync_runs", ["mapping_id", "scope", "position"]
    )
    for column in ("failing_since", "halted_at"):
        op.add_column("schedules", sa.Column(column, sa.DateTime(timezone=True)))
    op.add_column("schedules", sa.Column("halted_by", sa.Text()))
    _date_failures()
    _date_halts()
    for column in ("has_failed", "is_halted"):
        op.drop_column("schedules", column)


def _date_failures() -> None:
    """Date a failure by the first stopped run since the last success, or by `due_at` if its runs have been deleted."""
    op.execute(
        """
        UPDATE schedules SET failing_since = coalesce(
            (
                SELECT min(stopped.finished_at) FROM sync_runs stopped
                WHERE stopped.mapping_id = schedules.mapping_id AND stopped.state = 'stopped'
                AND stopped.stop_code NOT IN (
                    'disconnected', 'mapping_removed', 'interrupted', 'taken_over', 'token_replaced', 'store_unusable'
                )
                AND stopped.position > coalesce(
                    (
                        SELECT max(well.position) FROM sync_runs well
                        WHERE well.mapping_id = schedules.mapping_id AND well.scope = 'all'
                        AND well.state IN ('completed', 'completed_with_problems')
                    ),
                    0
                )
            ),
            due_at
        )
        WHERE has_failed
        """
    )


def _date_halts() -> None:
    """Date each halt by the connection's last refused token; the stop sentence begins with the system's name."""
    refused = """
        SELECT {what} FROM sync_runs refused
        JOIN event_mappings theirs ON theirs.id = refused.mapping_id
        JOIN event_mappings own ON own.connection_id = theirs.connection_id
        WHERE own.id = schedules.mapping_id AND refused.stop_code = 'token_refused'
        ORDER BY refused.position DESC LIMIT 1
    """
    system = """
        CASE WHEN refused.stop_sentence LIKE 'Gleanin%' THEN 'Gleanin'
        WHEN refused.stop_sentence LIKE 'Sessionboard%' THEN 'Sessionboard' ELSE '' END
    """
    op.execute(
        f"""
        UPDATE schedules SET
            halted_at = coalesce(({refused.format(what="refused.finished_at")}), due_at),
            halted_by = coalesce(({refused.format(what=system)}), '')
        WHERE is_halted
        """  # noqa: S608 - no part of it is user input
    )


def downgrade() -> None:
    op.add_column(
        "schedules", sa.Column("has_failed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "schedules", sa.Column("is_halted", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute("UPDATE schedules SET has_failed = TRUE WHERE failing_since IS NOT NULL")
    op.execute("UPDATE schedules SET is_halted = TRUE WHERE halted_at IS NOT NULL")
    for column in ("halted_by", "halted_at", "failing_since"):
        op.drop_column("schedules", column)
    op.drop_index("ix_sync_runs_mapping_id_scope_position", "sync_runs")
    for column in ("settings_saved", "gleanin_time_zone"):
        op.drop_column("event_mappings", column)
