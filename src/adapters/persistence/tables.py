"""The tables. Change them together with a migration: a test compares the two.

Each table lists its columns with personal data in `info["personal_data"]`; an empty tuple means that it has none.
Personal data is what identifies or describes a person, including their id in another system and digests of it. Keys
of accounts are not listed: once the account is deleted, they refer to nothing. A test checks the lists.

Longer than other files, because it shows the whole schema at a glance: the tables refer to one another.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from ports.store.errors import UniqueConstraint


class UtcDateTime(sa.TypeDecorator[datetime]):
    """An instant. SQLite has no time zones, so it stores the UTC time without one."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time needs a time zone"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# In SQLite, only an INTEGER PRIMARY KEY increments itself.
COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _position() -> sa.Column[int]:
    """Return a column that numbers rows in the order in which they were added: times can be equal."""
    return sa.Column("position", COUNTER, sa.Identity(), primary_key=True)


def _text(
    name: str, *constraints: sa.ForeignKey, nullable: bool = False, default: str | None = None
) -> sa.Column[str]:
    """Return a text column without a maximum length: names come from other systems."""
    return sa.Column(name, sa.Text(), *constraints, nullable=nullable, server_default=default)


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcDateTime(), nullable=nullable)


def _flag(name: str, *, default: sa.ColumnElement[bool] | None = None) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def _unique_index(
    constraint: UniqueConstraint, *columns: sa.Column[str], where: str | None = None
) -> sa.Index:
    condition = None if where is None else sa.text(where)
    return sa.Index(
        f"one_{constraint}", *columns, unique=True, sqlite_where=condition, postgresql_where=condition
    )


def _index_where(condition: str, name: str, column: str) -> sa.Index:
    where = sa.text(condition)
    return sa.Index(name, column, sqlite_where=where, postgresql_where=where)


def _lookup(column: sa.Column[str]) -> sa.Index:
    # A hash index where supported: a B-tree of PostgreSQL rejects texts of more than 2,700 bytes.
    return sa.Index(None, column, postgresql_using="hash")


organizations = sa.Table(
    "organizations",
    metadata,
    sa.Column("id", sa.Text(), primary_key=True),
    _text("name"),
    _text("name_folded"),
    _text("source", default=""),
    _text("source_name", default=""),
    _text("source_url"),
    _text("sealed_token"),
    _text("sealed_fields", nullable=True),
    _time("removed_at", nullable=True),
    info={"personal_data": ()},
)

connections = sa.Table(
    "connections",
    metadata,
    sa.Column("id", sa.Text(), primary_key=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _text("sealed_token", nullable=True),
    _text("sealed_fields", nullable=True),
    _text("url", default=""),
    _text("destination", default=""),
    _text("destination_name", default=""),
    _text("token_hint"),
    _time("opened_at"),
    _time("ended_at", nullable=True),
    _flag("continuous_sync", default=sa.false()),
    info={"personal_data": ()},
)

IS_CONTINUOUS = "continuous_sync AND removed_at IS NULL AND NOT connection_ended"
"""Which mappings may sync automatically. Queries must repeat it word for word, or SQLite does not use the index."""

mappings = sa.Table(
    "event_mappings",
    metadata,
    _position(),
    sa.Column("id", sa.Text(), nullable=False, unique=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _text("connection_id", sa.ForeignKey("connections.id")),
    _text("source", default=""),
    _text("source_url"),
    _text("source_event_id"),
    _text("source_event_name"),
    _text("destination", default=""),
    _text("destination_event_id"),
    _text("destination_event_name"),
    _time("created_at"),
    _text("tracks"),
    _flag("chairpersons"),
    _flag("moderators"),
    _text("exhibitor_name"),
    _text("kind_settings", default="{}"),
    _text("confirmed_time_zone", nullable=True),
    _flag("written"),
    _time("removed_at", nullable=True),
    _flag("connection_ended"),
    _flag("holds_events"),
    _flag("continuous_sync", default=sa.false()),
    _text("time_zone", nullable=True),
    _text("destination_time_zone", nullable=True),
    _flag("settings_saved", default=sa.true()),
    _flag("one_name_is_enough", default=sa.false()),
    _flag("only_accepted_roles", default=sa.true()),
    _text("link_field", default=""),
    _text("company_link_field", default=""),
    _text("link_campaign", default=""),
    sa.Index(None, "organization_id"),
    sa.Index(None, "connection_id"),
    _index_where(IS_CONTINUOUS, "continuous_mappings", "id"),
    info={"personal_data": ()},
)

schedules = sa.Table(
    "schedules",
    metadata,
    sa.Column("mapping_id", sa.Text(), sa.ForeignKey("event_mappings.id"), primary_key=True),
    _time("due_at"),
    sa.Column("failures", sa.Integer(), nullable=False),
    _time("hinted_at", nullable=True),
    _time("failing_since", nullable=True),
    _time("halted_at", nullable=True),
    _text("halted_by", nullable=True),
    _text("halted_identifier", nullable=True),
    _time("last_checked_at", nullable=True),
    _text("check_owner", nullable=True),
    _time("check_until", nullable=True),
    sa.Index(None, "due_at"),
    _index_where("check_owner IS NOT NULL", "checked_mappings", "check_until"),
    info={"personal_data": ()},
)

runs = sa.Table(
    "sync_runs",
    metadata,
    _position(),
    sa.Column("id", sa.Text(), nullable=False, unique=True),
    _text("mapping_id", sa.ForeignKey("event_mappings.id")),
    _text("trigger"),
    _text("scope"),
    _time("requested_at"),
    _text("state"),
    _text("owner", nullable=True),
    _time("lease_until", nullable=True),
    _text("stop_asked", nullable=True),
    _time("started_at", nullable=True),
    _time("finished_at", nullable=True),
    _text("stop_code", nullable=True),
    _text("stop_by", nullable=True),
    _text("stop_sentence", nullable=True),
    _text("message"),
    _text("counts"),
    _text("progress"),
    _text("requested_by", default=""),
    _text("link_counts", default="{}"),
    sa.Index(None, "mapping_id", "position"),
    sa.Index(None, "mapping_id", "scope", "position"),
    sa.Index(None, "finished_at"),
    info={"personal_data": ("requested_by", "stop_sentence", "message")},
)

replaced_runs = sa.Table(
    "replaced_runs",
    metadata,
    # Runs that an earlier version stored although they only confirmed another one.
    sa.Column("id", sa.Text(), primary_key=True),
    _text("run_id", sa.ForeignKey("sync_runs.id")),
    sa.Index(None, "run_id"),
    info={"personal_data": ()},
)

unchanged_markers = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("mapping_id", sa.Text(), sa.ForeignKey("event_mappings.id"), primary_key=True),
    _text("run_id", sa.ForeignKey("sync_runs.id")),
    _time("read_at"),
    _time("verdict_at", nullable=True),
    _text("digest"),
    _text("many", default=""),
    sa.Index(None, "run_id"),
    info={"personal_data": ()},
)

idempotency_keys = sa.Table(
    "run_bookings",
    metadata,
    sa.Column("mapping_id", sa.Text(), sa.ForeignKey("event_mappings.id"), primary_key=True),
    # A digest: the key may be longer than a B-tree of PostgreSQL accepts.
    sa.Column("request_key", sa.Text(), primary_key=True),
    _text("run_id", sa.ForeignKey("sync_runs.id")),
    sa.Index(None, "run_id"),
    info={"personal_data": ()},
)

synced_records = sa.Table(
    "synced_records",
    metadata,
    sa.Column("organization_id", sa.Text(), sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("destination_event_id", sa.Text(), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("source_id", sa.Text(), primary_key=True),
    _text("label"),
    _text("destination_id"),
    _text("connection_id", sa.ForeignKey("connections.id")),
    _text("fingerprint"),
    _text("fields"),
    _text("email", nullable=True),
    _text("links"),
    _time("left_at", nullable=True),
    info={
        "personal_data": ("source_id", "label", "destination_id", "fingerprint", "fields", "email", "links")
    },
)

create_intents = sa.Table(
    "create_intents",
    metadata,
    sa.Column("organization_id", sa.Text(), sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("destination_event_id", sa.Text(), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("source_id", sa.Text(), primary_key=True),
    _text("connection_id", sa.ForeignKey("connections.id")),
    _text("field_names"),
    _time("sent_at", nullable=True),
    info={"personal_data": ("source_id",)},
)

outcomes = sa.Table(
    "record_outcomes",
    metadata,
    _position(),
    _text("run_id", sa.ForeignKey("sync_runs.id")),
    _text("kind"),
    _text("source_id"),
    _text("label"),
    _text("email", nullable=True),
    _text("mailbox", nullable=True),
    _text("outcome"),
    _text("reason_code"),
    _text("reason_sentence"),
    _text("reason_detail"),
    _text("destination_id", nullable=True),
    sa.UniqueConstraint("run_id", "kind", "source_id"),
    info={
        "personal_data": (
            "source_id",
            "label",
            "email",
            "mailbox",
            "reason_sentence",
            "reason_detail",
            "destination_id",
        )
    },
)
_lookup(outcomes.c.source_id)
_lookup(outcomes.c.destination_id)
_lookup(outcomes.c.mailbox)

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Text(), primary_key=True),
    _text("email"),
    _text("mailbox"),
    _text("password_hash", nullable=True),
    _time("created_at"),
    info={"personal_data": ("email", "mailbox", "password_hash")},
)

provider_identities = sa.Table(
    "provider_identities",
    metadata,
    sa.Column("issuer", sa.Text(), primary_key=True),
    sa.Column("subject", sa.Text(), primary_key=True),
    _text("account_id", sa.ForeignKey("accounts.id")),
    sa.Index("one_account_identity", "account_id", "issuer", unique=True),
    info={"personal_data": ("subject",)},
)

installation = sa.Table(
    "installation",
    metadata,
    sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
    sa.Column("accounts_added", sa.Integer(), nullable=False),
    _text("served_url", nullable=True),
    info={"personal_data": ()},
)

grants = sa.Table(
    "grants",
    metadata,
    _text("account_id", sa.ForeignKey("accounts.id")),
    _text("organization_id", sa.ForeignKey("organizations.id"), nullable=True),
    _text("role"),
    sa.Index("one_grant_in_an_organization", "account_id", "organization_id", unique=True),
    # To the index above, NULLs are all different.
    sa.Index(
        "one_grant_in_all_organizations",
        "account_id",
        unique=True,
        sqlite_where=sa.text("organization_id IS NULL"),
        postgresql_where=sa.text("organization_id IS NULL"),
    ),
    sa.Index(None, "organization_id"),
    info={"personal_data": ()},
)

login_sessions = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("digest", sa.Text(), primary_key=True),
    _text("account_id", sa.ForeignKey("accounts.id")),
    _time("started_at"),
    sa.Index(None, "account_id"),
    sa.Index(None, "started_at"),
    info={"personal_data": ()},
)

attempts = sa.Table(
    "sign_in_attempts",
    metadata,
    # A digest: a client can send a subject of any length.
    sa.Column("subject", sa.Text(), primary_key=True),
    sa.Column("failures", sa.Integer(), nullable=False),
    _time("last_at", nullable=True),
    sa.Index(None, "last_at"),
    info={"personal_data": ("subject",)},
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _position(),
    sa.Column("id", sa.Text(), nullable=False, unique=True),
    _text("name"),
    sa.Column("digest", sa.Text(), nullable=False, unique=True),
    _text("organization_id", sa.ForeignKey("organizations.id"), nullable=True),
    _text("role"),
    _time("created_at"),
    _text("created_by"),
    _time("revoked_at", nullable=True),
    sa.Index(None, "organization_id", "position"),
    info={"personal_data": ("created_by",)},
)

# No foreign key to organizations: the log also covers deleted ones.
audit_entries = sa.Table(
    "audit_entries",
    metadata,
    _position(),
    _time("done_at"),
    _text("done_by"),
    _text("action"),
    _text("organization_id", nullable=True),
    _text("what"),
    _text("detail", default=""),
    sa.Index(None, "organization_id", "position"),
    info={"personal_data": ("done_by", "what")},
)

portal_revocations = sa.Table(
    "portal_revocations",
    metadata,
    sa.Column("organization_id", sa.Text(), sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("destination_event_id", sa.Text(), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("source_id", sa.Text(), primary_key=True),
    _time("revoked_at"),
    info={"personal_data": ("source_id",)},
)

portal_addresses = sa.Table(
    "portal_addresses",
    metadata,
    sa.Column("organization_id", sa.Text(), sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("destination_event_id", sa.Text(), primary_key=True),
    sa.Column("kind", sa.Text(), primary_key=True),
    sa.Column("source_id", sa.Text(), primary_key=True),
    _time("made_at"),
    info={"personal_data": ("source_id",)},
)

written_links = sa.Table(
    "written_links",
    metadata,
    # A digest of the event, the type of the record and the field: together they may be too long for an index.
    sa.Column("place", sa.Text(), primary_key=True),
    sa.Column("record_id", sa.Text(), primary_key=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _text("holder"),
    _text("field"),
    _text("value"),
    _text("pending"),
    _time("written_at", nullable=True),
    _flag("has_echo"),
    sa.Index(None, "organization_id", "record_id"),
    info={"personal_data": ("record_id", "value", "pending")},
)

link_outcomes = sa.Table(
    "link_outcomes",
    metadata,
    _position(),
    _text("mapping_id", sa.ForeignKey("event_mappings.id")),
    # Null for a write-back without a run.
    _text("run_id", sa.ForeignKey("sync_runs.id"), nullable=True),
    _text("kind"),
    _text("source_id"),
    _text("label"),
    _text("holder"),
    _text("outcome"),
    _text("reason_code"),
    _text("reason_sentence"),
    _text("reason_detail"),
    _text("url"),
    sa.Index(None, "run_id", "position"),
    sa.Index(None, "mapping_id", "source_id", "position"),
    info={"personal_data": ("source_id", "label", "reason_sentence", "reason_detail", "url")},
)

write_quotas = sa.Table(
    "write_quotas",
    metadata,
    # A digest of the token.
    sa.Column("digest", sa.Text(), primary_key=True),
    _text("writes"),
    _time("paused_until", nullable=True),
    info={"personal_data": ()},
)

field_orders = sa.Table(
    "field_orders",
    metadata,
    sa.Column("place", sa.Text(), primary_key=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _time("ordered_at"),
    sa.Index(None, "organization_id"),
    info={"personal_data": ()},
)

recipients = sa.Table(
    "recipients",
    metadata,
    sa.Column("organization_id", sa.Text(), sa.ForeignKey("organizations.id"), primary_key=True),
    _text("channel"),
    _text("address"),
    _text("sealed_secret", nullable=True),
    info={"personal_data": ("address",)},
)

# No foreign key to runs: old runs are deleted.
notifications = sa.Table(
    "notices",
    metadata,
    _position(),
    sa.Column("id", sa.Text(), nullable=False, unique=True),
    _text("organization_id", sa.ForeignKey("organizations.id")),
    _text("mapping_id", sa.ForeignKey("event_mappings.id")),
    _text("run_id"),
    _time("changed_at"),
    _text("change"),
    _text("sentence"),
    _text("state"),
    sa.Column("attempts", sa.Integer(), nullable=False),
    _time("next_attempt_at", nullable=True),
    _text("problem"),
    sa.Index(None, "organization_id", "position"),
    sa.Index(None, "next_attempt_at"),
    sa.Index(None, "changed_at"),
    info={"personal_data": ("sentence", "problem")},
)

# SQLite names a violated index by its columns only, so no two may have the same columns in the same order.
UNIQUE_INDEXES = (
    _unique_index(UniqueConstraint.ORGANIZATION_NAME, organizations.c.name_folded),
    _unique_index(UniqueConstraint.OPEN_CONNECTION, connections.c.organization_id, where="ended_at IS NULL"),
    _unique_index(
        UniqueConstraint.SOURCE_EVENT,
        mappings.c.source,
        mappings.c.source_url,
        mappings.c.source_event_id,
        where="holds_events",
    ),
    _unique_index(
        UniqueConstraint.DESTINATION_EVENT,
        mappings.c.destination,
        mappings.c.destination_event_id,
        where="holds_events",
    ),
    _unique_index(UniqueConstraint.RUNNING_RUN, runs.c.mapping_id, runs.c.state, where="state = 'running'"),
    _unique_index(UniqueConstraint.QUEUED_RUN, runs.c.state, runs.c.mapping_id, where="state = 'queued'"),
    _unique_index(UniqueConstraint.ACCOUNT_EMAIL, accounts.c.mailbox),
)
