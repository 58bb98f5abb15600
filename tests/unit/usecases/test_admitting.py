"""Who is let at what: each role, with each right, to each thing of each organization."""

import asyncio
from itertools import product

import pytest

from core.domain.access.authorization import PERMISSIONS, Actor, Grant, Permission, Role
from core.domain.errors import Forbidden, NotFound
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.access_harness import AccessHarness
from tests.support.harness import ELSEWHERE, FAR, Harness

SCOPES = ("ours", "theirs", "all")
CASES = [
    (role, right, scope)
    for role, right, scope in product(Role, Permission, SCOPES)
    if role is not Role.HOOK and (role is not Role.SUPPORT or scope == "all")
]


class Scenario:
    """An organization with a mapping and a run, and a stranger's beside it."""

    def __init__(
        self, access_harness: AccessHarness, mapping: EventMapping, run: SyncRun, stranger: OrganizationId
    ) -> None:
        self.access_harness = access_harness
        self.mapping = mapping
        self.run = run
        self.stranger = stranger

    def actor(self, role: Role, scope: str) -> Actor:
        where = {"ours": self.mapping.organization_id, "theirs": self.stranger, "all": None}[scope]
        return Actor("somebody", frozenset({Grant(role, where)}))

    async def admit(self, what: str, actor: Actor, right: Permission) -> object:
        match what:
            case "organization":
                return await self.access_harness.admit_to_organization(
                    actor, right, self.mapping.organization_id
                )
            case "mapping":
                return await self.access_harness.admit_to_mapping(actor, right, self.mapping.id)
            case _:
                return await self.access_harness.admit_to_run(actor, right, self.run.id)


@pytest.fixture
async def scenario(harness: Harness, access_harness: AccessHarness) -> Scenario:
    mapping = await harness.mapping()
    stranger = await harness.connection("Bolt")
    await harness.map(stranger.organization_id, ELSEWHERE, FAR)
    return Scenario(access_harness, mapping, await harness.sync(mapping), stranger.organization_id)


@pytest.mark.parametrize("what", ["organization", "mapping", "run"])
@pytest.mark.parametrize(("role", "right", "scope"), CASES)
async def test_access_follows_the_permissions_of_the_role(
    scenario: Scenario, what: str, role: Role, right: Permission, scope: str
) -> None:
    actor = scenario.actor(role, scope)
    if scope == "theirs":
        with pytest.raises(NotFound):
            await scenario.admit(what, actor, right)
    elif right not in PERMISSIONS[role]:
        with pytest.raises(Forbidden, match="Your role does not allow this"):
            await scenario.admit(what, actor, right)
    else:
        assert await scenario.admit(what, actor, right)


async def test_authorized_actor_gets_the_object_and_its_organization(scenario: Scenario) -> None:
    actor = scenario.actor(Role.ADMIN, "ours")
    organization = await scenario.access_harness.admit_to_organization(
        actor, Permission.MANAGE, scenario.mapping.organization_id
    )
    found, mapping = await scenario.access_harness.admit_to_mapping(
        actor, Permission.MANAGE, scenario.mapping.id
    )
    assert (found, mapping.id) == (organization, scenario.mapping.id)
    assert await scenario.access_harness.admit_to_run(actor, Permission.SYNC, scenario.run.id) == (
        found,
        mapping,
        scenario.run,
    )


@pytest.mark.parametrize("what", ["organization", "mapping", "run"])
@pytest.mark.parametrize("right", Permission)
async def test_unreadable_object_gets_the_same_error_as_an_unknown_one(
    scenario: Scenario, what: str, right: Permission
) -> None:
    """Nobody can tell a stranger's id from one that nothing has."""
    actor = scenario.actor(Role.ADMIN, "theirs")
    with pytest.raises(NotFound) as hidden:
        await scenario.admit(what, actor, right)
    own = {
        "organization": scenario.mapping.organization_id,
        "mapping": scenario.mapping.id,
        "run": scenario.run.id,
    }
    nothing, access_harness = "nothing", scenario.access_harness
    asked = {
        "organization": access_harness.admit_to_organization(actor, right, OrganizationId(nothing)),
        "mapping": access_harness.admit_to_mapping(actor, right, MappingId(nothing)),
        "run": access_harness.admit_to_run(actor, right, RunId(nothing)),
    }
    ends = dict(zip(asked, await asyncio.gather(*asked.values(), return_exceptions=True), strict=True))
    absent = ends[what]
    assert isinstance(absent, NotFound)
    assert str(hidden.value) == str(absent).replace(nothing, own[what])
    assert str(hidden.value) == f"There is no {what} '{own[what]}'."


@pytest.mark.parametrize("what", ["organization", "mapping", "run"])
async def test_removed_organization_is_not_accessible(
    harness: Harness, scenario: Scenario, what: str
) -> None:
    await harness.disconnect(scenario.mapping.organization_id, "Acme")
    await harness.remove_organization(scenario.mapping.organization_id, "Acme")
    with pytest.raises(NotFound):
        await scenario.admit(what, scenario.actor(Role.ADMIN, "all"), Permission.READ)
