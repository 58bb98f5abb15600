"""Identities at providers and the installation's data, in every store."""

import pytest

from core.domain.access.identities import ProviderIdentity
from core.domain.ids import AccountId
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import an_account, committing, store

ISSUER, OTHER_ISSUER = "https://id.example.org", "https://login.example.com"
ADA, GRACE = AccountId("account1"), AccountId("account2")


async def _bind(units: UnitOfWorkFactory, identity: ProviderIdentity, account_id: AccountId) -> None:
    async with committing(units) as unit:
        await unit.identities.bind(identity, account_id)


@pytest.fixture(autouse=True)
async def accounts(units: UnitOfWorkFactory) -> None:
    await store(units, an_account(1), an_account(2, "grace@example.org"))


async def test_an_identity_identifies_its_account_until_it_is_unbound(units: UnitOfWorkFactory) -> None:
    identities = [ProviderIdentity(ISSUER, "Ada-1"), ProviderIdentity(OTHER_ISSUER, "Ada-1")]
    for identity in identities:
        await _bind(units, identity, ADA)
    await _bind(units, ProviderIdentity(ISSUER, "ada-1"), GRACE)
    async with units.read() as unit:
        assert [await unit.identities.find_account(identity) for identity in identities] == [ADA, ADA]
        assert await unit.identities.find_account(ProviderIdentity(ISSUER, "ada-1")) == GRACE
        assert await unit.identities.find_account(ProviderIdentity(ISSUER, "nobody")) is None
        assert await unit.identities.list_by_account(ADA) == identities
    async with committing(units) as unit:
        await unit.identities.unbind_all(ADA)
        await unit.identities.unbind_all(AccountId("none"))
    async with units.read() as unit:
        assert await unit.identities.find_account(identities[0]) is None
        assert await unit.identities.list_by_account(ADA) == []
        assert await unit.identities.find_account(ProviderIdentity(ISSUER, "ada-1")) == GRACE


@pytest.mark.parametrize(
    ("subject", "account"),
    [("one", GRACE), ("one", ADA), ("two", ADA), ("two", AccountId("none"))],
    ids=["another's", "bound already", "a second one", "of no account"],
)
async def test_an_identity_has_one_account_and_an_account_one_identity_per_issuer(
    units: UnitOfWorkFactory, subject: str, account: AccountId
) -> None:
    await _bind(units, ProviderIdentity(ISSUER, "one"), ADA)
    with pytest.raises(PersistenceError):
        await _bind(units, ProviderIdentity(ISSUER, subject), account)
    async with units.read() as unit:
        assert await unit.identities.list_by_account(ADA) == [ProviderIdentity(ISSUER, "one")]


async def test_the_identity_of_a_removed_account_can_be_bound_again(units: UnitOfWorkFactory) -> None:
    identity = ProviderIdentity(ISSUER, "one")
    await _bind(units, identity, ADA)
    async with committing(units) as unit:
        await unit.accounts.remove(ADA)
    async with units.read() as unit:
        assert await unit.identities.find_account(identity) is None
    await _bind(units, identity, GRACE)


async def test_added_accounts_are_counted_and_removed_ones_stay_counted(
    units: UnitOfWorkFactory,
) -> None:
    async with committing(units) as unit:
        await unit.accounts.remove(ADA)
        await unit.accounts.remove(GRACE)
    async with units.read() as unit:
        assert await unit.installation.accounts_added() == 2
    await store(units, an_account(1))
    async with units.write() as unit:
        await unit.accounts.add(an_account(2, "grace@example.org"))
    async with units.read() as unit:
        assert await unit.installation.accounts_added() == 3


async def test_the_served_url_is_stored(units: UnitOfWorkFactory) -> None:
    async with units.read() as unit:
        assert await unit.installation.served_url() is None
    for url in ("http://127.0.0.1:8001", "https://sync.example.org"):
        async with committing(units) as unit:
            await unit.installation.save_served_url(url)
    async with units.read() as unit:
        assert await unit.installation.served_url() == "https://sync.example.org"
        assert await unit.installation.accounts_added() == 2
