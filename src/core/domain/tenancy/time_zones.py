"""Comparison of time zones: they must agree, or sessions would be shown at the wrong time (rule 7)."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.domain.systems import Systems

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def zone_named(name: str | None) -> ZoneInfo | None:
    """Return the zone with an IANA name; None if there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # unknown, not a valid key, or a folder of the zone database
        return None


def gmt_offset(zone: ZoneInfo, at: datetime) -> str:
    minutes = int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"GMT{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def gmt_offsets(zone: ZoneInfo, now: datetime) -> str:
    """Return the offset that an admin confirms: the current one, and the other one of the coming year if it changes."""
    current = now.astimezone(zone).utcoffset()
    instants = (now + timedelta(days=days) for days in range(0, 365, 7))
    other = next((at for at in instants if at.astimezone(zone).utcoffset() != current), None)
    if other is None:
        return gmt_offset(zone, now)
    # Clocks are ahead in summer, in both hemispheres.
    is_summer = (other.astimezone(zone).utcoffset() or timedelta()) > (current or timedelta())
    return f"{gmt_offset(zone, now)} now, {gmt_offset(zone, other)} in {'summer' if is_summer else 'winter'}"


def first_disagreement(ours: ZoneInfo, theirs: ZoneInfo, instants: Iterable[datetime]) -> datetime | None:
    """Return the first of the event's instants at which the two zones' offsets differ."""
    return next(
        (
            at
            for at in sorted(instants)
            if at.astimezone(ours).utcoffset() != at.astimezone(theirs).utcoffset()
        ),
        None,
    )


def always_disagree(ours: ZoneInfo, theirs: ZoneInfo, now: datetime) -> bool:
    """Check whether two zones' offsets differ throughout the coming year."""
    year = (now + timedelta(days=days) for days in range(0, 366, 7))
    return all(first_disagreement(ours, theirs, (at,)) for at in year)


def zones_differ_at(ours: ZoneInfo, theirs: ZoneInfo, at: datetime, systems: Systems) -> str:
    """Return the sentence for a day of the event on which the two zones differ."""
    return (
        f"The time zones differ: {ours.key} ({gmt_offset(ours, at)}) in {systems.source}, "
        f"{theirs.key} ({gmt_offset(theirs, at)}) in {systems.destination}, on {at:%Y-%m-%d}. Make them the same, then sync again."
    )


def known_mismatch(ours: str | None, theirs: str | None, now: datetime, systems: Systems) -> str:
    """Return the sentence for two zones that differ on every day; empty if that is not known.

    Args:
        ours: the zone's name in the source.
        theirs: the zone's name in the destination.
        now: the start of the year that is compared.
        systems: the source and the destination.
    """
    source_zone, destination_zone = zone_named(ours), zone_named(theirs)
    if (
        source_zone is None
        or destination_zone is None
        or not always_disagree(source_zone, destination_zone, now)
    ):
        return ""
    return (
        f"The time zones differ: {source_zone.key} ({gmt_offsets(source_zone, now)}) in {systems.source}, "
        f"{destination_zone.key} ({gmt_offsets(destination_zone, now)}) in {systems.destination}. Nothing is synced until "
        "they are the same. Change one of them, then sync again."
    )


def days_between(instants: Iterable[datetime]) -> tuple[datetime, ...]:
    """Return the instants, and noon (UTC) of every day between the first and the last of them."""
    ordered = sorted(at.astimezone(UTC) for at in instants)
    if not ordered:
        return ()
    first = ordered[0].replace(hour=12, minute=0, second=0, microsecond=0)
    # Limit the days, because a session may be dated years away by mistake.
    days = min((ordered[-1].date() - ordered[0].date()).days, 366)
    return (*ordered, *(first + timedelta(days=day) for day in range(1, days)))


def schedule_text(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """Return a session's time in the event's zone, e.g. `09:15-10:35 Wednesday 21 July 2027`.

    If the clocks are put back during the session and the text would be ambiguous, both times have their offset:
    `02:30 (GMT+02:00)-02:15 (GMT+01:00) Sunday 31 October 2027`.
    """
    start, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    first, last = f"{start:%H:%M}", f"{end:%H:%M}"
    runs_backwards = end.replace(tzinfo=None) < start.replace(tzinfo=None)
    if start.utcoffset() != end.utcoffset() and (
        _is_ambiguous(start) or _is_ambiguous(end) or runs_backwards
    ):
        first, last = f"{first} ({gmt_offset(zone, start)})", f"{last} ({gmt_offset(zone, end)})"
    if start.date() == end.date():
        return f"{first}-{last} {_day(start)}"
    return f"{first} {_day(start)} - {last} {_day(end)}"


def _is_ambiguous(local: datetime) -> bool:
    """Check whether this local time occurs twice, as in the hour in which clocks are put back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def _day(at: datetime) -> str:
    # strftime would use the machine's locale.
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}"
