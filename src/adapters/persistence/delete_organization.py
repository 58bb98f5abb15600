"""Taking an organization away, with all that is its own; and letting nothing new be its own afterwards."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.tables import (
    api_keys,
    checkpoints,
    connections,
    create_intents,
    grants,
    mappings,
    notices,
    organizations,
    outcomes,
    portal_revocations,
    recipients,
    replaced_runs,
    run_bookings,
    runs,
    schedules,
    synced_records,
)
from core.domain.ids import OrganizationId
from ports.store.errors import PersistenceError

_NOT_REMOVED = sa.select(sa.func.count()).where(
    organizations.c.id.in_(sa.bindparam("ids", expanding=True)), organizations.c.removed_at.is_(sa.null())
)


def statements_to_delete(organization_id: OrganizationId, at: datetime) -> Sequence[sa.Executable]:
    """Give the statements, in an order in which no row ever refers to one that is gone.

    A tombstone stays with the address of its Sessionboard: by that the connections are told apart (rule 10).
    """
    own_mappings = sa.select(mappings.c.id).where(mappings.c.organization_id == organization_id)
    own_runs = sa.select(runs.c.id).where(runs.c.mapping_id.in_(own_mappings))
    is_own_connection = connections.c.organization_id == organization_id
    return (
        sa.delete(outcomes).where(outcomes.c.run_id.in_(own_runs)),
        sa.delete(replaced_runs).where(replaced_runs.c.run_id.in_(own_runs)),
        sa.delete(run_bookings).where(run_bookings.c.mapping_id.in_(own_mappings)),
        sa.delete(checkpoints).where(checkpoints.c.mapping_id.in_(own_mappings)),
        sa.delete(runs).where(runs.c.mapping_id.in_(own_mappings)),
        sa.delete(schedules).where(schedules.c.mapping_id.in_(own_mappings)),
        *(
            sa.delete(table).where(table.c.organization_id == organization_id)
            for table in (
                notices,
                recipients,
                mappings,
                synced_records,
                create_intents,
                api_keys,
                grants,
                portal_revocations,
            )
        ),
        sa.update(connections)
        .where(is_own_connection, connections.c.ended_at.is_(sa.null()))
        .values(ended_at=at),
        sa.update(connections).where(is_own_connection).values(sealed_token=None, token_hint=""),
        sa.update(organizations)
        .where(organizations.c.id == organization_id, organizations.c.removed_at.is_(sa.null()))
        # A name has no line breaks: so this one is nobody's, and the former one is free.
        .values(name="", name_folded=f"\n{organization_id}", sealed_token="", removed_at=at),
    )


def check_are_there(database: sa.Connection, ids: Iterable[OrganizationId | None]) -> None:
    """See that organizations are not removed: a foreign key finds the tombstones of those that are.

    Raises:
        PersistenceError
    """
    wanted = {each for each in ids if each is not None}
    if wanted and database.scalar(_NOT_REMOVED, {"ids": [*wanted]}) != len(wanted):
        raise PersistenceError("The database refused a row of an organization that it does not hold.")
