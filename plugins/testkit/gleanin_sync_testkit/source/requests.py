"""What a source sends: it reads only."""

from datetime import timedelta

from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS, Feed
from core.domain.records.source_records import Session
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests, check_requests
from gleanin_sync_testkit.source.reading import read_records
from gleanin_sync_testkit.source.system import System
from ports.source import SourceUnreadable

UNHEARD_OF = Feed("unheard_of_by_any_source", Session)


class RequestTests(SourceTests):
    @requirement("Never writes to the source, and sends nothing to another host", rule=33, needs=("is_http",))
    async def test_nothing_is_written(self, system: System) -> None:
        system.put_sessions(system.stand_in.page_size + 1)
        async with system.opened() as source:
            for operation in system.operations().values():
                assert (await operation(source)).complete or operation is not None
            await source.has_changed(
                SourceEventId(system.event.id), system.stand_in.now - timedelta(minutes=1)
            )
        assert system.wire.requests, "The plug-in sent no request by the client that it was given."
        check_requests(system)

    @requirement("Sends no request for each row", needs=("is_http", "is_paged"))
    async def test_requests_are_few(self, system: System) -> None:
        counts = []
        for pages in (1, 3):
            system.put_sessions(pages * system.stand_in.page_size)
            before = len(system.wire.requests)
            assert (await system.read()).complete
            counts.append(len(system.wire.requests) - before)
        lists = max(1, len({system.stand_in.list_of(request) for request in system.wire.requests}))
        assert counts[1] <= counts[0] + 3 * lists, (
            f"Reading three pages of {system.stand_in.page_size} sessions took {counts[1]} requests, and one page "
            f"{counts[0]}. Read lists, and never row by row."
        )

    @requirement("Has no rows of a feed that it does not know, and says so or is quiet", needs=("is_http",))
    async def test_unknown_feed(self, system: System) -> None:
        system.put(SESSIONS, system.examples.sessions(2))
        async with system.opened() as source:
            reading = await read_records(source, system.event.id, UNHEARD_OF)
        assert not reading.rows, f"{reading.words} returned rows of another feed."
        assert reading.error is None or isinstance(reading.error, SourceUnreadable), reading.error
