"""Share links that are written back into the source."""

import json

import sqlalchemy as sa
from alembic import op

from adapters.persistence.tables import COUNTER, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RECORDS = sa.table(
    "synced_records",
    *(sa.column(name) for name in ("organization_id", "destination_event_id", "kind", "source_id", "links")),
)
ADDED = ("link_field", "company_link_field", "link_campaign")
"""Existing mappings write nothing back."""


def upgrade() -> None:
    for name in ADDED:
        op.add_column("event_mappings", _text(name, default=""))
    op.add_column("sync_runs", _text("link_counts", default="{}"))
    op.create_table(
        "written_links",
        _text("place"),
        _text("record_id"),
        _text("organization_id"),
        _text("holder"),
        _text("field"),
        _text("value"),
        _text("pending"),
        sa.Column("written_at", UtcDateTime()),
        sa.Column("has_echo", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("place", "record_id"),
    )
    _index("written_links", "organization_id", "record_id")
    op.create_table(
        "link_outcomes",
        sa.Column("position", COUNTER, sa.Identity(), primary_key=True),
        _text("mapping_id"),
        sa.Column("run_id", sa.Text()),
        *(_text(name) for name in ("kind", "source_id", "label", "holder", "outcome")),
        *(_text(name) for name in ("reason_code", "reason_sentence", "reason_detail", "url")),
        sa.ForeignKeyConstraint(["mapping_id"], ["event_mappings.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"]),
    )
    _index("link_outcomes", "run_id", "position")
    _index("link_outcomes", "mapping_id", "source_id", "position")
    op.create_table(
        "write_quotas",
        sa.Column("digest", sa.Text(), primary_key=True),
        _text("writes"),
        sa.Column("paused_until", UtcDateTime()),
    )
    op.create_table(
        "field_orders",
        sa.Column("place", sa.Text(), primary_key=True),
        _text("organization_id"),
        sa.Column("ordered_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
    )
    _index("field_orders", "organization_id")


def downgrade() -> None:
    _cut_campaigns()
    for table in ("field_orders", "write_quotas", "link_outcomes", "written_links"):
        op.drop_table(table)
    op.drop_column("sync_runs", "link_counts")
    for name in reversed(ADDED):
        op.drop_column("event_mappings", name)


def _cut_campaigns() -> None:
    """Remove the campaigns from the links of people, which earlier versions cannot read."""
    key = (RECORDS.c.organization_id, RECORDS.c.destination_event_id, RECORDS.c.kind, RECORDS.c.source_id)
    connection = op.get_bind()
    for *of_record, links in connection.execute(
        sa.select(*key, RECORDS.c.links).where(RECORDS.c.links != "[]")
    ).all():
        cut = json.dumps([link[:2] for link in json.loads(links)], ensure_ascii=False, separators=(",", ":"))
        conditions = (column == value for column, value in zip(key, of_record, strict=True))
        connection.execute(sa.update(RECORDS).where(*conditions).values(links=cut))


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, [*columns])
