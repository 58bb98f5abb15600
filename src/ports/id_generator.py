"""New names for new things."""

from typing import Protocol


class IdGenerator(Protocol):
    def new(self) -> str:
        """Give an id that nothing has had before: lower-case letters and digits."""
        ...

    def owner(self) -> str:
        """Give a name for one holder of a lease, telling host and process."""
        ...

    def secret(self) -> str:
        """Give a secret that nobody can guess, in characters that an address may have."""
        ...
