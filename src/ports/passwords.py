"""Passwords, which are never stored as they are."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class PasswordsBusy(Exception):
    """More are waiting for a password to be looked at than may."""


@dataclass(frozen=True, slots=True)
class HashRequest:
    """Who waits for a password to be looked at."""

    party: str
    """The account of a known one, the network address of any other: each may wait a few times at once."""
    is_known: bool
    """Signed in, or on a device that was before: has places of its own."""


class Passwords(Protocol):
    def place_for(self, waiting: HashRequest) -> AbstractContextManager[None]:
        """Hold a place in the queue for as long as the context lasts.

        Raises:
            PasswordsBusy: at once, where all places are taken.
        """
        ...

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        """Return whether a password is the one that was hashed; with None it takes as long, and is not.

        Known ones have their turn before the others.
        """
        ...
