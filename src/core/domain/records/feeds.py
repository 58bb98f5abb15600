"""Feeds: the lists of rows that a source has for an event."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from core.domain.ids import SourceId
from core.domain.records.source_records import Exhibitor, Session


class SourceRow(Protocol):
    @property
    def id(self) -> SourceId: ...


R_co = TypeVar("R_co", bound=SourceRow, covariant=True)


@dataclass(frozen=True, slots=True)
class Feed(Generic[R_co]):
    name: str
    """The plural of its rows, as in "All sessions were read"."""
    row: type[R_co]
    reports_changes: bool = False
    """Whether a change of any row moves its date of change, so that a source can tell what has changed since."""


SESSIONS: Feed[Session] = Feed("sessions", Session, reports_changes=True)
# A contact's edit need not move its exhibitor, so exhibitors are read each time: they are few.
EXHIBITORS: Feed[Exhibitor] = Feed("exhibitors", Exhibitor)
