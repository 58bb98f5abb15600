"""Recipients of notifications about failing syncs, and the outbox of notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recipients",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", name="pk_recipients"),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_recipients_organization_id"
        ),
    )
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "notices",
        sa.Column("position", counter, sa.Identity(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("mapping_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_notices"),
        sa.UniqueConstraint("id", name="uq_notices_id"),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_notices_organization_id"),
        sa.ForeignKeyConstraint(["mapping_id"], ["event_mappings.id"], name="fk_notices_mapping_id"),
    )
    op.create_index("ix_notices_organization_id_position", "notices", ["organization_id", "position"])
    op.create_index("ix_notices_next_attempt_at", "notices", ["next_attempt_at"])
    op.create_index("ix_notices_changed_at", "notices", ["changed_at"])


def downgrade() -> None:
    op.drop_table("notices")
    op.drop_table("recipients")
