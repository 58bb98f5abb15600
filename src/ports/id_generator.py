"""Unique ids, lease owner names and secrets."""

from typing import Protocol


class IdGenerator(Protocol):
    def new(self) -> str:
        """Return a unique id of lower-case letters and digits."""
        ...

    def owner(self) -> str:
        """Return a unique name for a lease owner, which includes host and process."""
        ...

    def secret(self) -> str:
        """Return an unguessable secret in URL-safe characters."""
        ...
