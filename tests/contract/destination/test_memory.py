"""The destination in memory, which most other tests use."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

from adapters.gleanin.plugin import PLUGIN
from core.domain.tenancy.secrets import SystemCredentials
from gleanin_sync_testkit.destination import DestinationCapabilities, DestinationSuite
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.product_systems import ProductDestination
from ports.plugins import BeforeWrite, Destination, DestinationEventId, RecordSchema, Token
from tests.contract.destination.memory_stand_in import MemoryStandIn


class TestInMemory(DestinationSuite):
    plugin = PLUGIN
    capabilities = DestinationCapabilities(
        is_http=False, is_paged=False, tells_totals=False, has_next_links=False, takes_further_kinds=False
    )

    def stand_in(self) -> MemoryStandIn:
        return MemoryStandIn()

    def opened(
        self,
        rig: Rig,
        before_write: BeforeWrite | None = None,
        *,
        token: str | None = None,
        schemas: Mapping[str, RecordSchema] | None = None,
    ) -> AbstractAsyncContextManager[Destination]:
        assert isinstance(rig.stand_in, MemoryStandIn)
        stand_in = rig.stand_in
        credentials = SystemCredentials(stand_in.url, Token(token or stand_in.token))
        return stand_in.gleanin.open(credentials, rig.announcing(before_write))

    def product_destination(self, rig: Rig, event: DestinationEventId) -> ProductDestination:
        assert isinstance(rig.stand_in, MemoryStandIn)
        return ProductDestination(rig.stand_in.gleanin, event, Token(rig.stand_in.token))
