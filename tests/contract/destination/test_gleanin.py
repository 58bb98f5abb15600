"""Gleanin over HTTP."""

from adapters.gleanin.plugin import PLUGIN
from gleanin_sync_testkit.destination import DestinationSuite
from tests.contract.destination.gleanin_stand_in import GleaninStandIn


class TestGleanin(DestinationSuite):
    plugin = PLUGIN

    def stand_in(self) -> GleaninStandIn:
        return GleaninStandIn()
