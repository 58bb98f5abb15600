"""Accounts, login sessions, API keys, the audit log, portal revocations, continuous sync, and deleted organizations."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ADDED_COLUMNS = (
    ("organizations", "removed_at"),
    ("connections", "continuous_sync"),
    ("event_mappings", "continuous_sync"),
    ("event_mappings", "time_zone"),
    ("sync_runs", "requested_by"),
)
TABLES = (
    "run_bookings",
    "accounts",
    "grants",
    "sign_ins",
    "sign_in_attempts",
    "api_keys",
    "audit_entries",
    "portal_revocations",
)


def upgrade() -> None:
    op.add_column("organizations", _time("removed_at", nullable=True))
    op.add_column("connections", _flag("continuous_sync"))
    op.add_column("event_mappings", _flag("continuous_sync"))
    op.add_column("event_mappings", _text("time_zone", nullable=True))
    op.add_column("sync_runs", sa.Column("requested_by", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "run_bookings",
        _text("mapping_id"),
        _text("request_key"),
        _text("run_id"),
        sa.PrimaryKeyConstraint("mapping_id", "request_key", name="pk_run_bookings"),
        _refers("run_bookings", "mapping_id", "event_mappings"),
        _refers("run_bookings", "run_id", "sync_runs"),
    )
    _create_tables_of_people()
    _create_tables_of_organizations()
    _create_indexes()


def _create_tables_of_people() -> None:
    op.create_table(
        "accounts",
        _text("id"),
        _text("email"),
        _text("mailbox"),
        _text("password_hash", nullable=True),
        _time("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    op.create_table(
        "grants",
        _text("account_id"),
        _text("organization_id", nullable=True),
        _text("role"),
        _refers("grants", "account_id", "accounts"),
        _refers("grants", "organization_id", "organizations"),
    )
    op.create_table(
        "sign_ins",
        _text("digest"),
        _text("account_id"),
        _time("started_at"),
        sa.PrimaryKeyConstraint("digest", name="pk_sign_ins"),
        _refers("sign_ins", "account_id", "accounts"),
    )
    op.create_table(
        "sign_in_attempts",
        _text("subject"),
        sa.Column("failures", sa.Integer(), nullable=False),
        _time("last_at", nullable=True),
        sa.PrimaryKeyConstraint("subject", name="pk_sign_in_attempts"),
    )


def _create_tables_of_organizations() -> None:
    op.create_table(
        "api_keys",
        _position(),
        _text("id"),
        _text("name"),
        _text("digest"),
        _text("organization_id", nullable=True),
        _text("role"),
        _time("created_at"),
        _text("created_by"),
        _time("revoked_at", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_api_keys"),
        sa.UniqueConstraint("id", name="uq_api_keys_id"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
        _refers("api_keys", "organization_id", "organizations"),
    )
    op.create_table(
        "audit_entries",
        _position(),
        _time("done_at"),
        _text("done_by"),
        _text("action"),
        _text("organization_id", nullable=True),
        _text("what"),
        sa.PrimaryKeyConstraint("position", name="pk_audit_entries"),
    )
    op.create_table(
        "portal_revocations",
        _text("organization_id"),
        _text("gleanin_event_id"),
        _text("kind"),
        _text("source_id"),
        _time("revoked_at"),
        sa.PrimaryKeyConstraint(
            "organization_id", "gleanin_event_id", "kind", "source_id", name="pk_portal_revocations"
        ),
        _refers("portal_revocations", "organization_id", "organizations"),
    )


def _create_indexes() -> None:
    in_all = sa.text("organization_id IS NULL")
    op.create_index("one_account_email", "accounts", ["mailbox"], unique=True)
    op.create_index("one_grant_in_an_organization", "grants", ["account_id", "organization_id"], unique=True)
    op.create_index(
        "one_grant_in_all_organizations",
        "grants",
        ["account_id"],
        unique=True,
        sqlite_where=in_all,
        postgresql_where=in_all,
    )
    for table, *columns in (
        ("run_bookings", "run_id"),
        ("grants", "organization_id"),
        ("sign_ins", "account_id"),
        ("sign_ins", "started_at"),
        ("sign_in_attempts", "last_at"),
        ("api_keys", "organization_id", "position"),
        ("audit_entries", "organization_id", "position"),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    _delete_tombstones()
    for table, column in ADDED_COLUMNS:
        op.drop_column(table, column)


def _delete_tombstones() -> None:
    """Delete their tombstones: a program of the earlier revision would treat them as organizations."""
    organizations = sa.table("organizations", sa.column("id"), sa.column("removed_at"))
    connections = sa.table("connections", sa.column("organization_id"))
    removed = sa.select(organizations.c.id).where(organizations.c.removed_at.is_not(sa.null()))
    op.execute(sa.delete(connections).where(connections.c.organization_id.in_(removed)))
    op.execute(sa.delete(organizations).where(organizations.c.removed_at.is_not(sa.null())))


def _position() -> sa.Column[int]:
    counter = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("position", counter, sa.Identity(), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    # Existing rows need a default.
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}")
