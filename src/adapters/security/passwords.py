"""Hashes passwords with Argon2id, as recommended by pwdlib, in a thread, because it is slow by design."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from adapters.security.hash_queue import HashCapacity, PrioritySemaphore
from ports.passwords import HashRequest

T = TypeVar("T")


class Argon2Passwords:
    def __init__(self) -> None:
        self._hashes = PasswordHash((Argon2Hasher(),))
        self._dummy_hash = self._hashes.hash(secrets.token_urlsafe(32))
        self._capacity = HashCapacity()
        self._semaphore = PrioritySemaphore()

    def place_for(self, waiting: HashRequest) -> AbstractContextManager[None]:
        return self._capacity.reserve(waiting)

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hashes.hash(_to_bytes(password)), is_known=True)

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        # Without a hash, compare with a dummy one, so that the answer takes as long.
        compared = hashed or self._dummy_hash
        matches = await self._run(lambda: self._matches(password, compared), is_known=is_known)
        return matches and hashed is not None

    async def _run(self, work: Callable[[], T], *, is_known: bool) -> T:
        await self._semaphore.acquire(is_known=is_known)
        done = asyncio.get_running_loop().run_in_executor(None, work)
        # Release when the thread is done: it cannot be cancelled.
        done.add_done_callback(lambda _: self._semaphore.release())
        return await asyncio.shield(done)

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hashes.verify(_to_bytes(password), hashed)
        except UnknownHashError:
            return False


def _to_bytes(password: str) -> bytes:
    return password.encode(errors="surrogatepass")
