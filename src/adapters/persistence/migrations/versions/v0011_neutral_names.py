"""Columns called after the source and the destination, not after the first systems that were connected."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

RENAMED = (
    ("organizations", "sessionboard_url", "source_url"),
    ("event_mappings", "sessionboard_url", "source_url"),
    ("event_mappings", "sessionboard_id", "source_event_id"),
    ("event_mappings", "sessionboard_name", "source_event_name"),
    ("event_mappings", "gleanin_id", "destination_event_id"),
    ("event_mappings", "gleanin_name", "destination_event_name"),
    ("event_mappings", "gleanin_time_zone", "destination_time_zone"),
    ("synced_records", "gleanin_event_id", "destination_event_id"),
    ("synced_records", "gleanin_id", "destination_id"),
    ("create_intents", "gleanin_event_id", "destination_event_id"),
    ("portal_revocations", "gleanin_event_id", "destination_event_id"),
    ("record_outcomes", "gleanin_id", "destination_id"),
)
HOLDS_EVENTS = sa.text("holds_events")


def upgrade() -> None:
    for table, old, new in RENAMED:
        op.alter_column(table, old, new_column_name=new)
    _replace_index("record_outcomes", "gleanin_id", "destination_id")
    _replace_unique_index("one_sessionboard_event", "one_source_event", ["source_url", "source_event_id"])
    _replace_unique_index("one_gleanin_event", "one_destination_event", ["destination_event_id"])


def downgrade() -> None:
    for table, old, new in RENAMED:
        op.alter_column(table, new, new_column_name=old)
    _replace_index("record_outcomes", "destination_id", "gleanin_id")
    _replace_unique_index(
        "one_source_event", "one_sessionboard_event", ["sessionboard_url", "sessionboard_id"]
    )
    _replace_unique_index("one_destination_event", "one_gleanin_event", ["gleanin_id"])


def _replace_index(table: str, old: str, new: str) -> None:
    old_name, new_name = f"ix_{table}_{old}", f"ix_{table}_{new}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {old_name} RENAME TO {new_name}")
        return
    op.drop_index(old_name, table)
    op.create_index(new_name, table, [new])


def _replace_unique_index(old: str, new: str, columns: list[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {old} RENAME TO {new}")
        return
    op.drop_index(old, "event_mappings")
    op.create_index(new, "event_mappings", columns, unique=True, sqlite_where=HOLDS_EVENTS)
