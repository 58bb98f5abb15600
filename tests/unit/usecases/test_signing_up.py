"""The first account, made at an address that is offered once."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.memory.passwords import QuickPasswords
from core.domain.access.accounts import Account
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.errors import InvalidInput, LinkExpired
from tests.present import present
from tests.unit.usecases.doors import ADA, PASSWORD, Doors
from tests.unit.usecases.stage import Stage


async def offered(doors: Doors) -> str:
    return present(await doors.offer_sign_up())


async def test_the_first_account_is_an_admin_of_all_organizations(doors: Doors) -> None:
    address = await offered(doors)
    await doors.check_sign_up(address)
    account = await doors.sign_up(address, f" {ADA} ", PASSWORD)
    assert account.email == ADA
    assert account.grants == {Grant(Role.ADMIN)}
    assert (await doors.who_is_signed_in(await doors.sign_in())).id == account.id


async def test_signing_up_works_once(doors: Doors) -> None:
    address, another = await offered(doors), await offered(doors)
    await doors.sign_up(address, ADA, PASSWORD)
    for used in (address, another):
        with pytest.raises(LinkExpired):
            await doors.check_sign_up(used)
        with pytest.raises(LinkExpired):
            await doors.sign_up(used, "eve@example.org", PASSWORD)


async def test_of_several_who_sign_up_at_once_one_gets_in(doors: Doors) -> None:
    address = await offered(doors)
    ends = await asyncio.gather(
        *(doors.sign_up(address, f"{who}@example.org", PASSWORD) for who in "abcde"), return_exceptions=True
    )
    assert [type(end) for end in ends].count(Account) == 1
    assert [type(end) for end in ends].count(LinkExpired) == 4


async def test_signing_up_is_offered_only_while_there_is_no_account(doors: Doors) -> None:
    address = await offered(doors)
    await doors.account()
    assert await doors.offer_sign_up() is None
    with pytest.raises(LinkExpired):
        await doors.sign_up(address, "eve@example.org", PASSWORD)


@pytest.mark.parametrize("by_offer", [True, False], ids=["signed up", "added by somebody else"])
async def test_an_offer_is_over_for_good_once_there_was_an_account(doors: Doors, by_offer: bool) -> None:
    address, another = await offered(doors), await offered(doors)
    if by_offer:
        await doors.sign_up(address, ADA, PASSWORD)
    else:
        await doors.account()
    await doors.remove_account(ADA, actor=COMMAND_LINE)
    for used in (address, another):
        with pytest.raises(LinkExpired):
            await doors.check_sign_up(used)
        with pytest.raises(LinkExpired):
            await doors.sign_up(used, "eve@example.org", PASSWORD)
    new = await offered(doors)
    assert new not in {address, another}
    assert (await doors.sign_up(new, ADA, PASSWORD)).email == ADA


async def test_an_offer_to_sign_up_lasts_a_day(stage: Stage, doors: Doors) -> None:
    address = await offered(doors)
    stage.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    await doors.check_sign_up(address)
    stage.clock.advance(timedelta(seconds=1))
    with pytest.raises(LinkExpired):
        await doors.sign_up(address, ADA, PASSWORD)
    await doors.sign_up(await offered(doors), ADA, PASSWORD)


async def test_an_address_that_was_not_offered_lets_nobody_in(stage: Stage, doors: Doors) -> None:
    address = await offered(doors)
    for wrong in ("", "nothing", "\ud800", address[:-1], address + "x", "x" * 10_000):
        with pytest.raises(LinkExpired):
            await doors.sign_up(wrong, ADA, PASSWORD)
    with pytest.raises(LinkExpired):
        await doors.sign_up(doors.signer.sign("portal", "first account", stage.clock.now()), ADA, PASSWORD)


@pytest.mark.parametrize(("email", "password"), [("no address", PASSWORD), (ADA, "short"), (ADA, "x" * 1001)])
async def test_an_account_that_cannot_be_leaves_the_offer_as_it_is(
    doors: Doors, email: str, password: str
) -> None:
    address = await offered(doors)
    with pytest.raises(InvalidInput):
        await doors.sign_up(address, email, password)
    await doors.sign_up(address, ADA, PASSWORD)


@dataclass(frozen=True, slots=True)
class Hashes(QuickPasswords):
    """Passwords that tell how often they were hashed, which takes time that others may need."""

    hashed: list[str] = field(default_factory=list)

    async def hash(self, password: str) -> str:
        self.hashed.append(password)
        return password

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        return password == hashed


async def test_nothing_is_hashed_for_an_address_that_lets_nobody_in(stage: Stage, doors: Doors) -> None:
    doors.passwords = hashes = Hashes()
    used = await offered(doors)
    stage.clock.advance(timedelta(days=1))
    late = used
    used = await offered(doors)
    await doors.sign_up(used, ADA, PASSWORD)
    for address in (used, late, "nothing"):
        with pytest.raises(LinkExpired):
            await doors.sign_up(address, "eve@example.org", PASSWORD)
    assert hashes.hashed == [PASSWORD]
