"""Which open runs wait for somebody to carry them out, out of the table of runs."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.tables import mappings, runs
from core.domain.identifiers import OrganizationId
from core.domain.runs import RunState, Trigger
from core.domain.turns import WaitingRun
from ports.persistence import RunCounts


def is_in_state(state: RunState) -> sa.ColumnElement[bool]:
    # The state is written out, for only so does SQLite see that the partial index serves.
    return runs.c.state == sa.literal(state.value, literal_execute=True)


_OPEN = sa.union_all(
    *(
        sa.select(
            runs.c.id,
            runs.c.mapping_id,
            mappings.c.organization_id,
            runs.c.trigger,
            runs.c.requested_at,
            runs.c.state,
            runs.c.lease_until,
            runs.c.position,
        )
        .join(mappings, mappings.c.id == runs.c.mapping_id)
        .where(is_in_state(state))
        for state in (RunState.RUNNING, RunState.QUEUED)
    )
)


def counted_at(now: datetime, database: sa.Connection) -> Mapping[OrganizationId, RunCounts]:
    """Count the open runs of each organization."""
    queued, running = defaultdict[OrganizationId, list[datetime]](list), Counter[OrganizationId]()
    for row in database.execute(_OPEN).all():
        if row.state == RunState.QUEUED:
            queued[row.organization_id].append(row.requested_at)
        elif row.lease_until is not None and row.lease_until > now:
            running[row.organization_id] += 1
    return {
        who: RunCounts(len(queued[who]), running[who], min(queued[who], default=None))
        for who in {*queued, *running}
    }


def waiting_at(
    now: datetime, database: sa.Connection
) -> tuple[Sequence[WaitingRun], Mapping[OrganizationId, int]]:
    """Give the runs that wait, oldest first, and how many of each organization are going on."""
    rows = sorted(database.execute(_OPEN).all(), key=lambda row: row.position)
    carried_out = {row.mapping_id for row in rows if row.state == RunState.RUNNING}
    waiting, going_on = list[WaitingRun](), Counter[OrganizationId]()
    for row in rows:
        is_running = row.state == RunState.RUNNING
        if is_running and row.lease_until is not None and row.lease_until > now:
            going_on[row.organization_id] += 1
        # What is queued behind an abandoned run comes once that one is ended.
        elif is_running or row.mapping_id not in carried_out:
            trigger = Trigger(row.trigger)
            waiting.append(
                WaitingRun(
                    row.id,
                    row.mapping_id,
                    row.organization_id,
                    trigger,
                    row.requested_at,
                    is_abandoned=is_running,
                )
            )
    return waiting, going_on
