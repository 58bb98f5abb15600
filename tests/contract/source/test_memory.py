"""The source in memory, which other tests use."""

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field

from adapters.memory.clock import ManualClock
from adapters.memory.source import InMemorySource
from core.domain.ids import SourceEventId
from core.domain.records.source_records import Exhibitor, Session, SourceEvent
from gleanin_sync_testkit.source import Answer, Json, Request, SourceCapabilities, SourceStandIn, SourceSuite
from ports.plugins import OpenHttp
from ports.source import Source


@dataclass
class MemoryStandIn(SourceStandIn):
    """The rows are records already."""

    source: InMemorySource = field(default_factory=lambda: InMemorySource(clock=ManualClock()))

    def write_event(self, event: SourceEvent) -> Json:
        return event

    def write_session(self, session: Session) -> Json:
        return session

    def write_exhibitor(self, exhibitor: Exhibitor) -> Json:
        return exhibitor

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def save(self) -> None:
        assert isinstance(self.source.clock, ManualClock)
        self.source.clock.set(self.now)
        for gone in self.source.programmes.keys() - self.events.keys():
            self.source.remove(gone)
        for event_id, stored in self.events.items():
            programme = self.source.programmes.get(SourceEventId(event_id)) or self.source.put(stored.json)
            programme.event = stored.json
            programme.sessions, programme.exhibitors = stored.rows("sessions"), stored.rows("exhibitors")
            programme.look(self.now)


class TestMemory(SourceSuite):
    capabilities = SourceCapabilities(
        is_paged=False, has_change_feed=True, needs_token=False, reads_json=False, is_http=False
    )

    def stand_in(self) -> SourceStandIn:
        return MemoryStandIn()

    def open_source(self, stand_in: SourceStandIn, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
        assert isinstance(stand_in, MemoryStandIn)
        return nullcontext(stand_in.source)
