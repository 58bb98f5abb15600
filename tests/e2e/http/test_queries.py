"""The number of database queries of a page: small, and independent of the amount of data."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId
from core.domain.runs.run import SyncRun
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.shared.link_fields import LinkChange
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ADMIN, EVERYWHERE
from tests.support.link_source import FIELD
from tests.support.memory_links import memory_links

MOST = {
    "/organizations": 7,
    "{o}/events": 12,
    "{o}/events/{e}/agenda": 10,
    "{o}/events/{e}/exhibitors": 10,
    "{o}/events/{e}/preview": 10,
    "{o}/history": 10,
    "/runs/{r}": 9,
    "{o}/share-links": 10,
    "{o}/integrations": 8,
    "{o}/integrations/mappings": 8,
    "{o}/settings": 9,
    "{o}/settings/audit-log": 5,
    "/mappings/{m}/records?who=nobody": 7,
}
"""Maximum statements by page. Four or five of them authenticate, authorize, and check whether the connection is halted.
Four read the health of the mappings and their last checks; two read only the last checks, one those of one run."""


WITH_LINKS = {
    "/runs/{r}": 10,
    "{o}/share-links": 11,
    "/mappings/{m}/records?who={p}": 8,
    "{o}/integrations/mappings/{m}/settings": 9,
    "{o}/integrations/mappings/{m}/write-back": 5,
    "{o}/integrations/mappings/{m}/write-back?change=true": 9,
    "{o}/integrations/mappings/{m}/write-back/preview?field=gleanin_link": 7,
}
"""The same where share links are written into the source: the run's page, the share links' and the person's ask once more each. Choosing
reads the links of each kind of people, to list their campaigns."""


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
    check_statements(served, browser, page.format(**names), MOST[page])


def check_statements(served: Served, browser: httpx.Client, path: str, most: int) -> None:
    browser.get(path)  # the snapshot of the other systems is cached now
    asked = []
    for _ in range(3):  # a look for due syncs may happen in between
        with counted(served.running.container.engine()) as statements:
            answer = browser.get(path)
        assert answer.status_code in {200, 404}, answer.text
        asked.append(statements)
    fewest = min(asked, key=len)
    assert len(fewest) <= most, "\n".join(fewest)


async def _write_links(container: Container, mapping_id: MappingId) -> SyncRun:
    change = SettingsChange(mapping_id, links=LinkChange(FIELD))
    await container.resolve(ChangeSettings)(change, actor=COMMAND_LINE)
    requested = await container.resolve(RequestSync)(SyncRequest(mapping_id, actor=COMMAND_LINE))
    return await container.resolve(RunSync)(requested.id)


def test_rule_38_a_page_asks_a_few_times_where_links_are_written_into_the_source(fresh: Served) -> None:
    acme = fresh.acme
    with memory_links(fresh.running, acme.mapping):
        run = fresh.running.ask(lambda container: _write_links(container, MappingId(acme.mapping)))
        assert run.links
        names = {
            "o": f"/organizations/{acme.organization}",
            "m": acme.mapping,
            "r": run.id,
            "p": acme.person,
        }
        for page, most in WITH_LINKS.items():
            check_statements(fresh, fresh.signed_in(ADMIN), page.format(**names), most)
