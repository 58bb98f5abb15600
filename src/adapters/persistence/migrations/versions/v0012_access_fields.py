"""Access fields of sources and destinations, URLs of destinations, and names that are kept as they were.

Older rows have no access fields. Their halts have no identifier, and are told apart by the display name.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NULLABLE = (
    ("organizations", "sealed_fields"),
    ("connections", "sealed_fields"),
    ("schedules", "halted_identifier"),
)
EMPTY = (("connections", "url"), ("audit_entries", "detail"))


def upgrade() -> None:
    for table, column in NULLABLE:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))
    for table, column in EMPTY:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    for table, column in (*NULLABLE, *EMPTY):
        op.drop_column(table, column)
