"""Passwords, which are never stored as they are."""

from typing import Protocol


class Passwords(Protocol):
    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Tell whether a password is the one that was hashed; with None it takes as long, and is not."""
        ...
