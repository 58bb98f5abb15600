"""What the log tells of access: who got in, who did not, and never what was typed."""

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

import pytest

from adapters.memory.passwords import QuickPasswords
from core.domain.access.audit import Action
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.errors import DomainError, LinkExpired, NotAuthenticated, Overloaded
from ports.passwords import HashRequest, PasswordsBusy
from tests.unit.usecases.doors import ADA, HOME, PASSWORD, Doors
from tests.unit.usecases.stage import Stage

WRONG = "wrong-horse-battery"


@dataclass(frozen=True, slots=True)
class Busy(QuickPasswords):
    def place_for(self, _: HashRequest) -> AbstractContextManager[None]:
        return self._refuse()

    def _refuse(self) -> NoReturn:
        raise PasswordsBusy


async def told(stage: Stage, act: Callable[[], Awaitable[object]]) -> list[tuple[str, dict[str, object]]]:
    """Return the events of an act, refused or not, without what they may not say."""
    stage.log.kept.clear()
    with suppress(DomainError):
        await act()
    written = json.dumps(stage.log.kept)
    for secret in (ADA, PASSWORD, WRONG, "nobody@example.org"):
        assert secret not in written
    return [(name, dict(data)) for name, data in stage.log.kept]


async def test_a_sign_in_is_told_with_account_and_address(stage: Stage, doors: Doors) -> None:
    account = await doors.account()
    assert await told(stage, doors.sign_in) == [
        ("access.signed_in", {"address": HOME, "account": account.id, "way": "password"})
    ]


@pytest.mark.parametrize("email", [ADA, "nobody@example.org"])
async def test_a_failure_is_told_and_then_that_it_is_slowed_down(
    stage: Stage, doors: Doors, email: str
) -> None:
    account = await doors.account()
    failed = ("access.sign_in_failed", {"address": HOME, "account": account.id if email == ADA else None})
    for _ in range(5):
        assert await told(stage, lambda: doors.sign_in(email, WRONG)) == [failed]
    throttled = {"address": HOME, "act": "sign_in", "because": "attempts"}
    assert await told(stage, lambda: doors.sign_in(email, WRONG)) == [("access.throttled", throttled)]


async def test_too_many_that_wait_are_told_and_are_no_failures(stage: Stage, doors: Doors) -> None:
    await doors.account()
    doors.passwords = Busy()
    for _ in range(10):
        with pytest.raises(Overloaded):
            await doors.sign_in()
    throttled = {"address": HOME, "act": "sign_in", "because": "busy"}
    assert await told(stage, doors.sign_in) == [("access.throttled", throttled)]
    doors.passwords = QuickPasswords()
    assert await doors.sign_in(), "nothing was counted against anybody"


async def test_a_wrong_present_password_is_told(stage: Stage, doors: Doors) -> None:
    account = await doors.account()
    who = {"account": account.id, "address": HOME}
    for _ in range(5):
        events = await told(stage, lambda: doors.change_own_password(ADA, WRONG, PASSWORD))
        assert events == [("access.password_refused", who)]
    events = await told(stage, lambda: doors.change_own_password(ADA, PASSWORD, WRONG))
    assert events == [("access.throttled", who | {"act": "change_password", "because": "attempts"})]


async def test_a_key_that_is_none_or_was_revoked_is_told_by_its_id(stage: Stage, doors: Doors) -> None:
    key, secret = await doors.make_api_key("Export", Grant(Role.ADMIN), actor=COMMAND_LINE)
    assert await told(stage, lambda: doors.whose_api_key(secret, HOME)) == []
    await doors.revoke_api_key(None, key.id, actor=COMMAND_LINE)
    for shown, id_, because in ((secret, key.id, "revoked"), (WRONG, None, "unknown")):
        (event,) = await told(stage, partial(doors.whose_api_key, shown, HOME))
        assert event == ("access.key_refused", {"key": id_, "because": because, "address": HOME})


async def test_an_address_that_signs_in_is_in_the_audit_log_and_told_when_taken(
    stage: Stage, doors: Doors
) -> None:
    account = await doors.account()
    offered = await doors.offer_sign_in(ADA, actor=COMMAND_LINE)
    last = (await doors.audit_log())[-1]
    assert (last.by, last.action, last.what) == (COMMAND_LINE, Action.SIGN_IN_LINK_MADE, ADA)
    assert offered not in last.what
    taken = ("access.signed_in", {"account": account.id, "way": "link", "address": HOME})
    assert await told(stage, lambda: doors.take_sign_in(offered, HOME)) == [taken]
    for used in (offered, "nothing"):
        refused = ("access.link_refused", {"act": "sign_in", "address": HOME})
        assert await told(stage, partial(doors.take_sign_in, used, HOME)) == [refused]
        with pytest.raises(LinkExpired):
            await doors.take_sign_in(used, HOME)


async def test_an_offer_for_nobody_stands_in_no_audit_log(doors: Doors) -> None:
    with pytest.raises(NotAuthenticated):
        await doors.offer_sign_in("nobody@example.org", actor=COMMAND_LINE)
    assert await doors.audit_log() == []
