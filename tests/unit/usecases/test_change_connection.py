"""Rule 24: the default of a connection's new mappings is chosen when connecting, or later."""

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import NotConnected, NotFound
from core.domain.ids import OrganizationId
from core.usecases.access.queries import ListAuditEntries
from core.usecases.organizations.change_connection import ChangeConnection
from tests.support.harness import ELSEWHERE, FAR, Harness


async def test_rule_24_new_mappings_use_the_chosen_default_and_existing_ones_stay(harness: Harness) -> None:
    previous = await harness.mapping()
    change, organization = ChangeConnection(harness.units, harness.clock), previous.organization_id
    for _ in range(2):
        assert (await change(organization, continuous_sync=True, actor=COMMAND_LINE)).continuous_sync
    await harness.map(organization, ELSEWHERE, FAR)
    listed = await harness.list_mappings(organization)
    assert [each.continuous_sync for each in listed] == [False, True]
    entries = [entry.what for entry in await ListAuditEntries(harness.units)(organization)]
    assert entries.count("Acme: continuous sync of new mappings on") == 1, (
        "a change without effect is not recorded"
    )


async def test_rule_24_changing_the_default_needs_a_connection(harness: Harness) -> None:
    change = ChangeConnection(harness.units, harness.clock)
    with pytest.raises(NotConnected):
        await change((await harness.organization()).id, continuous_sync=True, actor=COMMAND_LINE)
    with pytest.raises(NotFound):
        await change(OrganizationId("nobody"), continuous_sync=True, actor=COMMAND_LINE)
