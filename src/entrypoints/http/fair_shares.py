"""Room for what is held open, such as event streams: shared out, so that the last of it is there for others."""

from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager

from core.domain.errors import Overloaded

OF_ONE_ORGANIZATION = 4
"""The part of all that one organization has at most: a quarter."""
OF_THOSE_WHO_HAVE_NONE = 5
"""The part that is kept for those who hold nothing yet: a fifth."""


class FairShares:
    """How many each organization and each asker hold.

    None gets more than what is still free besides a part that is kept for those that hold nothing: so the last to come
    finds room, however greedy the others are. The same holds within an organization, for its accounts and API keys.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_organization = max(1, most // OF_ONE_ORGANIZATION)
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def taken(self, organization: str, asker: str) -> Iterator[None]:
        """Hold one more.

        Args:
            organization: its id.
            asker: the id of an account or of an API key, which may ask in several organizations.

        Raises:
            Overloaded: the share of one of the two is used up.
        """
        own, there, everywhere = ("of", organization), ("in", organization, asker), ("by", asker)
        free = self._most - self._held["all"]
        free_there = self._most_of_organization - self._held[own]
        if (
            self._held[own] >= _allowed(free, self._most)
            or self._held[everywhere] >= _allowed(free, self._most)
            or self._held[there] >= _allowed(free_there, self._most_of_organization)
        ):
            raise Overloaded
        keys = ("all", own, there, everywhere)
        self._held.update(keys)
        try:
            yield
        finally:
            self._held.subtract(keys)
            for key in keys:
                if not self._held[key]:
                    del self._held[key]


def _allowed(free: int, most: int) -> int:
    """Return how many somebody may hold so that this one may be added."""
    return max(free - most // OF_THOSE_WHO_HAVE_NONE, min(1, free))
