"""Identifier types, which prevent one identifier from being passed as another."""

from typing import NewType

from core.domain.systems import ExternalSystem

MAX_ID_LENGTH = 64
"""Of our own ids."""
MAX_EXTERNAL_ID_LENGTH = 255
"""Of ids in the source. Real ones are much shorter (UUIDs and numbers); a longer one would not fit into an index."""

OrganizationId = NewType("OrganizationId", str)
ConnectionId = NewType("ConnectionId", str)
MappingId = NewType("MappingId", str)
RunId = NewType("RunId", str)
NotificationId = NewType("NotificationId", str)
AccountId = NewType("AccountId", str)
ApiKeyId = NewType("ApiKeyId", str)
SourceEventId = NewType("SourceEventId", str)
DestinationEventId = NewType("DestinationEventId", str)
SourceId = NewType("SourceId", str)
"""A record's id in the source."""
DestinationId = NewType("DestinationId", str)
"""A record's id in the destination."""
ExternalId = NewType("ExternalId", str)
"""Our id on a record in the destination: names the source record and the connection under which it was sent."""


def can_be_id(text: str) -> bool:
    """Check whether a text can be one of our ids; some databases do not accept unprintable ones in queries."""
    return len(text) <= MAX_ID_LENGTH and text.isprintable()


def external_id(system: ExternalSystem, connection: ConnectionId, source: SourceId) -> ExternalId:
    """Build the id by which a record can be found in the destination even if its creation was never recorded.

    Args:
        system: the source; the id begins with its identifier (rule 43).
        connection: under which the record is sent.
        source: the record's id in the source.
    """
    return ExternalId(f"{system.identifier}:{connection}:{source}")


def parse_external_id(system: ExternalSystem, text: str | None) -> tuple[ConnectionId, SourceId] | None:
    """Parse an id built by `external_id` for the same source; None if it is another source's, or not ours."""
    prefix, _, rest = (text or "").partition(":")
    connection, _, source = rest.partition(":")
    if prefix != system.identifier or not connection or not source:
        return None
    return ConnectionId(connection), SourceId(source)
