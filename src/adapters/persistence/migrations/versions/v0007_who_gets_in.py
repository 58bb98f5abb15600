"""Identities at providers, the installation's own row, and one account for each mailbox."""

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
    _give_mailboxes_to_the_oldest()


def _give_mailboxes_to_the_oldest() -> None:
    """Store each mailbox with the oldest account that has it.

    Earlier rules took some e-mails for different that are the same mailbox now. The other accounts keep all they have,
    and are found by their id, which no e-mail equals: an operator decides what becomes of them.
    """
    accounts = sa.table("accounts", *map(sa.column, ("id", "email", "mailbox", "created_at")))
    connection = op.get_bind()
    oldest_first = sa.select(accounts).order_by(accounts.c.created_at, accounts.c.id)
    # A sort keeps the order of equal ones.
    rows = sorted(connection.execute(oldest_first).all(), key=lambda row: normalize_email(row.email))
    wanted = {
        row.id: row.id if number else mailbox
        for mailbox, same in groupby(rows, key=lambda row: normalize_email(row.email))
        for number, row in enumerate(same)
    }
    changed = [row.id for row in rows if row.mailbox != wanted[row.id]]
    # First out of the way: one may want what another one still has.
    for new in (lambda id_: id_, wanted.__getitem__):
        for id_ in changed:
            connection.execute(sa.update(accounts).where(accounts.c.id == id_).values(mailbox=new(id_)))


def downgrade() -> None:
    """Drop the tables. Mailboxes stay as `upgrade` left them.

    The accounts that lost their mailbox do not get it back: what stood there followed from rules that this program no
    longer has. Operators still find such an account by its id only.
    """
    op.drop_table("installation")
    op.drop_table("provider_identities")
