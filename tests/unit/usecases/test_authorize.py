"""Authorization: each role, with each permission, for each object of each organization."""

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
    (role, permission, scope)
    for role, permission, scope in product(Role, Permission, SCOPES)
    if role is not Role.HOOK and (role is not Role.SUPPORT or scope == "all")
]


class Scenario:
    """An organization with a mapping and a run, and another organization."""

    def __init__(
        self, access_harness: AccessHarness, mapping: EventMapping, run: SyncRun, other: OrganizationId
    ) -> None:
        self.access_harness = access_harness
        self.mapping = mapping
        self.run = run
        self.other = other

    def actor(self, role: Role, scope: str) -> Actor:
        where = {"ours": self.mapping.organization_id, "theirs": self.other, "all": None}[scope]
        return Actor("somebody", frozenset({Grant(role, where)}))

    async def authorize(self, what: str, actor: Actor, permission: Permission) -> object:
        match what:
            case "organization":
                return await self.access_harness.authorize_organization(
                    actor, permission, self.mapping.organization_id
                )
            case "mapping":
                return await self.access_harness.authorize_mapping(actor, permission, self.mapping.id)
            case _:
                return await self.access_harness.authorize_run(actor, permission, self.run.id)


@pytest.fixture
async def scenario(harness: Harness, access_harness: AccessHarness) -> Scenario:
    mapping = await harness.mapping()
    other = await harness.connection("Bolt")
    await harness.map(other.organization_id, ELSEWHERE, FAR)
    return Scenario(access_harness, mapping, await harness.sync(mapping), other.organization_id)


@pytest.mark.parametrize("what", ["organization", "mapping", "run"])
@pytest.mark.parametrize(("role", "permission", "scope"), CASES)
async def test_access_follows_the_permissions_of_the_role(
    scenario: Scenario, what: str, role: Role, permission: Permission, scope: str
) -> None:
    actor = scenario.actor(role, scope)
    if scope == "theirs":
        with pytest.raises(NotFound):
            await scenario.authorize(what, actor, permission)
    elif permission not in PERMISSIONS[role]:
        with pytest.raises(Forbidden, match="Your role does not allow this"):
            await scenario.authorize(what, actor, permission)
    else:
        assert await scenario.authorize(what, actor, permission)


async def test_authorized_actor_gets_the_object_and_its_organization(scenario: Scenario) -> None:
    actor = scenario.actor(Role.ADMIN, "ours")
    organization = await scenario.access_harness.authorize_organization(
        actor, Permission.MANAGE, scenario.mapping.organization_id
    )
    found, mapping = await scenario.access_harness.authorize_mapping(
        actor, Permission.MANAGE, scenario.mapping.id
    )
    assert (found, mapping.id) == (organization, scenario.mapping.id)
    assert await scenario.access_harness.authorize_run(actor, Permission.SYNC, scenario.run.id) == (
        found,
        mapping,
        scenario.run,
    )


@pytest.mark.parametrize("what", ["organization", "mapping", "run"])
@pytest.mark.parametrize("permission", Permission)
async def test_unreadable_object_gets_the_same_error_as_an_unknown_one(
    scenario: Scenario, what: str, permission: Permission
) -> None:
    """Check that an id of another organization looks like an unknown one."""
    actor = scenario.actor(Role.ADMIN, "theirs")
    with pytest.raises(NotFound) as hidden:
        await scenario.authorize(what, actor, permission)
    ids = {
        "organization": scenario.mapping.organization_id,
        "mapping": scenario.mapping.id,
        "run": scenario.run.id,
    }
    nothing, access_harness = "nothing", scenario.access_harness
    requests = {
        "organization": access_harness.authorize_organization(actor, permission, OrganizationId(nothing)),
        "mapping": access_harness.authorize_mapping(actor, permission, MappingId(nothing)),
        "run": access_harness.authorize_run(actor, permission, RunId(nothing)),
    }
    ends = dict(zip(requests, await asyncio.gather(*requests.values(), return_exceptions=True), strict=True))
    absent = ends[what]
    assert isinstance(absent, NotFound)
    assert str(hidden.value) == str(absent).replace(nothing, ids[what])
    assert str(hidden.value) == f"There is no {what} '{ids[what]}'."


@pytest.mark.parametrize("what", ["organization", "mapping", "run"])
async def test_removed_organization_is_not_accessible(
    harness: Harness, scenario: Scenario, what: str
) -> None:
    await harness.disconnect(scenario.mapping.organization_id, "Acme")
    await harness.remove_organization(scenario.mapping.organization_id, "Acme")
    with pytest.raises(NotFound):
        await scenario.authorize(what, scenario.actor(Role.ADMIN, "all"), Permission.READ)
