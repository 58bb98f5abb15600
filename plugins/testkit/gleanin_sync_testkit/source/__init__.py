"""The suite for sources: what an author imports is here."""

from gleanin_sync_testkit.source.capabilities import (
    ALL_FIELDS,
    EXHIBITOR_FIELDS,
    PERSON_FIELDS,
    SESSION_FIELDS,
    SourceCapabilities,
)
from gleanin_sync_testkit.source.stand_in import PEOPLE, Json, SourceStandIn, StoredEvent
from gleanin_sync_testkit.source.suite import SourceSuite
from gleanin_sync_testkit.wire import Answer, Request

__all__ = [
    "ALL_FIELDS",
    "EXHIBITOR_FIELDS",
    "PEOPLE",
    "PERSON_FIELDS",
    "SESSION_FIELDS",
    "Answer",
    "Json",
    "Request",
    "SourceCapabilities",
    "SourceStandIn",
    "SourceSuite",
    "StoredEvent",
]
