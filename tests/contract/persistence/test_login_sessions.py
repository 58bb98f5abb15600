"""Login sessions and failed login attempts, in every store."""

from datetime import timedelta

import pytest

from core.domain.access.accounts import Attempts, LoginSession
from core.domain.ids import AccountId
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import LONG, NOW, an_account, committing, store

HOUR = timedelta(hours=1)


def _session(digest: str, account: int = 1, ago: timedelta = timedelta()) -> LoginSession:
    return LoginSession(digest, AccountId(f"account{account}"), NOW - ago)


@pytest.fixture
async def signed_in(units: UnitOfWorkFactory) -> UnitOfWorkFactory:
    """Return a store with three sessions of two accounts."""
    await store(units, an_account(1), an_account(2, "grace@example.org"))
    async with committing(units) as unit:
        for session in (_session("new"), _session("old", ago=HOUR), _session("other", account=2)):
            await unit.login_sessions.add(session)
    return units


async def _signed_in(units: UnitOfWorkFactory) -> list[str]:
    async with units.read() as unit:
        return [digest for digest in ("new", "old", "other") if await unit.login_sessions.find(digest)]


async def test_a_session_is_found_by_digest_until_it_ends(signed_in: UnitOfWorkFactory) -> None:
    async with signed_in.read() as unit:
        assert await unit.login_sessions.find("old") == _session("old", ago=HOUR)
        assert await unit.login_sessions.find("none") is None
    async with committing(signed_in) as unit:
        await unit.login_sessions.end("old")
        await unit.login_sessions.end("none")
    assert await _signed_in(signed_in) == ["new", "other"]


async def test_all_sessions_of_an_account_end_together(signed_in: UnitOfWorkFactory) -> None:
    async with committing(signed_in) as unit:
        await unit.login_sessions.end_all(AccountId("account1"))
    assert await _signed_in(signed_in) == ["other"]


async def test_old_sessions_are_deleted(signed_in: UnitOfWorkFactory) -> None:
    for instant, left in (
        (NOW - HOUR, ["new", "old", "other"]),
        (NOW, ["new", "other"]),
        (NOW + HOUR, []),
    ):
        async with committing(signed_in) as unit:
            await unit.login_sessions.remove_before(instant)
        assert await _signed_in(signed_in) == left


async def test_a_session_needs_an_existing_account(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.login_sessions.add(_session("one"))


@pytest.mark.parametrize("subject", ["Ada@example.org", "203.0.113.7", "", "\0", "\ud800", LONG])
async def test_attempts_are_counted_by_subject(units: UnitOfWorkFactory, subject: str) -> None:
    async with committing(units) as unit:
        assert await unit.attempts.get(subject) == Attempts()
        await unit.attempts.save(subject, Attempts(1, NOW))
        await unit.attempts.save(subject, Attempts(2, NOW + HOUR))
        await unit.attempts.save("other", Attempts(7))
    async with units.read() as unit:
        assert await unit.attempts.get(subject) == Attempts(2, NOW + HOUR)
        assert await unit.attempts.get(f"{subject}.") == Attempts()
    async with committing(units) as unit:
        await unit.attempts.remove(subject)
        await unit.attempts.remove("none")
    async with units.read() as unit:
        assert await unit.attempts.get(subject) == Attempts()
        assert await unit.attempts.get("other") == Attempts(7)


async def test_old_attempts_are_deleted(units: UnitOfWorkFactory) -> None:
    async with committing(units) as unit:
        await unit.attempts.save("old", Attempts(3, NOW - HOUR))
        await unit.attempts.save("new", Attempts(3, NOW))
        await unit.attempts.remove_before(NOW)
    async with units.read() as unit:
        assert await unit.attempts.get("old") == Attempts()
        assert await unit.attempts.get("new") == Attempts(3, NOW)
