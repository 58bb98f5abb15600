"""An object removed while the two systems are read is reported as not found."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.errors import NotFound
from core.domain.ids import OrganizationId
from core.usecases.access.add_account import NewAccount
from core.usecases.mappings.change_settings import SettingsChange
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.access_harness import ADA, PASSWORD, AccessHarness
from tests.support.harness import TOKEN, Harness


@dataclass(slots=True)
class RemovedBetween:
    """A unit of work factory that removes an organization right before the next write."""

    units: UnitOfWorkFactory
    remove: Callable[[], Awaitable[None]]
    is_removed: bool = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        async with self.units.read() as unit:
            yield unit

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        if not self.is_removed:
            self.is_removed = True
            await self.remove()
        async with self.units.write() as unit:
            yield unit


OrganizationChange = Callable[[Harness, AccessHarness, OrganizationId], Awaitable[object]]


async def _renew_settings(
    harness: Harness, access_harness: AccessHarness, organization: OrganizationId
) -> object:
    async with harness.units.read() as unit:
        (mapping,) = await unit.mappings.list_by_organization(organization)
    return await harness.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))


CHANGES: dict[str, OrganizationChange] = {
    "connect": lambda harness, _, organization: harness.connect(organization, TOKEN),
    "map": lambda harness, _, organization: harness.map(organization),
    "Sessionboard's token": lambda harness, _, organization: harness.replace_sessionboard_token(
        organization, TOKEN
    ),
    "Gleanin's token": lambda harness, _, organization: harness.replace_destination_token(
        organization, TOKEN
    ),
    "settings": _renew_settings,
    "API key": lambda _, access_harness, organization: access_harness.create_api_key(
        "export", Grant(Role.ADMIN, organization), actor=COMMAND_LINE
    ),
    "account": lambda _, access_harness, organization: access_harness.add_account(
        NewAccount("new@example.org", Grant(Role.ADMIN, organization), PASSWORD), actor=COMMAND_LINE
    ),
    "role": lambda _, access_harness, organization: access_harness.grant_role(
        ADA, Grant(Role.ADMIN, organization), actor=COMMAND_LINE
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_organization_removed_concurrently_is_not_found(
    harness: Harness, access_harness: AccessHarness, change: str
) -> None:
    await access_harness.account()
    organization = (await harness.organization()).id
    if change != "connect":
        await harness.connect(organization, TOKEN)
    if change == "settings":
        await harness.map(organization)
    units = harness.units

    async def remove() -> None:
        async with units.write() as unit:
            await unit.organizations.remove(organization, harness.clock.now())
            await unit.commit()

    harness.units = RemovedBetween(units, remove)
    before = await access_harness.audit_log()
    with pytest.raises(NotFound):
        await CHANGES[change](harness, access_harness, organization)
    assert await access_harness.audit_log() == before
