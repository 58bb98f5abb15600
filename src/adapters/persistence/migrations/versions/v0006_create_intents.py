"""Intents to create, the time at which records left the programme, and e-mails compared without folding."""

import sqlalchemy as sa
from alembic import op

from core.domain.email import normalize_email

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "create_intents",
        sa.Column("organization_id", sa.Text(), nullable=False),
        sa.Column("gleanin_event_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("field_names", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint(
            "organization_id", "gleanin_event_id", "kind", "source_id", name="pk_create_intents"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_create_intents_organization_id"
        ),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name="fk_create_intents_connection_id"
        ),
    )
    op.add_column("synced_records", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    _set_left_at()
    # Any of them may come from an incomplete read. Without one, the next run reads everything.
    op.execute("DELETE FROM checkpoints")
    _normalize("accounts", "id")
    _normalize("record_outcomes", "position")


def _set_left_at() -> None:
    """Date each kept record by its first kept outcome, so that it does not count as leaving together with later ones."""
    op.execute(
        """
        UPDATE synced_records SET left_at = (
            SELECT min(runs.requested_at) FROM record_outcomes kept
            JOIN sync_runs runs ON runs.id = kept.run_id
            JOIN event_mappings mappings ON mappings.id = runs.mapping_id
            WHERE kept.outcome = 'kept' AND kept.source_id = synced_records.source_id
            AND kept.kind = synced_records.kind
            AND mappings.organization_id = synced_records.organization_id
            AND mappings.gleanin_id = synced_records.gleanin_event_id
        )
        """
    )


def _normalize(name: str, key: str) -> None:
    """Normalize mailboxes that are not plain ASCII as they are compared from now on."""
    table = sa.table(name, sa.column(key), sa.column("email"), sa.column("mailbox"))
    connection = op.get_bind()
    is_not_ascii = {"sqlite": "email GLOB '*[^ -~]*'", "postgresql": "email ~ '[^ -~]'"}
    not_ascii = sa.select(table).where(sa.text(is_not_ascii[connection.dialect.name]))
    taken = {*connection.scalars(sa.select(table.c.mailbox))} if name == "accounts" else set()
    for row in connection.execute(not_ascii).all():
        mailbox = normalize_email(row.email)
        if mailbox != row.mailbox and mailbox not in taken:
            this = table.c[key] == getattr(row, key)
            connection.execute(sa.update(table).where(this).values(mailbox=mailbox))
            if name == "accounts":
                taken.add(mailbox)


def downgrade() -> None:
    op.drop_column("synced_records", "left_at")
    op.drop_table("create_intents")
