"""An event's agenda: its sessions in the source, and what a sync would do with each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records.feeds import SESSIONS
from core.domain.records.kinds import AGENDA, SESSION
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Session, Unreadable
from core.domain.selection.sessions import ACCEPTED
from core.domain.systems import ExternalSystem
from core.usecases.sync.get_event import EventView
from entrypoints.http.pages.events.record_page import (
    Cell,
    Column,
    CsvExport,
    RecordPage,
    has_left,
    outcome_of,
    steps_of,
)
from entrypoints.http.pages.rendering import zone_of

CSV_COLUMNS = (
    "source_id", "title", "status", "starts_at", "ends_at", "speakers", "would_be", "reason", "detail",
)  # fmt: skip
LAST = datetime.max.replace(tzinfo=UTC)
MAX_STATUS_LENGTH = 60


@dataclass(frozen=True, slots=True)
class AgendaPageRow:
    """A session, if the source has it, and what a sync would do with it, if known."""

    record_id: SourceId
    title: str
    session: Session | None
    step: Step | None
    has_left: bool = False
    """It is in the destination but no longer in the source."""

    @property
    def speakers(self) -> str:
        people = self.session.people if self.session else ()
        return ", ".join(dict.fromkeys(participant.person.label for participant in people))

    def fits(self, search: RecordSearch) -> bool:
        """Check whether the session or one of its people matches a search."""
        people = (participant.person for participant in (self.session.people if self.session else ()))
        return search.fits(self.title, None, self.record_id) or any(
            search.fits(person.label, person.email, person.id) for person in people
        )


def rows_of(view: EventView) -> Iterator[AgendaPageRow]:
    """Yield the sessions by time, then those in the destination that are no longer in the source."""
    steps = steps_of(view, SESSION)
    for session in sorted(view.rows(SESSIONS), key=_starts):
        step = steps.pop(session.id, None)
        yield AgendaPageRow(
            session.id, session.label, session if isinstance(session, Session) else None, step
        )
    for step in steps.values():
        yield AgendaPageRow(step.record.source_id, step.record.label, None, step, has_left=has_left(step))


def _starts(session: Session | Unreadable) -> datetime:
    return (session.starts_at if isinstance(session, Session) else None) or LAST


def columns(source: ExternalSystem, zone: str | None) -> Sequence[Column[AgendaPageRow]]:
    def status(row: AgendaPageRow) -> Cell:
        if row.session is None:
            return Cell(f"Not in {source}" if row.has_left else "Not read")
        if not row.session.status:
            return Cell("No status")
        is_confirmed = row.session.is_confirmed is not False
        tone = "green" if row.session.status == ACCEPTED and is_confirmed else "grey"
        text = row.session.status[:MAX_STATUS_LENGTH]
        return Cell(text if is_confirmed else f"{text}, not confirmed", tone=tone)

    return (
        Column("Session", lambda row: Cell(row.title, row.speakers), is_record=True),
        Column(
            f"Time ({zone_of(zone).key})",
            lambda row: Cell(times(row.session, zone) or "No time"),
            is_labelled=True,
        ),
        Column("Status", status, is_labelled=True),
    )


def times(session: Session | None, zone: str | None) -> str:
    """Format a session's start and end in the event's zone."""
    if session is None or session.starts_at is None:
        return ""
    zone_info = zone_of(zone)
    start = session.starts_at.astimezone(zone_info)
    text = f"{start.day} {start:%b %Y, %H:%M}"
    if session.ends_at:
        end = session.ends_at.astimezone(zone_info)
        text += f" to {end:%H:%M}" if end.date() == start.date() else f" to {end.day} {end:%b %Y, %H:%M}"
    return text


def csv_row(row: AgendaPageRow) -> Sequence[str | None]:
    session, reason, outcome = row.session, row.step.reason if row.step else None, outcome_of(row)
    return [
        row.record_id,
        row.title,
        session.status if session else None,
        session.starts_at.isoformat() if session and session.starts_at else None,
        session.ends_at.isoformat() if session and session.ends_at else None,
        row.speakers,
        outcome.value if outcome else None,
        reason.sentence if reason else None,
        reason.detail if reason else None,
    ]


AGENDA_PAGE = RecordPage(
    AGENDA,
    "Agenda",
    "Sessions",
    "Search sessions and speakers",
    rows_of,
    columns,
    CsvExport(CSV_COLUMNS, csv_row),
)
