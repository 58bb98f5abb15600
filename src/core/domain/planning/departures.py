"""Synced records that have left the programme, and whether too many left at the same time (rule 34)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.ids import SourceId
from core.domain.records.kinds import Scope

DEPARTURE_WINDOW = timedelta(days=1)
"""Records that leave within this time count together: for so long every run reports a source in trouble."""
MANY = 20
"""A number of records. Of fewer, more than half may leave on purpose."""


@dataclass(frozen=True, slots=True)
class Departures:
    """The changes among the records of one kind that we created in the destination."""

    newly_left: AbstractSet[SourceId]
    """Records that were in the programme at the last reading and no longer are."""
    returned: AbstractSet[SourceId]
    left_lately: int
    """How many left within the last day."""
    synced: int
    """How many were in the programme before these left."""


def departures_of(
    synced: AbstractSet[SourceId],
    absent: AbstractSet[SourceId],
    left_at: Mapping[SourceId, datetime],
    now: datetime,
) -> Departures:
    """Compare the records absent from the programme now with those absent before.

    Args:
        synced: the records of one kind that we created in the destination.
        absent: those of them that are not in the programme.
        left_at: when they left, for records that were absent at the last reading.
        now: when the programme was read.
    """
    newly_left = absent - left_at.keys()
    lately = newly_left | {
        record for record in absent & left_at.keys() if left_at[record] > now - DEPARTURE_WINDOW
    }
    returned = (left_at.keys() & synced) - absent
    return Departures(newly_left, returned, len(lately), len(synced) - len(absent) + len(lately))


def scopes_left_at_once(departures: Mapping[Scope, Sequence[Departures]]) -> list[Scope]:
    """Return the scopes from which so many records left within a day that the source is probably in trouble.

    Args:
        departures: by scope, one for each kind in the run.
    """
    all_departures = [departure for of_scope in departures.values() for departure in of_scope]
    if _all_left(all_departures):
        return [scope for scope, of_scope in departures.items() if _left(of_scope)]
    return [
        scope
        for scope, of_scope in departures.items()
        # A single record may leave on purpose, even if it is the only one of its scope.
        if (_all_left(of_scope) and _left(of_scope) > 1) or _many_left(of_scope)
    ]


def _left(departures: Sequence[Departures]) -> int:
    return sum(departure.left_lately for departure in departures)


def _all_left(departures: Sequence[Departures]) -> bool:
    return _left(departures) == sum(departure.synced for departure in departures) > 0


def _many_left(departures: Sequence[Departures]) -> bool:
    """Check whether many records and more than half have left, of one kind or of all kinds of the scope."""
    parts = [(departure.left_lately, departure.synced) for departure in departures]
    whole = _left(departures), sum(departure.synced for departure in departures)
    return any(left >= MANY and left * 2 > synced for left, synced in (*parts, whole))
