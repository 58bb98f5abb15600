"""Access events in the log: successes and failures, and never what was typed."""

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
from tests.support.access_harness import ADA, HOME, PASSWORD, AccessHarness
from tests.support.harness import Harness

WRONG = "wrong-horse-battery"


@dataclass(frozen=True, slots=True)
class BusyPasswords(QuickPasswords):
    def place_for(self, _: HashRequest) -> AbstractContextManager[None]:
        return self._refuse()

    def _refuse(self) -> NoReturn:
        raise PasswordsBusy


async def logged(
    harness: Harness, action: Callable[[], Awaitable[object]]
) -> list[tuple[str, dict[str, object]]]:
    """Return the log events of an action, refused or not, and check that they contain no secret."""
    harness.log.entries.clear()
    with suppress(DomainError):
        await action()
    written = json.dumps(harness.log.entries)
    for secret in (ADA, PASSWORD, WRONG, "nobody@example.org"):
        assert secret not in written
    return [(name, dict(data)) for name, data in harness.log.entries]


async def test_sign_in_is_logged_with_account_and_address(
    harness: Harness, access_harness: AccessHarness
) -> None:
    account = await access_harness.account()
    assert await logged(harness, access_harness.sign_in) == [
        ("access.signed_in", {"address": HOME, "account": account.id, "way": "password"})
    ]


@pytest.mark.parametrize("email", [ADA, "nobody@example.org"])
async def test_failed_sign_ins_are_logged_and_then_throttled(
    harness: Harness, access_harness: AccessHarness, email: str
) -> None:
    account = await access_harness.account()
    failed = ("access.sign_in_failed", {"address": HOME, "account": account.id if email == ADA else None})
    for _ in range(5):
        assert await logged(harness, lambda: access_harness.sign_in(email, WRONG)) == [failed]
    throttled = {"address": HOME, "act": "sign_in", "because": "attempts"}
    assert await logged(harness, lambda: access_harness.sign_in(email, WRONG)) == [
        ("access.throttled", throttled)
    ]


async def test_rejection_of_an_overloaded_queue_is_logged_and_is_no_failure(
    harness: Harness, access_harness: AccessHarness
) -> None:
    await access_harness.account()
    access_harness.passwords = BusyPasswords()
    for _ in range(10):
        with pytest.raises(Overloaded):
            await access_harness.sign_in()
    throttled = {"address": HOME, "act": "sign_in", "because": "busy"}
    assert await logged(harness, access_harness.sign_in) == [("access.throttled", throttled)]
    access_harness.passwords = QuickPasswords()
    assert await access_harness.sign_in(), "no failure was counted"


async def test_wrong_current_password_is_logged(harness: Harness, access_harness: AccessHarness) -> None:
    account = await access_harness.account()
    ids = {"account": account.id, "address": HOME}
    for _ in range(5):
        events = await logged(harness, lambda: access_harness.change_own_password(ADA, WRONG, PASSWORD))
        assert events == [("access.password_refused", ids)]
    events = await logged(harness, lambda: access_harness.change_own_password(ADA, PASSWORD, WRONG))
    assert events == [("access.throttled", ids | {"act": "change_password", "because": "attempts"})]


async def test_unknown_or_revoked_key_is_logged_with_its_id(
    harness: Harness, access_harness: AccessHarness
) -> None:
    key, secret = await access_harness.create_api_key("Export", Grant(Role.ADMIN), actor=COMMAND_LINE)
    assert await logged(harness, lambda: access_harness.authenticate_api_key(secret, HOME)) == []
    await access_harness.revoke_api_key(None, key.id, actor=COMMAND_LINE)
    for key_secret, id_, reason in ((secret, key.id, "revoked"), (WRONG, None, "unknown")):
        (event,) = await logged(harness, partial(access_harness.authenticate_api_key, key_secret, HOME))
        assert event == ("access.key_refused", {"key": id_, "because": reason, "address": HOME})


async def test_sign_in_link_is_in_the_audit_log_and_its_use_is_logged(
    harness: Harness, access_harness: AccessHarness
) -> None:
    account = await access_harness.account()
    link = await access_harness.create_sign_in_link(ADA, actor=COMMAND_LINE)
    last = (await access_harness.audit_log())[-1]
    assert (last.by, last.action, last.what) == (COMMAND_LINE.name, Action.SIGN_IN_LINK_MADE, ADA)
    assert link not in last.what
    redeemed = ("access.signed_in", {"account": account.id, "way": "link", "address": HOME})
    assert await logged(harness, lambda: access_harness.redeem_sign_in_link(link, HOME)) == [redeemed]
    for used in (link, "nothing"):
        refused = ("access.link_refused", {"act": "sign_in", "address": HOME})
        assert await logged(harness, partial(access_harness.redeem_sign_in_link, used, HOME)) == [refused]
        with pytest.raises(LinkExpired):
            await access_harness.redeem_sign_in_link(used, HOME)


async def test_sign_in_link_for_an_unknown_account_leaves_no_audit_entry(
    access_harness: AccessHarness,
) -> None:
    with pytest.raises(NotAuthenticated):
        await access_harness.create_sign_in_link("nobody@example.org", actor=COMMAND_LINE)
    assert await access_harness.audit_log() == []
