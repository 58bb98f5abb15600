"""Identities at providers, the row of the installation, and one account for each mailbox."""

from itertools import groupby

import sqlalchemy as sa
from alembic import op

from core.domain.email import normalize_email

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_identities",
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_provider_identities"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_provider_identities_account_id"),
    )
    op.create_index("one_account_identity", "provider_identities", ["account_id", "issuer"], unique=True)
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("accounts_added", sa.Integer(), nullable=False),
        sa.Column("served_url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_installation"),
    )
    _assign_mailboxes_to_oldest()


def _assign_mailboxes_to_oldest() -> None:
    """Store each mailbox with the oldest account that has it.

    Earlier rules treated some e-mails as different that are the same mailbox now. The other accounts keep their data
    and get their id as the mailbox, which no e-mail equals: an operator decides what to do with them.
    """
    accounts = sa.table("accounts", *map(sa.column, ("id", "email", "mailbox", "created_at")))
    connection = op.get_bind()
    oldest_first = sa.select(accounts).order_by(accounts.c.created_at, accounts.c.id)
    # The sort is stable, so the oldest account comes first in its group.
    rows = sorted(connection.execute(oldest_first).all(), key=lambda row: normalize_email(row.email))
    new_mailboxes = {
        row.id: row.id if number else mailbox
        for mailbox, group in groupby(rows, key=lambda row: normalize_email(row.email))
        for number, row in enumerate(group)
    }
    changed = [row.id for row in rows if row.mailbox != new_mailboxes[row.id]]
    # Set unique placeholders first: the new mailbox of one account may still be in use by another.
    for mailbox_of in (lambda id_: id_, new_mailboxes.__getitem__):
        for id_ in changed:
            connection.execute(
                sa.update(accounts).where(accounts.c.id == id_).values(mailbox=mailbox_of(id_))
            )


def downgrade() -> None:
    """Drop the tables. Mailboxes stay as `upgrade` left them.

    Accounts that lost their mailbox do not get it back: it followed from rules that this program no longer has.
    Operators can find such an account by its id only.
    """
    op.drop_table("installation")
    op.drop_table("provider_identities")
