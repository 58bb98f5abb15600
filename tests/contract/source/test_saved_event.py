"""A saved event, which is read from a file."""

import json
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.sessionboard.saved_events import SavedEvent
from gleanin_sync_testkit.source import SourceCapabilities, SourceStandIn, SourceSuite
from ports.plugins import OpenHttp
from ports.source import Source
from tests.contract.source.test_sessionboard import SessionboardStandIn


@dataclass
class SavedStandIn(SessionboardStandIn):
    """A file with the objects of Sessionboard's API."""

    folder: "TemporaryDirectory[str]" = field(default_factory=TemporaryDirectory)

    @property
    def path(self) -> Path:
        return Path(self.folder.name) / "event.json"

    def save(self) -> None:
        self.path.unlink(missing_ok=True)
        for stored in self.events.values():
            rows = {name: stored.rows(name) for name in ("sessions", "exhibitors")}
            self.path.write_text(json.dumps({"event": stored.json, **rows}))

    def close(self) -> None:
        self.folder.cleanup()


class TestSavedEvent(SourceSuite):
    capabilities = SourceCapabilities(
        has_several_events=False, is_paged=False, needs_token=False, is_http=False
    )

    def stand_in(self) -> SourceStandIn:
        return SavedStandIn()

    def open_source(self, stand_in: SourceStandIn, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
        assert isinstance(stand_in, SavedStandIn)
        return nullcontext(SavedEvent(stand_in.path))
