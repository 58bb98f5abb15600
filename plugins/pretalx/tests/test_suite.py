"""The kit's suite for sources, over the stand-in for pretalx."""

from gleanin_sync_pretalx.plugin import PLUGIN
from gleanin_sync_testkit.source import SourceCapabilities, SourceSuite
from plugins.pretalx.tests.stand_in import PretalxStandIn

FIELDS = (
    *("title", "description", "status", "starts_at", "ends_at", "track", "tags"),
    *("first_name", "last_name", "full_name", "email", "headshot", "job_title", "company_name"),
)


class TestPretalx(SourceSuite):
    plugin = PLUGIN
    capabilities = SourceCapabilities(
        fields=frozenset(FIELDS),
        has_exhibitors=False,
        tells_totals=True,
        reads_other_feeds=True,
    )

    def stand_in(self) -> PretalxStandIn:
        return PretalxStandIn()
