"""The toy destination, which shows how little a plug-in needs."""

from gleanin_sync_testkit.destination import DestinationCapabilities, DestinationSuite
from tests.contract.destination.shelf_stand_in import ShelfStandIn
from tests.plugins.toy_destination.toy_destination import PLUGIN


class TestToyShelf(DestinationSuite):
    plugin = PLUGIN
    capabilities = DestinationCapabilities(
        has_share_links=False, is_paged=False, tells_totals=False, has_next_links=False
    )

    def stand_in(self) -> ShelfStandIn:
        return ShelfStandIn()
