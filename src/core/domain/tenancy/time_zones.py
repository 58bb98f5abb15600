"""Time zones must agree, else every session would be shown at a wrong hour (rule 7)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.domain.tenancy.systems import GLEANIN, SESSIONBOARD

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def zone_named(name: str | None) -> ZoneInfo | None:
    """Give the zone of an IANA name; None where there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # unknown; not a key; a folder of the zone database
        return None


def gmt_offset(zone: ZoneInfo, at: datetime) -> str:
    minutes = int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"GMT{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def gmt_offsets(zone: ZoneInfo, now: datetime) -> str:
    """Say the offset an admin is asked to confirm: now, and the other one that the coming year has."""
    offsets = dict.fromkeys(gmt_offset(zone, now + timedelta(days=days)) for days in range(0, 365, 7))
    return " now, ".join(list(offsets)[:2]) + (" at another time of the year" if len(offsets) > 1 else "")


def first_disagreement(ours: ZoneInfo, theirs: ZoneInfo, instants: Iterable[datetime]) -> datetime | None:
    """Find the first of the event's instants at which the two zones' offsets differ."""
    return next(
        (
            at
            for at in sorted(instants)
            if at.astimezone(ours).utcoffset() != at.astimezone(theirs).utcoffset()
        ),
        None,
    )


def always_disagree(ours: ZoneInfo, theirs: ZoneInfo, now: datetime) -> bool:
    """Tell whether two zones' offsets differ all through the coming year."""
    year = (now + timedelta(days=days) for days in range(0, 366, 7))
    return all(first_disagreement(ours, theirs, (at,)) for at in year)


def zones_differ_at(ours: ZoneInfo, theirs: ZoneInfo, at: datetime) -> str:
    """Return the sentence for a day of the event on which the two zones differ."""
    return (
        f"The time zones differ: {ours.key} ({gmt_offset(ours, at)}) in {SESSIONBOARD}, "
        f"{theirs.key} ({gmt_offset(theirs, at)}) in {GLEANIN}, on {at:%Y-%m-%d}. Make them the same."
    )


def known_mismatch(ours: str | None, theirs: str | None, now: datetime) -> str:
    """Return the sentence for two zones that differ on every day; empty where that is not known.

    Args:
        ours: as Sessionboard names it.
        theirs: as Gleanin names it.
        now: from when on a year is looked at.
    """
    one, other = zone_named(ours), zone_named(theirs)
    if one is None or other is None or not always_disagree(one, other, now):
        return ""
    return (
        f"The time zones differ: {one.key} ({gmt_offsets(one, now)}) in {SESSIONBOARD}, "
        f"{other.key} ({gmt_offsets(other, now)}) in {GLEANIN}. Nothing is synced until they are the same. In "
        f"{SESSIONBOARD} the zone stands on the event's Details page, and only {SESSIONBOARD}'s support can change it. Then sync."
    )


def days_between(instants: Iterable[datetime]) -> tuple[datetime, ...]:
    """Give the instants, and noon of every day from the first to the last of them."""
    given = sorted(at.astimezone(UTC) for at in instants)
    if not given:
        return ()
    first = given[0].replace(hour=12, minute=0, second=0, microsecond=0)
    # A session dated years away by mistake must not make this walk forever.
    days = min((given[-1].date() - given[0].date()).days, 366)
    return (*given, *(first + timedelta(days=day) for day in range(1, days)))


def schedule_text(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Write a session's time in the event's zone, e.g. `09:15-10:35 Wednesday 21 July 2027`.

    Where clocks are put back meanwhile and the text alone would mislead, both times have their offset:
    `02:30 (GMT+02:00)-02:15 (GMT+01:00) Sunday 31 October 2027`.
    """
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    first, last = f"{start:%H:%M}", f"{end:%H:%M}"
    runs_backwards = end.replace(tzinfo=None) < start.replace(tzinfo=None)
    if start.utcoffset() != end.utcoffset() and (_comes_twice(start) or _comes_twice(end) or runs_backwards):
        first, last = f"{first} ({gmt_offset(zone, start)})", f"{last} ({gmt_offset(zone, end)})"
    if start.date() == end.date():
        return f"{first}-{last} {_day(start)}"
    return f"{first} {_day(start)} - {last} {_day(end)}"


def _comes_twice(local: datetime) -> bool:
    """Return whether two instants have this local time, as in the hour in which clocks are put back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _day(at: datetime) -> str:
    # strftime's names follow the machine's locale.
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"
