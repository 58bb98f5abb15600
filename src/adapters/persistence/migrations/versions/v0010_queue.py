"""The queue's tables stand beside the product's: a schema of its own was out of a booking transaction's reach.

They are made, as Procrastinate wants them, when the migrations are through.
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SCHEMA IF EXISTS gleanin_sync_queue CASCADE")


def downgrade() -> None:
    """Do nothing: the program of the revision before makes the schema again."""
