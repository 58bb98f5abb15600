"""A source that takes links, in memory, in place of what the container builds; everything else is as it is served."""

import pytest

from adapters.memory.link_writer import CONTACTS, EXHIBITORS, InMemoryLinkHolders, InMemoryLinkWriters
from core.domain.links.link_homes import LinkField

FIELD, COMPANY_FIELD = "gleanin_link", "company_link"


def use_link_writers(patch: pytest.MonkeyPatch) -> InMemoryLinkWriters:
    """Make containers that are built from now on write links into memory."""
    writers = InMemoryLinkWriters()
    patch.setattr("entrypoints.container._link_writers", lambda *_: writers)
    return writers


def add_holders(source: InMemoryLinkHolders, *people: str, company: str, primary: str) -> None:
    """Add people and a company, and a field for each."""
    source.add(CONTACTS, *people)
    source.add(EXHIBITORS, company, primary=primary)
    source.fields = {
        CONTACTS: [LinkField(FIELD, "Gleanin Link"), LinkField("bio", "Bio")],
        EXHIBITORS: [LinkField(COMPANY_FIELD, "Company Link")],
    }
