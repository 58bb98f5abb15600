"""What is removed while the two sides are asked is answered as what there is not."""

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
from tests.unit.usecases.doors import ADA, PASSWORD, Doors
from tests.unit.usecases.stage import TOKEN, Stage


@dataclass(slots=True)
class RemovedBetween:
    """Units in which an organization is removed right before the next one that writes."""

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


HealthChange = Callable[[Stage, Doors, OrganizationId], Awaitable[object]]


async def _renew_settings(stage: Stage, doors: Doors, organization: OrganizationId) -> object:
    async with stage.units.read() as unit:
        (mapping,) = await unit.mappings.list_by_organization(organization)
    return await stage.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))


CHANGES: dict[str, HealthChange] = {
    "connect": lambda stage, _, organization: stage.connect(organization, TOKEN),
    "map": lambda stage, _, organization: stage.map(organization),
    "Sessionboard's token": lambda stage, _, organization: stage.replace_sessionboard_token(
        organization, TOKEN
    ),
    "Gleanin's token": lambda stage, _, organization: stage.replace_gleanin_token(organization, TOKEN),
    "settings": _renew_settings,
    "API key": lambda _, doors, organization: doors.make_api_key(
        "export", Grant(Role.ADMIN, organization), actor=COMMAND_LINE
    ),
    "account": lambda _, doors, organization: doors.add_account(
        NewAccount("new@example.org", Grant(Role.ADMIN, organization), PASSWORD), actor=COMMAND_LINE
    ),
    "role": lambda _, doors, organization: doors.give_role(
        ADA, Grant(Role.ADMIN, organization), actor=COMMAND_LINE
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_organization_that_is_removed_meanwhile_is_not_found_any_more(
    stage: Stage, doors: Doors, change: str
) -> None:
    await doors.account()
    organization = (await stage.organization()).id
    if change != "connect":
        await stage.connect(organization, TOKEN)
    if change == "settings":
        await stage.map(organization)
    units = stage.units

    async def remove() -> None:
        async with units.write() as unit:
            await unit.organizations.remove(organization, stage.clock.now())
            await unit.commit()

    stage.units = RemovedBetween(units, remove)
    before = await doors.audit_log()
    with pytest.raises(NotFound):
        await CHANGES[change](stage, doors, organization)
    assert await doors.audit_log() == before
