"""The names of the systems that an organization has unless others are chosen."""

from core.usecases.organizations.add_organization import DEFAULT_SOURCE
from core.usecases.organizations.connect import DEFAULT_DESTINATION
from entrypoints.container import Container


def default_source(container: Container) -> str:
    return container.plugins().source(DEFAULT_SOURCE).display_name


def default_destination(container: Container) -> str:
    """Return the name of the destination that an organization without a connection is connected to by default."""
    return container.plugins().destination(DEFAULT_DESTINATION).display_name
