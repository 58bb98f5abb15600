"""What was synced and has left the programme: little by little, or much of it at once (rule 34)."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.ids import SourceId
from core.domain.records.kinds import Scope

AT_ONCE = timedelta(days=1)
"""What leaves within it leaves at once: so long a source that is in trouble is told of at every run."""
MANY = 20
"""Records: of fewer, more than half may well leave on purpose."""


@dataclass(frozen=True, slots=True)
class Departures:
    """What became of the records of one kind that are in the destination by our doing."""

    newly_left: AbstractSet[SourceId]
    """They were in the programme when it was read last."""
    returned: AbstractSet[SourceId]
    left_lately: int
    """These have left at once."""
    synced: int
    """Those that were in the programme before these left."""


def departures_of(
    synced: AbstractSet[SourceId],
    absent: AbstractSet[SourceId],
    left_at: Mapping[SourceId, datetime],
    now: datetime,
) -> Departures:
    """Compare what is absent from the programme now with what was absent before.

    Args:
        synced: the records of one kind that are in the destination by our doing.
        absent: those of them that are not in the programme.
        left_at: since when, for those that were absent at the last reading.
        now: when the programme was read.
    """
    newly_left = absent - left_at.keys()
    lately = newly_left | {each for each in absent & left_at.keys() if left_at[each] > now - AT_ONCE}
    returned = (left_at.keys() & synced) - absent
    return Departures(newly_left, returned, len(lately), len(synced) - len(absent) + len(lately))


def scopes_left_at_once(departures: Mapping[Scope, Sequence[Departures]]) -> list[Scope]:
    """Return the scopes of which so much has left at once that the source is more likely in trouble.

    Args:
        departures: by scope, of each kind that a run is about.
    """
    everything = [each for of_scope in departures.values() for each in of_scope]
    if _all_left(everything):
        return [scope for scope, of_scope in departures.items() if _left(of_scope)]
    return [
        scope
        for scope, of_scope in departures.items()
        # One record, and be it the only one of its scope, may well leave on purpose.
        if (_all_left(of_scope) and _left(of_scope) > 1) or _many_left(of_scope)
    ]


def _left(departures: Sequence[Departures]) -> int:
    return sum(each.left_lately for each in departures)


def _all_left(departures: Sequence[Departures]) -> bool:
    return _left(departures) == sum(each.synced for each in departures) > 0


def _many_left(departures: Sequence[Departures]) -> bool:
    """Check whether more than half, and many, have left: of one kind, or of all that are read together."""
    parts = [(each.left_lately, each.synced) for each in departures]
    whole = _left(departures), sum(each.synced for each in departures)
    return any(left >= MANY and left * 2 > synced for left, synced in (*parts, whole))
