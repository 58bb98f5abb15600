"""Writes down what an organization is to be told, in the unit of work in which it comes about."""

from core.domain.identifiers import NoticeId
from core.domain.mappings import EventMapping
from core.domain.notices import Change, change_between
from core.domain.runs import SyncRun
from core.domain.schedule import Schedule
from core.domain.telling import notice_of
from ports.names import Names
from ports.persistence import Unit


async def note_change(
    unit: Unit, names: Names, mapping: EventMapping, run: SyncRun, *, before: Schedule | None, after: Schedule
) -> None:
    """Put a notice into the outbox, if a run has changed something that somebody wants to know.

    It is committed with the run's end and the schedule, or not at all: so a kill neither loses nor doubles it. To be
    called before a refused token halts the connection's other mappings.

    Args:
        unit: that stores the run's end.
        names: for the notice's id.
        mapping: the run's.
        run: as it has ended.
        before: the schedule as it was; None for a mapping that never had one.
        after: the schedule as the run has left it.
    """
    change = change_between(before or Schedule(mapping.id, run.requested_at), after)
    if change is None or not mapping.is_active:
        return
    if await unit.recipients.get(mapping.organization_id) is None:
        return
    if change is Change.HALTED and before is None and await _is_halted(unit, mapping):
        return  # the connection's halt was told already, for another mapping, before this one had a schedule
    await unit.notices.add(notice_of(NoticeId(names.new()), change, mapping, run))


async def _is_halted(unit: Unit, mapping: EventMapping) -> bool:
    others = await unit.schedules.of_connection(mapping.connection_id)
    return any(each.is_halted and each.mapping_id != mapping.id for each in others)
