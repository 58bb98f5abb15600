"""Permissions of roles, and where they apply."""

from itertools import product

import pytest

from core.domain.access.authorization import Actor, Grant, Permission, Role
from core.domain.errors import Forbidden, InvalidInput
from core.domain.ids import OrganizationId

OURS, THEIRS = OrganizationId("ours"), OrganizationId("theirs")
MAY = {
    Role.ADMIN: {Permission.READ, Permission.SYNC, Permission.MANAGE},
    Role.SUPPORT: {Permission.READ, Permission.SYNC},
    Role.VIEWER: {Permission.READ},
    Role.HOOK: {Permission.HINT},
}


@pytest.mark.parametrize(("role", "right"), [*product((Role.ADMIN, Role.SUPPORT, Role.VIEWER), Permission)])
def test_a_global_role_applies_to_each_organization_and_the_installation(
    role: Role, right: Permission
) -> None:
    actor = Actor("ada", frozenset({Grant(role)}))
    for where in (OURS, THEIRS, None):
        assert actor.may(right, where) is (right in MAY[role])


@pytest.mark.parametrize(("role", "right"), [*product((Role.ADMIN, Role.VIEWER, Role.HOOK), Permission)])
def test_a_role_for_one_organization_applies_only_there(role: Role, right: Permission) -> None:
    actor = Actor("ada", frozenset({Grant(role, OURS)}))
    assert actor.may(right, OURS) is (right in MAY[role])
    assert not actor.may(right, THEIRS)
    assert not actor.may(right, None)


def test_support_is_a_global_role_only() -> None:
    assert Grant(Role.SUPPORT).covers(OURS)
    with pytest.raises(InvalidInput, match="covers all organizations"):
        Grant(Role.SUPPORT, OURS)


@pytest.mark.parametrize("right", Permission)
def test_no_role_gives_no_permission(right: Permission) -> None:
    with pytest.raises(Forbidden, match="Your role does not allow this"):
        Actor("nobody").check(right, OURS)


def test_one_role_with_the_permission_is_enough() -> None:
    actor = Actor("ada", frozenset({Grant(Role.SUPPORT), Grant(Role.ADMIN, OURS)}))
    actor.check(Permission.MANAGE, OURS)
    actor.check(Permission.SYNC, THEIRS)
    with pytest.raises(Forbidden):
        actor.check(Permission.MANAGE, THEIRS)
