"""Sessions: which of them sync, with which fields (rules 12 and 13)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import MAXYEAR, MINYEAR
from zoneinfo import ZoneInfo

from core.domain.instants import instant_text
from core.domain.records import reasons
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import SESSION
from core.domain.records.reasons import Reason
from core.domain.records.source_records import Session
from core.domain.selection.candidates import Skipped, Verdict, check_required_fields, filled, listed
from core.domain.selection.feed_rows import SelectionContext
from core.domain.tenancy.event_mappings import MappingSettings, TracksFrom
from core.domain.tenancy.time_zones import schedule_text

ACCEPTED = "accepted"


def evaluate_session(session: Session, context: SelectionContext) -> Verdict:
    """Evaluate one session by rules 12, 13, 18 and 35."""
    systems = context.systems
    if reason := _not_in_programme(session):
        return Skipped(reason)
    start, end = session.starts_at, session.ends_at
    if end is not None and end <= context.now:
        backwards = start is not None and end < start
        notes = (reasons.ends_before_start(systems).sentence,) if backwards else ()
        return Skipped(reasons.PASSED.with_note(*notes), has_left=False)
    if not context.settings.takes(session.is_confirmed):
        return Skipped(reasons.not_confirmed(systems))
    unusable = dict(_unusable_times(session))
    problem = reasons.unreadable_times(unusable.items(), systems) if unusable else None
    if unusable:
        start, end = None if "starts_at" in unusable else start, None if "ends_at" in unusable else end
        session = replace(session, starts_at=start, ends_at=end)
    elif start is not None and end is not None and end < start:
        problem = reasons.ends_before_start(systems)
    fields = session_fields(session, context.settings, context.zone)
    return check_required_fields(SESSION, fields, systems, problem=problem, mentioned=unusable)


def _unusable_times(session: Session) -> Iterator[tuple[str, str]]:
    yield from session.unreadable_times
    for name, at in (("starts_at", session.starts_at), ("ends_at", session.ends_at)):
        # Near the ends of the calendar, an instant cannot be expressed in every zone.
        if at is not None and at.year in (MINYEAR, MAXYEAR):
            yield name, at.isoformat()


def _not_in_programme(session: Session) -> Reason | None:
    if session.is_abstract:
        return reasons.ABSTRACT
    if session.is_composition_source:
        return reasons.COMPOSITION_SOURCE
    if session.is_subsession:
        return reasons.SUBSESSION
    return None if session.status == ACCEPTED else reasons.not_accepted(session.status)


def session_fields(session: Session, settings: MappingSettings, zone: ZoneInfo) -> Fields:
    start, end = session.starts_at, session.ends_at
    tracks: dict[TracksFrom, Iterable[str | None]] = {
        TracksFrom.TRACK: (session.track,),
        TracksFrom.TAGS: session.tags,
        TracksFrom.OFF: (),
    }
    pairs: tuple[tuple[str, FieldValue | None], ...] = (
        ("title", session.title),
        ("starts_at", instant_text(start) if start else None),
        ("ends_at", instant_text(end) if end else None),
        ("schedule", schedule_text(start, end, zone) if start and end else None),
        ("description", session.description),
        ("tracks", tuple(listed(tracks[settings.tracks]))),
    )
    return filled(pairs)
