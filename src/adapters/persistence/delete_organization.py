"""Delete an organization with everything it owns, and reject new rows of a deleted one."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.tables import (
    api_keys,
    connections,
    create_intents,
    field_orders,
    grants,
    idempotency_keys,
    link_outcomes,
    mappings,
    notifications,
    organizations,
    outcomes,
    portal_addresses,
    portal_revocations,
    recipients,
    replaced_runs,
    runs,
    schedules,
    synced_records,
    unchanged_markers,
    written_links,
)
from core.domain.ids import OrganizationId
from ports.store.errors import PersistenceError

_COUNT_EXISTING = sa.select(sa.func.count()).where(
    organizations.c.id.in_(sa.bindparam("ids", expanding=True)), organizations.c.removed_at.is_(sa.null())
)


def statements_to_delete(organization_id: OrganizationId, at: datetime) -> Sequence[sa.Executable]:
    """Return the statements, in an order in which no row ever refers to a deleted one.

    A tombstone with its Sessionboard URL remains, because connections are distinguished by it (rule 10).
    """
    mapping_ids = sa.select(mappings.c.id).where(mappings.c.organization_id == organization_id)
    run_ids = sa.select(runs.c.id).where(runs.c.mapping_id.in_(mapping_ids))
    is_its_connection = connections.c.organization_id == organization_id
    return (
        sa.delete(outcomes).where(outcomes.c.run_id.in_(run_ids)),
        sa.delete(link_outcomes).where(link_outcomes.c.mapping_id.in_(mapping_ids)),
        sa.delete(replaced_runs).where(replaced_runs.c.run_id.in_(run_ids)),
        sa.delete(idempotency_keys).where(idempotency_keys.c.mapping_id.in_(mapping_ids)),
        sa.delete(unchanged_markers).where(unchanged_markers.c.mapping_id.in_(mapping_ids)),
        sa.delete(runs).where(runs.c.mapping_id.in_(mapping_ids)),
        sa.delete(schedules).where(schedules.c.mapping_id.in_(mapping_ids)),
        *(
            sa.delete(table).where(table.c.organization_id == organization_id)
            for table in (
                notifications,
                recipients,
                mappings,
                synced_records,
                create_intents,
                api_keys,
                grants,
                portal_revocations,
                portal_addresses,
                written_links,
                field_orders,
            )
        ),
        sa.update(connections)
        .where(is_its_connection, connections.c.ended_at.is_(sa.null()))
        .values(ended_at=at),
        sa.update(connections)
        .where(is_its_connection)
        .values(sealed_token=None, sealed_fields=None, url="", token_hint=""),
        sa.update(organizations)
        .where(organizations.c.id == organization_id, organizations.c.removed_at.is_(sa.null()))
        # No real name has line breaks, so this one never collides, and the previous name is free again.
        .values(
            name="", name_folded=f"\n{organization_id}", sealed_token="", sealed_fields=None, removed_at=at
        ),
    )


def check_organizations_exist(database: sa.Connection, ids: Iterable[OrganizationId | None]) -> None:
    """Check that organizations are not deleted. Foreign keys cannot: the tombstone of a deleted one satisfies them.

    Raises:
        PersistenceError: an organization does not exist or is deleted.
    """
    required = {organization_id for organization_id in ids if organization_id is not None}
    if required and database.scalar(_COUNT_EXISTING, {"ids": [*required]}) != len(required):
        raise PersistenceError("The database rejected a row of an organization that does not exist.")
