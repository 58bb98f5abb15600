"""Password hashing with Argon2id, as pwdlib recommends it; in a thread, for it takes its time on purpose."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from adapters.security.hash_queue import HashCapacity, Turns
from ports.passwords import HashRequest

T = TypeVar("T")


class Argon2Passwords:
    def __init__(self) -> None:
        self._hashes = PasswordHash((Argon2Hasher(),))
        self._nobodys = self._hashes.hash(secrets.token_urlsafe(32))
        self._places = HashCapacity()
        self._turns = Turns()

    def place_for(self, waiting: HashRequest) -> AbstractContextManager[None]:
        return self._places.taken_by(waiting)

    async def hash(self, password: str) -> str:
        return await self._in_turn(lambda: self._hashes.hash(_bytes_of(password)), is_known=True)

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        compared = hashed or self._nobodys
        matches = await self._in_turn(lambda: self._matches(password, compared), is_known=is_known)
        return matches and hashed is not None

    async def _in_turn(self, work: Callable[[], T], *, is_known: bool) -> T:
        await self._turns.acquire(is_known=is_known)
        done = asyncio.get_running_loop().run_in_executor(None, work)
        # The turn ends with the thread's work, which cannot be cancelled.
        done.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(done)

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hashes.verify(_bytes_of(password), hashed)
        except UnknownHashError:
            return False


def _bytes_of(password: str) -> bytes:
    return password.encode(errors="surrogatepass")
