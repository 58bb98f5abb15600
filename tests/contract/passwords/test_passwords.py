"""The contract of password hashing."""

import asyncio
from typing import Any

import pytest

from adapters.memory.passwords import QuickPasswords
from adapters.security.passwords import Argon2Passwords
from ports.passwords import Passwords

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def argon2() -> Argon2Passwords:
    return Argon2Passwords()


@pytest.fixture(params=["quick", "argon2"])
def passwords(request: pytest.FixtureRequest) -> Passwords:
    if request.param == "quick":
        return QuickPasswords()
    made: Argon2Passwords = request.getfixturevalue("argon2")
    return made


@pytest.mark.parametrize(
    "password",
    [PASSWORD, "", " ", "пароль と 🔑", "\0", "\ud800", "x" * 1001],
    ids=lambda text: ascii(text[:12]),
)
async def test_only_the_password_matches_its_hash(passwords: Passwords, password: str) -> None:
    hashed = await passwords.hash(password)
    assert await passwords.matches(password, hashed)
    for other in (f"{password}x", f" {password}", password[1:] or "another"):
        assert not await passwords.matches(other, hashed)


async def test_no_password_matches_a_missing_hash(passwords: Passwords) -> None:
    for password in ("", PASSWORD, "None", "\0"):
        assert not await passwords.matches(password, None)


@pytest.mark.parametrize("hashed", ["", "nothing", PASSWORD, "$argon2id$", "$2b$12$" + "x" * 53, "\0"])
async def test_no_password_matches_an_invalid_hash(passwords: Passwords, hashed: str) -> None:
    assert not await passwords.matches(PASSWORD, hashed)


async def test_argon2_hashes_are_salted_and_hide_the_password(argon2: Argon2Passwords) -> None:
    first, second = await argon2.hash(PASSWORD), await argon2.hash(PASSWORD)
    assert first.startswith("$argon2id$")
    assert PASSWORD not in first
    assert first != second


async def test_argon2_takes_as_long_without_a_hash(
    argon2: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []
    verify = argon2._hashes.verify

    def counted(password: Any, hashed: str) -> bool:
        compared.append(hashed)
        return bool(verify(password, hashed))

    monkeypatch.setattr(argon2._hashes, "verify", counted)
    await argon2.matches(PASSWORD, None)
    await argon2.matches("another", await argon2.hash(PASSWORD))
    costs = {hashed.rpartition("$")[0].rpartition("$")[0] for hashed in compared}
    assert len(compared) == 2
    assert len(costs) == 1, "with the same memory and time"


async def test_argon2_does_not_block_and_runs_at_most_twice_concurrently(
    argon2: Argon2Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = most = turns = 0
    matches = argon2._matches

    def counted(password: str, hashed: str) -> bool:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return matches(password, hashed)
        finally:
            at_once -= 1

    monkeypatch.setattr(argon2, "_matches", counted)
    checks = asyncio.gather(*(argon2.matches(PASSWORD, None) for _ in range(6)))
    while not checks.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert await checks == [False] * 6
    assert 1 <= most <= 2
    assert turns > 5
