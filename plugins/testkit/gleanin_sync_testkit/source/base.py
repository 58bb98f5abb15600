"""What all tests of the suite have in common."""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from typing import ClassVar
from urllib.parse import urlsplit

import pytest

from gleanin_sync_testkit.source.capabilities import SourceCapabilities
from gleanin_sync_testkit.source.stand_in import SourceStandIn
from gleanin_sync_testkit.source.system import System
from ports.plugins import OpenHttp, SourcePlugin
from ports.source import Source

READS = frozenset(("GET", "HEAD"))


@pytest.mark.timeout(120)
class SourceTests:
    plugin: ClassVar[SourcePlugin]
    """What is tested. A source that is no plug-in overrides `open_source` instead."""
    capabilities: ClassVar[SourceCapabilities]

    def stand_in(self) -> SourceStandIn:
        """Return a new, empty stand-in for the system that the plug-in reads."""
        raise NotImplementedError("Write stand_in(self), which returns a new stand-in for your system.")

    def open_source(self, stand_in: SourceStandIn, http: OpenHttp) -> AbstractAsyncContextManager[Source]:
        return self.plugin.open(stand_in.access(), http)

    @pytest.fixture
    def system(self) -> Iterator[System]:
        stand_in = self.stand_in()
        system = System(stand_in, self.capabilities, self.open_source)
        yield system
        stand_in.close()
        check_requests(system)


def check_requests(system: System) -> None:
    """Check that what a plug-in sent went to its own system, and changed nothing there."""
    assert len(system.wire.requests) <= system.max_requests + 1, "The plug-in does not stop reading."
    home = urlsplit(system.stand_in.url)
    allowed = READS | ({"POST"} if system.capabilities.searches_by_post else frozenset())
    for request in system.wire.requests:
        sent = urlsplit(request.url)
        assert (sent.scheme, sent.netloc) == (home.scheme, home.netloc), (
            f"The plug-in sent a request to {request.url:.200}: no other host than {home.netloc} may get one."
        )
        assert request.method in allowed, (
            f"The plug-in sent {request.method} {request.path}: nothing is ever written to a source (rule 33). "
            "If this only searches, declare searches_by_post."
        )
