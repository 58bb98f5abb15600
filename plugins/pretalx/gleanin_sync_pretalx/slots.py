"""Slots: the times at which a submission takes place."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime

from gleanin_sync_pretalx.values import Row, objects

_LAST = datetime.max.replace(tzinfo=UTC)
MAX_QUOTED = 80
"""Characters of a time that is none, in a message."""


@dataclass(frozen=True, slots=True)
class Slot:
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    unreadable: tuple[tuple[str, str], ...] = ()
    """(field of the session, text) of each time that is not an instant."""

    @property
    def is_scheduled(self) -> bool:
        return bool(self.starts_at or self.ends_at or self.unreadable)


def slots_of(submission: Row) -> Sequence[Slot]:
    """Return when a submission takes place, the earliest first; one slot without times if it is not scheduled.

    Nothing identifies a slot in pretalx for longer than until the next release of the schedule, which copies all slots.
    So the slots are told apart by their order in time: a release alone does not change it, nor does a slot that is
    added after the others.

    Raises:
        WrongValue: the slots are no list of objects.
    """
    slots = [_slot(row) for row in objects(submission, "slots", "the slots")]
    scheduled = [slot for slot in slots if slot.is_scheduled]
    return sorted(scheduled, key=lambda slot: (slot.starts_at or _LAST, slot.ends_at or _LAST)) or (Slot(),)


def _slot(row: Row) -> Slot:
    times = {name: row.get(key) for name, key in (("starts_at", "start"), ("ends_at", "end"))}
    instants = {name: _instant(value) for name, value in times.items()}
    unreadable = tuple(
        (name, _quoted(value))
        for name, value in times.items()
        if value is not None and instants[name] is None
    )
    return Slot(instants["starts_at"], instants["ends_at"], unreadable)


def _instant(value: object) -> datetime | None:
    """Return an instant; None for what is none in every zone, such as a time without an offset."""
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if instant is None or instant.tzinfo is None or not MINYEAR < instant.year < MAXYEAR:
        return None
    return instant


def _quoted(value: object) -> str:
    """Return what stands for a time, as it can be printed and stored."""
    return (value if isinstance(value, str) and value.isprintable() else json.dumps(value))[:MAX_QUOTED]
