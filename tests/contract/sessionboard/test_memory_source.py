"""What the source in memory does on request, for other tests."""

import pytest

from adapters.memory.source import InMemorySource, InMemorySources
from core.domain.records import feeds
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.source import SourceRefused, SourceUnavailable
from tests.contract.sessionboard.conftest import all_rows, incomplete_rows
from tests.contract.sessionboard.fake_api import TOKEN
from tests.contract.sessionboard.test_over_the_wire import EVENT, EXHIBITORS, PYCON, SESSIONS


async def test_memory_fails_on_request_and_recovers() -> None:
    source = InMemorySource(error=SourceUnavailable("Try later."), pages_before_error=1)
    source.put(PYCON, SESSIONS, EXHIBITORS)
    pages = source.records(EVENT, feeds.SESSIONS)

    assert await anext(pages) == SESSIONS[:100]
    with pytest.raises(SourceUnavailable):
        await anext(pages)
    with pytest.raises(SourceUnavailable):
        await source.events()
    source.error = None
    assert await all_rows(source.records(EVENT, feeds.SESSIONS)) == SESSIONS


async def test_rule_34_memory_can_omit_the_end_of_a_list() -> None:
    source = InMemorySource()
    programme = source.put(PYCON, SESSIONS, EXHIBITORS)
    programme.missing_sessions = 120
    sessions, problem = await incomplete_rows(source.records(EVENT, feeds.SESSIONS))
    assert sessions == SESSIONS[:130]
    assert problem == "Sessionboard reports 250 sessions but returned 130."
    assert await all_rows(source.records(EVENT, feeds.EXHIBITORS)) == EXHIBITORS

    programme.missing_sessions, programme.missing_exhibitors = 0, 1
    assert await all_rows(source.records(EVENT, feeds.SESSIONS)) == SESSIONS
    exhibitors, _ = await incomplete_rows(source.records(EVENT, feeds.EXHIBITORS))
    assert exhibitors == []


async def test_memory_refuses_an_unknown_token() -> None:
    sources = InMemorySources(InMemorySource(), tokens={TOKEN})
    async with sources.open(SystemCredentials("https://api.example.com", Token("another-token"))) as source:
        with pytest.raises(SourceRefused):
            await source.events()
