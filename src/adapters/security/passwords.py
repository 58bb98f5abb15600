"""Password hashing with Argon2id, as pwdlib recommends it; in a thread, for it takes its time on purpose."""

import asyncio
import secrets

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher


class Argon2Passwords:
    def __init__(self) -> None:
        self._hashes = PasswordHash((Argon2Hasher(),))
        self._nobodys = self._hashes.hash(secrets.token_urlsafe(32))
        # Each takes 64 MB for a while: many people signing in at once must not take all there is.
        self._at_once = asyncio.Semaphore(2)

    async def hash(self, password: str) -> str:
        async with self._at_once:
            return await asyncio.to_thread(self._hashes.hash, _bytes_of(password))

    async def matches(self, password: str, hashed: str | None) -> bool:
        async with self._at_once:
            matches = await asyncio.to_thread(self._matches, password, hashed or self._nobodys)
        return matches and hashed is not None

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hashes.verify(_bytes_of(password), hashed)
        except UnknownHashError:
            return False


def _bytes_of(password: str) -> bytes:
    return password.encode(errors="surrogatepass")
