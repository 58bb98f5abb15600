"""What no database stores, none is asked for: NUL and lone surrogates are refused before."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from core.domain.access.authorization import COMMAND_LINE, Actor, Grant, Permission, Role
from core.domain.errors import NotFound
from core.domain.ids import (
    ApiKeyId,
    DestinationEventId,
    MappingId,
    OrganizationId,
    RunId,
    SourceEventId,
    SourceId,
)
from core.domain.records.kinds import SPEAKER
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.portal_person import PersonQuery
from core.usecases.mappings.map_events import NewMapping
from core.usecases.organizations.queries import FindOrganization
from core.usecases.results.get_record_history import GetRecordHistory
from core.usecases.runs.queries import ListOrganizationRuns
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.unit.usecases.doors import Doors
from tests.unit.usecases.stage import ELSEWHERE, FAR, Stage

ACTOR = Actor("ada", frozenset({Grant(Role.ADMIN)}))
ODD = ["\0", "id1\0", "\ud800", "\udfff at the end"]


class Picky:
    """A part of a unit that is asked only what PostgreSQL can be asked."""

    def __init__(self, inside: Any) -> None:
        self._inside = inside

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inside, name)
        if not callable(found):
            return Picky(found) if hasattr(found, "_rows") else found

        def asked(*args: Any, **named: Any) -> Any:
            for each in _texts((*args, *named.values())):
                assert "\0" not in each, f"{name} was asked for {each!r}"
                each.encode()
            return found(*args, **named)

        return asked


def _texts(values: tuple[Any, ...]) -> list[str]:
    flat = [each for value in values for each in (value if isinstance(value, list | tuple) else [value])]
    return [each for each in flat if isinstance(each, str)]


class PickyUnits:
    def __init__(self, units: UnitOfWorkFactory) -> None:
        self._units = units

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        async with self._units.read() as unit:
            yield Picky(unit)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        async with self._units.write() as unit:
            yield Picky(unit)


Asking = Callable[[Stage, Doors, EventMapping, str], Awaitable[object]]
LOOK_UPS: dict[str, Asking] = {
    "organization": lambda _, doors, __, odd: doors.admit_to_organization(
        ACTOR, Permission.READ, OrganizationId(odd)
    ),
    "mapping": lambda _, doors, __, odd: doors.admit_to_mapping(ACTOR, Permission.READ, MappingId(odd)),
    "run": lambda _, doors, __, odd: doors.admit_to_run(ACTOR, Permission.READ, RunId(odd)),
    "name": lambda stage, _, __, odd: FindOrganization(stage.units)(odd),
    "API key": lambda _, doors, mapping, odd: doors.revoke_api_key(
        mapping.organization_id, ApiKeyId(odd), actor=COMMAND_LINE
    ),
    "person": lambda _, doors, mapping, odd: doors.make_portal_address(
        PersonQuery(mapping.id, SPEAKER.name, SourceId(odd)), actor=COMMAND_LINE
    ),
    "kind": lambda _, doors, mapping, odd: doors.make_portal_address(
        PersonQuery(mapping.id, odd, SourceId("ada")), actor=COMMAND_LINE
    ),
    "record": lambda stage, _, mapping, odd: GetRecordHistory(stage.units)(mapping.id, odd),
    "a run before": lambda stage, _, mapping, odd: stage.list_runs(mapping.id, before=RunId(odd)),
    "an organization's run before": lambda stage, _, mapping, odd: ListOrganizationRuns(stage.units)(
        mapping.organization_id, before=RunId(odd)
    ),
    "Sessionboard event": lambda stage, _, mapping, odd: stage.map_events(
        NewMapping(mapping.organization_id, SourceEventId(odd), FAR)
    ),
    "Gleanin event": lambda stage, _, mapping, odd: stage.map_events(
        NewMapping(mapping.organization_id, ELSEWHERE, DestinationEventId(odd))
    ),
    "event": lambda stage, _, mapping, odd: stage.show_event(mapping.organization_id, SourceEventId(odd)),
}


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("what", LOOK_UPS)
async def test_odd_text_is_not_found_and_no_database_is_asked_for_it(
    stage: Stage, doors: Doors, what: str, odd: str, mapping: EventMapping
) -> None:
    stage.units = PickyUnits(stage.units)
    with pytest.raises(NotFound) as refused:
        await LOOK_UPS[what](stage, doors, mapping, odd)
    assert str(refused.value).isprintable()
