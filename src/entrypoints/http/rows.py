"""The rows of long CSV files, read part by part; the same for the API and the pages."""

from collections.abc import AsyncIterator, Iterable, Sequence

from core.domain.ids import MappingId
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.hand_out import ListPortalAddresses
from core.usecases.results.queries import ListOutcomes, ListPeople, OutcomesQuery, PeopleQuery
from entrypoints.container import Container
from entrypoints.resources import portal, results

OUTCOMES_PER_PART = 1000
PEOPLE_PER_PART = 500

Rows = AsyncIterator[Iterable[Sequence[str | None]]]


async def outcome_rows(container: Container, run: SyncRun, only: Sequence[Outcome] = ()) -> Rows:
    """Yield the rows of a run's outcomes, in parts."""
    start: int | None = 0
    while start is not None:
        query = OutcomesQuery(run, only, start=start, limit=OUTCOMES_PER_PART)
        page = await container.resolve(ListOutcomes)(query)
        yield map(results.outcome_row, page.items)
        start = page.next


async def mail_merge_rows(container: Container, mapping: EventMapping) -> Rows:
    """Yield a row for each of a mapping's people with the portal address, in parts."""
    start: int | None = 0
    while start is not None:
        page = await container.resolve(ListPeople)(
            PeopleQuery(mapping.id, start=start, limit=PEOPLE_PER_PART)
        )
        people = await container.resolve(ListPortalAddresses).of_people(mapping, page.people)
        yield [portal.mail_merge_row(person, container.settings()) for person in people]
        start = page.next


async def link_rows(container: Container, mapping_id: MappingId, *, missing: bool) -> Rows:
    """Yield the rows of a mapping's share links, in parts."""
    start: int | None = 0
    while start is not None:
        query = PeopleQuery(mapping_id, missing, start=start, limit=PEOPLE_PER_PART)
        page = await container.resolve(ListPeople)(query)
        yield [row for person in page.people for row in results.link_rows(person)]
        start = page.next
