"""Fair shares of a limited resource, such as event streams, with a reserve for those who hold none yet."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from core.domain.errors import Overloaded

ORGANIZATION_PART = 4
"""An organization may hold at most this part of all: a quarter."""
RESERVED_PART = 5
"""This part is reserved for those who hold nothing yet: a fifth."""


class FairShares:
    """How many slots each organization and each client holds.

    Nobody gets more than what is free beyond the reserve for those who hold nothing, so newcomers find a free slot
    even when others take as many as they can. The same applies within an organization to its accounts and API keys.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._organization_limit = max(1, limit // ORGANIZATION_PART)
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def hold(self, organization: str, client: str) -> Iterator[None]:
        """Hold one slot.

        Args:
            organization: its id.
            client: the id of an account or an API key, which may be active in several organizations.

        Raises:
            Overloaded: the share of the organization or of the client is used up.
        """
        organization_key = ("of", organization)
        client_key, client_here_key = ("by", client), ("in", organization, client)
        free = self._limit - self._held["all"]
        free_here = self._organization_limit - self._held[organization_key]
        if (
            self._held[organization_key] >= _allowed(free, self._limit)
            or self._held[client_key] >= _allowed(free, self._limit)
            or self._held[client_here_key] >= _allowed(free_here, self._organization_limit)
        ):
            raise Overloaded
        keys = ("all", organization_key, client_here_key, client_key)
        self._held.update(keys)
        try:
            yield
        finally:
            self._held.subtract(keys)
            for key in keys:
                if not self._held[key]:
                    del self._held[key]


def _allowed(free: int, limit: int) -> int:
    """Return how many slots may already be held by someone who asks for another one."""
    return max(free - limit // RESERVED_PART, min(1, free))
