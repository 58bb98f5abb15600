"""Password hashing; passwords are never stored in plain text."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class PasswordsBusy(Exception):
    """Too many password checks are waiting."""


@dataclass(frozen=True, slots=True)
class HashRequest:
    """A request to hash or check a password."""

    party: str
    """The account of a known client, the network address of any other; each may have a few requests waiting."""
    is_known: bool
    """Whether the client is signed in or on a known device; known clients have reserved places."""


class Passwords(Protocol):
    def place_for(self, waiting: HashRequest) -> AbstractContextManager[None]:
        """Hold a place in the queue within the context.

        Raises:
            PasswordsBusy: immediately, if all places are taken.
        """
        ...

    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, hashed: str | None, *, is_known: bool = False) -> bool:
        """Return whether a password matches a hash; with None, take as long and return False.

        Known clients are served before the others.
        """
        ...
