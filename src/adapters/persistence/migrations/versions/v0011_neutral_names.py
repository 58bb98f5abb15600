"""Columns called after the source and the destination, and the two systems' names.

Older rows are of Sessionboard and Gleanin: there were no others.
"""

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
SOURCE, DESTINATION = ("sessionboard", "Sessionboard"), ("gleanin", "Gleanin")
ADDED = (
    ("organizations", "source", SOURCE[0]),
    ("organizations", "source_name", SOURCE[1]),
    ("connections", "destination", DESTINATION[0]),
    ("connections", "destination_name", DESTINATION[1]),
    ("event_mappings", "source", SOURCE[0]),
    ("event_mappings", "destination", DESTINATION[0]),
)
HOLDS_EVENTS = sa.text("holds_events")


def upgrade() -> None:
    _drop_unique_indexes("one_sessionboard_event", "one_gleanin_event")
    for table, old, new in RENAMED:
        op.alter_column(table, old, new_column_name=new)
    _rename_lookup("record_outcomes", "gleanin_id", "destination_id")
    for table, column, value in ADDED:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))
        op.execute(sa.table(table, sa.column(column, sa.Text())).update().values({column: value}))
    _create_unique_index("one_source_event", ["source", "source_url", "source_event_id"])
    _create_unique_index("one_destination_event", ["destination", "destination_event_id"])


def downgrade() -> None:
    _drop_unique_indexes("one_source_event", "one_destination_event")
    for table, column, _ in reversed(ADDED):
        op.drop_column(table, column)
    for table, old, new in RENAMED:
        op.alter_column(table, new, new_column_name=old)
    _rename_lookup("record_outcomes", "destination_id", "gleanin_id")
    _create_unique_index("one_sessionboard_event", ["sessionboard_url", "sessionboard_id"])
    _create_unique_index("one_gleanin_event", ["gleanin_id"])


def _drop_unique_indexes(*names: str) -> None:
    for name in names:
        op.drop_index(name, "event_mappings")


def _create_unique_index(name: str, columns: list[str]) -> None:
    op.create_index(
        name,
        "event_mappings",
        columns,
        unique=True,
        sqlite_where=HOLDS_EVENTS,
        postgresql_where=HOLDS_EVENTS,
    )


def _rename_lookup(table: str, old: str, new: str) -> None:
    old_name, new_name = f"ix_{table}_{old}", f"ix_{table}_{new}"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {old_name} RENAME TO {new_name}")
        return
    op.drop_index(old_name, table)
    op.create_index(new_name, table, [new])
