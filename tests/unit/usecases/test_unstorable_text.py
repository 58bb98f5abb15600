"""NUL and lone surrogates, which no database stores, are refused before any query."""

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
from tests.support.access_harness import AccessHarness
from tests.support.harness import ELSEWHERE, FAR, Harness

ACTOR = Actor("ada", frozenset({Grant(Role.ADMIN)}))
ODD = ["\0", "id1\0", "\ud800", "\udfff at the end"]


class StrictRepository:
    """A repository that accepts only texts that PostgreSQL accepts."""

    def __init__(self, inside: Any) -> None:
        self._inside = inside

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inside, name)
        if not callable(found):
            return StrictRepository(found) if hasattr(found, "_rows") else found

        def checked(*args: Any, **named: Any) -> Any:
            for text in _texts((*args, *named.values())):
                assert "\0" not in text, f"{name} was queried with {text!r}"
                text.encode()
            return found(*args, **named)

        return checked


def _texts(values: tuple[Any, ...]) -> list[str]:
    flat = [each for value in values for each in (value if isinstance(value, list | tuple) else [value])]
    return [each for each in flat if isinstance(each, str)]


class StrictUnits:
    def __init__(self, units: UnitOfWorkFactory) -> None:
        self._units = units

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        async with self._units.read() as unit:
            yield StrictRepository(unit)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        async with self._units.write() as unit:
            yield StrictRepository(unit)


Asking = Callable[[Harness, AccessHarness, EventMapping, str], Awaitable[object]]
LOOK_UPS: dict[str, Asking] = {
    "organization": lambda _, access_harness, __, odd: access_harness.authorize_organization(
        ACTOR, Permission.READ, OrganizationId(odd)
    ),
    "mapping": lambda _, access_harness, __, odd: access_harness.authorize_mapping(
        ACTOR, Permission.READ, MappingId(odd)
    ),
    "run": lambda _, access_harness, __, odd: access_harness.authorize_run(
        ACTOR, Permission.READ, RunId(odd)
    ),
    "name": lambda harness, _, __, odd: FindOrganization(harness.units)(odd),
    "API key": lambda _, access_harness, mapping, odd: access_harness.revoke_api_key(
        mapping.organization_id, ApiKeyId(odd), actor=COMMAND_LINE
    ),
    "person": lambda _, access_harness, mapping, odd: access_harness.create_portal_link(
        PersonQuery(mapping.id, SPEAKER.name, SourceId(odd)), actor=COMMAND_LINE
    ),
    "kind": lambda _, access_harness, mapping, odd: access_harness.create_portal_link(
        PersonQuery(mapping.id, odd, SourceId("ada")), actor=COMMAND_LINE
    ),
    "record": lambda harness, _, mapping, odd: GetRecordHistory(harness.units)(mapping.id, odd),
    "a run before": lambda harness, _, mapping, odd: harness.list_runs(mapping.id, before=RunId(odd)),
    "an organization's run before": lambda harness, _, mapping, odd: ListOrganizationRuns(harness.units)(
        mapping.organization_id, before=RunId(odd)
    ),
    "Sessionboard event": lambda harness, _, mapping, odd: harness.map_events(
        NewMapping(mapping.organization_id, SourceEventId(odd), FAR)
    ),
    "Gleanin event": lambda harness, _, mapping, odd: harness.map_events(
        NewMapping(mapping.organization_id, ELSEWHERE, DestinationEventId(odd))
    ),
    "event": lambda harness, _, mapping, odd: harness.get_event(mapping.organization_id, SourceEventId(odd)),
}


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize("what", LOOK_UPS)
async def test_unstorable_text_is_not_found_without_a_database_query(
    harness: Harness, access_harness: AccessHarness, what: str, odd: str, mapping: EventMapping
) -> None:
    harness.units = StrictUnits(harness.units)
    with pytest.raises(NotFound) as refused:
        await LOOK_UPS[what](harness, access_harness, mapping, odd)
    assert str(refused.value).isprintable()
