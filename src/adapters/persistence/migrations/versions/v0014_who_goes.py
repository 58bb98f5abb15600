"""Settings that decide which people are synced."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

ADDED = {"one_name_is_enough": sa.false(), "only_accepted_roles": sa.true()}
"""Existing mappings get the defaults of new ones; no source has told before what was accepted."""


def upgrade() -> None:
    for name, default in ADDED.items():
        op.add_column("event_mappings", sa.Column(name, sa.Boolean(), nullable=False, server_default=default))


def downgrade() -> None:
    for name in reversed(ADDED):
        op.drop_column("event_mappings", name)
