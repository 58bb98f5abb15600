"""The suite for destinations: subclass it, and say what your plug-in can do."""

from gleanin_sync_testkit.destination.capabilities import DestinationCapabilities
from gleanin_sync_testkit.destination.stand_in import (
    DestinationStandIn,
    StoredEvent,
    StoredRecord,
)
from gleanin_sync_testkit.destination.suite import DestinationSuite

__all__ = [
    "DestinationCapabilities",
    "DestinationStandIn",
    "DestinationSuite",
    "StoredEvent",
    "StoredRecord",
]
