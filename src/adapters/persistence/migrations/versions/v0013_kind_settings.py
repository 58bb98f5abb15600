"""The settings that kinds of records bring, of each mapping."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "event_mappings", sa.Column("kind_settings", sa.Text(), nullable=False, server_default="{}")
    )


def downgrade() -> None:
    op.drop_column("event_mappings", "kind_settings")
