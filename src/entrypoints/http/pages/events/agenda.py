"""An event's agenda: its sessions in Sessionboard, and what a sync would do with each."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records.kinds import SESSION, RecordKind
from core.domain.records.outcomes import Outcome
from core.domain.records.reasons import NOT_ALL_READ
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Session, Unreadable
from core.usecases.sync.get_event import EventView
from core.usecases.sync.preview import expected_outcome
from entrypoints.http.csv import csv_response
from entrypoints.http.pages.events.event_page import RequestedEventPage, event_breadcrumbs, show
from entrypoints.http.pages.lists import OutcomeFilter, PageNumber, SearchText, outcome_tabs, paginate
from entrypoints.http.pages.rendering import crumb, redirect_to, zone_of

routes = APIRouter(prefix="/organizations/{organization_id}/events/{event_id}")
CSV_COLUMNS = (
    "source_id", "title", "status", "starts_at", "ends_at", "speakers", "would_be", "reason", "detail",
)  # fmt: skip
LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class AgendaPageRow:
    """A session, if Sessionboard has it, and what a sync would do with it, if known."""

    id: SourceId
    title: str
    session: Session | None
    step: Step | None
    has_left: bool = False
    """It is in Gleanin but no longer in Sessionboard."""

    @property
    def outcome(self) -> Outcome | None:
        return expected_outcome(self.step) if self.step else None

    @property
    def speakers(self) -> str:
        people = self.session.people if self.session else ()
        return ", ".join(dict.fromkeys(participant.person.label for participant in people))

    def fits(self, search: RecordSearch) -> bool:
        """Check whether the session or one of its people matches a search."""
        people = (participant.person for participant in (self.session.people if self.session else ()))
        return search.fits(self.title, None, self.id) or any(
            search.fits(person.label, person.email, person.id) for person in people
        )


@routes.get("")
async def start(page: RequestedEventPage) -> Response:
    return redirect_to(f"{page.url}/agenda")


@routes.get("/agenda")
async def agenda(
    request: Request,
    page: RequestedEventPage,
    search_text: SearchText = "",
    outcome: OutcomeFilter = None,
    number: PageNumber = 1,
) -> Response:
    url, query = f"{page.url}/agenda", {"q": search_text, "outcome": outcome.value if outcome else ""}
    crumbs = event_breadcrumbs(page, crumb("Sessions", url), crumb("Agenda"))
    if page.view is None:
        return show(request, page, "agenda.html", "agenda", crumbs=crumbs)
    rows = [*rows_of(page.view)]
    search = RecordSearch(search_text)
    chosen = [row for row in rows if (outcome is None or row.outcome is outcome) and row.fits(search)]
    return show(
        request,
        page,
        "agenda.html",
        "agenda",
        crumbs=crumbs,
        list=paginate(chosen, number, url, query),
        tabs=outcome_tabs(url, query, _counted(rows), outcome) if page.view.plan else (),
        is_empty=not rows,
        search_text=search_text,
        query=query,
        times=times,
        zone_name=zone_of(page.zone).key,
    )


@routes.get("/agenda.csv")
async def agenda_csv(page: RequestedEventPage) -> Response:
    if page.view is None:
        return redirect_to(f"{page.url}/agenda")  # the page shows the problem or waits
    return csv_response("agenda", CSV_COLUMNS, _csv_rows(page.view))


def rows_of(view: EventView) -> Iterator[AgendaPageRow]:
    """Yield the sessions by time, then those in Gleanin that are no longer in Sessionboard."""
    steps = steps_of(view, SESSION)
    for session in sorted(view.sessions, key=_starts):
        step = steps.pop(session.id, None)
        yield AgendaPageRow(
            session.id, session.label, session if isinstance(session, Session) else None, step
        )
    for step in steps.values():
        yield AgendaPageRow(step.record.source_id, step.record.label, None, step, has_left=has_left(step))


def has_left(step: Step) -> bool:
    """Check whether a record without a row has left Sessionboard, rather than being missing from an incomplete read."""
    return step.reason.code != NOT_ALL_READ.code


def steps_of(view: EventView, kind: RecordKind) -> dict[SourceId, Step]:
    steps = view.plan.steps if view.plan else ()
    return {step.record.source_id: step for step in steps if step.record.kind is kind}


def _starts(session: Session | Unreadable) -> datetime:
    return (session.starts_at if isinstance(session, Session) else None) or LAST


def _counted(rows: Iterable[AgendaPageRow]) -> Mapping[Outcome, int]:
    return Counter(outcome for row in rows if (outcome := row.outcome))


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


async def _csv_rows(view: EventView) -> AsyncIterator[Iterable[Sequence[str | None]]]:
    yield [_csv_row(row) for row in rows_of(view)]


def _csv_row(row: AgendaPageRow) -> Sequence[str | None]:
    session, reason = row.session, row.step.reason if row.step else None
    return [
        row.id,
        row.title,
        session.status if session else None,
        session.starts_at.isoformat() if session and session.starts_at else None,
        session.ends_at.isoformat() if session and session.ends_at else None,
        row.speakers,
        row.outcome.value if row.outcome else None,
        reason.sentence if reason else None,
        reason.detail if reason else None,
    ]
