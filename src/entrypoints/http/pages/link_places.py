"""Where a source has share links, in words for pages (rule 38)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.domain.links.link_homes import HolderType, LinkHome
from core.domain.records.kinds import KINDS
from core.domain.systems import ExternalSystem
from core.usecases.links.queries import ListLinkHomes
from entrypoints.container import Container


@dataclass(frozen=True, slots=True)
class LinkPlaces:
    """The places for share links in one source."""

    homes: Mapping[str, LinkHome]

    def __bool__(self) -> bool:
        """Return whether the source takes links at all."""
        return bool(self.homes)

    @property
    def people(self) -> Sequence[str]:
        """The kinds of people whose links can be written, in words."""
        return [kind.plural for kind in KINDS.people if kind.name in self.homes]

    @property
    def companies(self) -> Collection[HolderType]:
        """The types of records that get the link of their primary contact."""
        return frozenset(home.company for home in self.homes.values() if home.company)


def link_places(container: Container, source: ExternalSystem) -> LinkPlaces:
    return LinkPlaces(container.resolve(ListLinkHomes)(source.identifier))
