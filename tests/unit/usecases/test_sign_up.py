"""The first account, created with a link that works once."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.memory.passwords import QuickPasswords
from core.domain.access.accounts import Account
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.errors import InvalidInput, LinkExpired
from tests.support.access_harness import ADA, PASSWORD, AccessHarness
from tests.support.assertions import present
from tests.support.harness import Harness


async def offered(access_harness: AccessHarness) -> str:
    return present(await access_harness.create_sign_up_link())


async def test_the_first_account_is_an_admin_of_all_organizations(access_harness: AccessHarness) -> None:
    address = await offered(access_harness)
    await access_harness.check_sign_up_link(address)
    account = await access_harness.sign_up(address, f" {ADA} ", PASSWORD)
    assert account.email == ADA
    assert account.grants == {Grant(Role.ADMIN)}
    assert (await access_harness.authenticate_session(await access_harness.sign_in())).id == account.id


async def test_signing_up_works_once(access_harness: AccessHarness) -> None:
    address, another = await offered(access_harness), await offered(access_harness)
    await access_harness.sign_up(address, ADA, PASSWORD)
    for used in (address, another):
        with pytest.raises(LinkExpired):
            await access_harness.check_sign_up_link(used)
        with pytest.raises(LinkExpired):
            await access_harness.sign_up(used, "eve@example.org", PASSWORD)


async def test_of_several_concurrent_sign_ups_one_succeeds(access_harness: AccessHarness) -> None:
    address = await offered(access_harness)
    ends = await asyncio.gather(
        *(access_harness.sign_up(address, f"{who}@example.org", PASSWORD) for who in "abcde"),
        return_exceptions=True,
    )
    assert [type(end) for end in ends].count(Account) == 1
    assert [type(end) for end in ends].count(LinkExpired) == 4


async def test_sign_up_link_is_created_only_while_there_is_no_account(access_harness: AccessHarness) -> None:
    address = await offered(access_harness)
    await access_harness.account()
    assert await access_harness.create_sign_up_link() is None
    with pytest.raises(LinkExpired):
        await access_harness.sign_up(address, "eve@example.org", PASSWORD)


@pytest.mark.parametrize("by_offer", [True, False], ids=["signed up", "added by somebody else"])
async def test_sign_up_link_is_invalid_once_an_account_existed(
    access_harness: AccessHarness, by_offer: bool
) -> None:
    address, another = await offered(access_harness), await offered(access_harness)
    if by_offer:
        await access_harness.sign_up(address, ADA, PASSWORD)
    else:
        await access_harness.account()
    await access_harness.remove_account(ADA, actor=COMMAND_LINE)
    for used in (address, another):
        with pytest.raises(LinkExpired):
            await access_harness.check_sign_up_link(used)
        with pytest.raises(LinkExpired):
            await access_harness.sign_up(used, "eve@example.org", PASSWORD)
    new = await offered(access_harness)
    assert new not in {address, another}
    assert (await access_harness.sign_up(new, ADA, PASSWORD)).email == ADA


async def test_sign_up_link_lasts_a_day(harness: Harness, access_harness: AccessHarness) -> None:
    address = await offered(access_harness)
    harness.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    await access_harness.check_sign_up_link(address)
    harness.clock.advance(timedelta(seconds=1))
    with pytest.raises(LinkExpired):
        await access_harness.sign_up(address, ADA, PASSWORD)
    await access_harness.sign_up(await offered(access_harness), ADA, PASSWORD)


async def test_invalid_sign_up_link_is_rejected(harness: Harness, access_harness: AccessHarness) -> None:
    address = await offered(access_harness)
    for wrong in ("", "nothing", "\ud800", address[:-1], address + "x", "x" * 10_000):
        with pytest.raises(LinkExpired):
            await access_harness.sign_up(wrong, ADA, PASSWORD)
    with pytest.raises(LinkExpired):
        await access_harness.sign_up(
            access_harness.signer.sign("portal", "first account", harness.clock.now()), ADA, PASSWORD
        )


@pytest.mark.parametrize(("email", "password"), [("no address", PASSWORD), (ADA, "short"), (ADA, "x" * 1001)])
async def test_invalid_account_does_not_use_up_the_sign_up_link(
    access_harness: AccessHarness, email: str, password: str
) -> None:
    address = await offered(access_harness)
    with pytest.raises(InvalidInput):
        await access_harness.sign_up(address, email, password)
    await access_harness.sign_up(address, ADA, PASSWORD)


@dataclass(frozen=True, slots=True)
class Hashes(QuickPasswords):
    """Passwords that record what was hashed."""

    hashed: list[str] = field(default_factory=list)

    async def hash(self, password: str) -> str:
        self.hashed.append(password)
        return password

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        return password == hashed


async def test_no_password_is_hashed_for_an_invalid_link(
    harness: Harness, access_harness: AccessHarness
) -> None:
    access_harness.passwords = hashes = Hashes()
    used = await offered(access_harness)
    harness.clock.advance(timedelta(days=1))
    late = used
    used = await offered(access_harness)
    await access_harness.sign_up(used, ADA, PASSWORD)
    for address in (used, late, "nothing"):
        with pytest.raises(LinkExpired):
            await access_harness.sign_up(address, "eve@example.org", PASSWORD)
    assert hashes.hashed == [PASSWORD]
