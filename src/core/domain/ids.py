"""Identifier types, which prevent one identifier from being passed as another."""

import re
from typing import NewType

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
"""A record's id in Sessionboard."""
DestinationId = NewType("DestinationId", str)
"""A record's id in Gleanin."""
ExternalId = NewType("ExternalId", str)
"""Our id on a record in Gleanin: names the source record and the connection under which it was sent."""

_EXTERNAL_ID = re.compile(r"sessionboard:(?P<connection>[^:]+):(?P<source>.+)", re.DOTALL)


def external_id(connection: ConnectionId, source: SourceId) -> ExternalId:
    """Build the id by which a record can be found in Gleanin even if its creation was never recorded."""
    return ExternalId(f"sessionboard:{connection}:{source}")


def parse_external_id(text: str | None) -> tuple[ConnectionId, SourceId] | None:
    """Parse an id built by `external_id`; None if the id is not ours."""
    match = _EXTERNAL_ID.fullmatch(text or "")
    return (ConnectionId(match["connection"]), SourceId(match["source"])) if match else None
