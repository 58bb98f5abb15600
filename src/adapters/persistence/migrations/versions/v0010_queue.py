"""The queue's tables in the same schema as the product's, so that one transaction can write to both.

They are created, as Procrastinate defines them, after the migrations.
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
    """Do nothing: the program of the previous revision creates the schema again."""
