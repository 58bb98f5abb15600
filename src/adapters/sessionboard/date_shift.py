"""Moves a saved event to future days, in its JSON objects, before they are parsed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.sessionboard.wire import to_instant

Json = dict[str, Any]
TIMES = ("starts_at", "ends_at")


def shift_dates(saved: Json, now: datetime, *, days_ahead: int = 30, first_day: date | None = None) -> Json:
    """Move all sessions by a whole number of days; every session keeps its local time of day.

    Args:
        saved: `{"event": ..., "sessions": [...], "exhibitors": [...]}`; it is not changed.
        now: with an offset.
        days_ahead: how many days after `now` the event begins.
        first_day: the local day on which the saved event begins; by default that of its first session.
            Pass a later day to leave the sessions before it in the past.
    """
    zone = zone_of(saved)
    first_day = first_day or _first_day(saved, zone)
    if first_day is None:
        return saved
    days = now.astimezone(zone).date() + timedelta(days=days_ahead) - first_day
    return {**saved, "sessions": [_moved(row, days, zone) for row in saved["sessions"]]}


def zone_of(saved: Json) -> ZoneInfo:
    """Return the event's time zone, or UTC if it has none or an unknown one."""
    event = saved.get("event")
    name = event.get("timezone") if isinstance(event, dict) else None
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return ZoneInfo("UTC")


def _first_day(saved: Json, zone: ZoneInfo) -> date | None:
    starts = (_instant(row.get("starts_at")) for row in _rows(saved.get("sessions")))
    first = min((start for start in starts if start), default=None)
    return first.astimezone(zone).date() if first else None


def _rows(rows: object) -> Iterator[Json]:
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            yield row
            yield from _rows(row.get("subsessions"))


def _moved(row: object, days: timedelta, zone: ZoneInfo) -> object:
    if not isinstance(row, dict):
        return row
    moved = dict(row)
    for key in TIMES:
        if instant := _instant(row.get(key)):
            moved[key] = _same_time_of_day(instant, days, zone)
    if isinstance(nested := row.get("subsessions"), list):
        moved["subsessions"] = [_moved(subsession, days, zone) for subsession in nested]
    return moved


def _same_time_of_day(instant: datetime, days: timedelta, zone: ZoneInfo) -> str:
    # Adding days to a local time keeps the time of day, also across a change of the offset.
    local = instant.astimezone(zone) + days
    return local.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant(value: object) -> datetime | None:
    """Parse a time; None leaves the value unchanged, because an invalid time must be reported later."""
    return to_instant(value) if isinstance(value, str) else None
