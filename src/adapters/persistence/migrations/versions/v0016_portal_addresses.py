"""When the latest portal address of each person was made."""

import sqlalchemy as sa
from alembic import op

from adapters.persistence.tables import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = ("organization_id", "destination_event_id", "kind", "source_id")


def upgrade() -> None:
    op.create_table(
        "portal_addresses",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in KEY),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
    )


def downgrade() -> None:
    op.drop_table("portal_addresses")
