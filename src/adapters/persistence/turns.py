"""Which open runs wait for somebody to carry them out, out of the table of runs."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.tables import mappings, runs
from core.domain.identifiers import OrganizationId
from core.domain.runs import RunState, Trigger
from core.domain.turns import WaitingRun, place_of
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
            runs.c.paused_until,
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
        if row.state == RunState.QUEUED or row.paused_until is not None:
            _, since = place_of(Trigger(row.trigger), row.requested_at, row.paused_until)
            queued[row.organization_id].append(since)
        elif row.lease_until is not None and row.lease_until > now:
            running[row.organization_id] += 1
        else:  # it waits to be taken over
            queued[row.organization_id].append(row.lease_until or row.requested_at)
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
    by_hand = {
        row.mapping_id for row in rows if row.state == RunState.QUEUED and row.trigger == Trigger.MANUAL
    }
    waiting, going_on = list[WaitingRun](), Counter[OrganizationId]()
    for row in rows:
        is_running, is_paused = row.state == RunState.RUNNING, row.paused_until is not None
        if is_paused and row.paused_until > now:
            continue
        if is_running and not is_paused and row.lease_until is not None and row.lease_until > now:
            going_on[row.organization_id] += 1
        # What is queued behind an abandoned run, or one between two slices, comes once that one is ended.
        elif is_running or row.mapping_id not in carried_out:
            awaited = row.mapping_id in by_hand
            place = place_of(Trigger(row.trigger), row.requested_at, row.paused_until, is_awaited=awaited)
            ids = row.id, row.mapping_id, row.organization_id
            waiting.append(WaitingRun(*ids, *place, is_abandoned=is_running and not is_paused))
    return waiting, going_on
