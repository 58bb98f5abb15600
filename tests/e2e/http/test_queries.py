"""The number of database queries of a page: small, and independent of the amount of data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from core.domain.ids import MappingId
from entrypoints.container import Container
from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ADMIN, EVERYWHERE

MOST = {
    "/organizations": 7,
    "{o}/events": 12,
    "{o}/events/{e}/agenda": 10,
    "{o}/events/{e}/exhibitors": 10,
    "{o}/events/{e}/preview": 10,
    "{o}/history": 10,
    "/runs/{r}": 9,
    "{o}/share-links": 9,
    "{o}/integrations": 8,
    "{o}/integrations/mappings": 8,
    "{o}/settings": 9,
    "{o}/settings/audit-log": 5,
    "/mappings/{m}/records?who=nobody": 7,
}
"""Maximum statements by page. Four or five of them authenticate, authorize, and check whether the connection is halted.
Four read the health of the mappings and their last checks; two read only the last checks, one those of one run."""


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """Record the statements that the engine executes."""
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


async def _event_of(container: Container, mapping_id: str) -> str:
    async with container.units().read() as unit:
        mapping = await unit.mappings.get(MappingId(mapping_id))
    assert mapping
    return mapping.events.source_id


@pytest.mark.parametrize("page", MOST)
def test_a_page_asks_the_database_a_few_times(served: Served, page: str) -> None:
    acme, browser = served.acme, served.signed_in(EVERYWHERE if page == "/organizations" else ADMIN)
    event = served.running.ask(lambda container: _event_of(container, acme.mapping))
    names: dict[str, Any] = {
        "o": f"/organizations/{acme.organization}",
        "e": event,
        "m": acme.mapping,
        "r": acme.run,
    }
    path = page.format(**names)
    browser.get(path)  # the snapshot of the other systems is cached now
    asked = []
    for _ in range(3):  # a look for due syncs may happen in between
        with counted(served.running.container.engine()) as statements:
            answer = browser.get(path)
        assert answer.status_code in {200, 404}, answer.text
        asked.append(statements)
    fewest = min(asked, key=len)
    assert len(fewest) <= MOST[page], "\n".join(fewest)
