"""An event's exhibitors: their contacts, the primary one, and what a sync would do with each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records.kinds import EXHIBITOR_CONTACT
from core.domain.records.outcomes import Outcome
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Exhibitor, Person, Unreadable
from core.domain.selection.exhibitor_contacts import primary_contact
from core.usecases.sync.get_event import EventView
from core.usecases.sync.preview import expected_outcome
from entrypoints.http.pages.events.agenda import has_left, steps_of
from entrypoints.http.pages.events.event_page import RequestedEventPage, event_breadcrumbs, show
from entrypoints.http.pages.lists import OutcomeFilter, PageNumber, SearchText, outcome_tabs, paginate
from entrypoints.http.pages.rendering import crumb

routes = APIRouter(prefix="/organizations/{organization_id}/events/{event_id}")


@dataclass(frozen=True, slots=True)
class ExhibitorPageRow:
    """A contact of an exhibitor, or an exhibitor without contacts."""

    exhibitor: str
    """Empty if unknown."""
    record_id: SourceId
    person: Person | None
    label: str
    step: Step | None
    is_primary: bool = False
    has_left: bool = False
    """It is in Gleanin but no longer in Sessionboard."""
    exhibitor_id: str = ""

    @property
    def outcome(self) -> Outcome | None:
        return expected_outcome(self.step) if self.step else None

    @property
    def email(self) -> str:
        if self.person:
            return self.person.email or ""
        return (self.step.record.email if self.step else None) or ""

    def fits(self, search: RecordSearch) -> bool:
        """Check whether the contact or its exhibitor matches a search."""
        return search.fits(self.label, self.email, self.record_id) or search.fits(
            self.exhibitor, None, self.exhibitor_id
        )


@routes.get("/exhibitors")
async def exhibitors(
    request: Request,
    page: RequestedEventPage,
    search_text: SearchText = "",
    outcome: OutcomeFilter = None,
    number: PageNumber = 1,
) -> Response:
    url, query = f"{page.url}/exhibitors", {"q": search_text, "outcome": outcome.value if outcome else ""}
    crumbs = event_breadcrumbs(page, crumb("Exhibitors"))
    if page.view is None:
        return show(request, page, "exhibitors.html", "exhibitors", crumbs=crumbs)
    rows = [*_rows(page.view)]
    search = RecordSearch(search_text)
    chosen = [row for row in rows if (outcome is None or row.outcome is outcome) and row.fits(search)]
    # A contact of several exhibitors is one record.
    counts = Counter({row.record_id: result for row in rows if (result := row.outcome)}.values())
    return show(
        request,
        page,
        "exhibitors.html",
        "exhibitors",
        crumbs=crumbs,
        list=paginate(chosen, number, url, query),
        tabs=outcome_tabs(url, query, counts, outcome) if page.view.plan else (),
        is_empty=not rows,
        search_text=search_text,
        query=query,
    )


def _rows(view: EventView) -> Iterator[ExhibitorPageRow]:
    """Yield each exhibitor's contacts, the primary one first, then those that are no longer in Sessionboard."""
    steps, shown_ids = steps_of(view, EXHIBITOR_CONTACT), set[SourceId]()
    for exhibitor in view.exhibitors:
        rows = (
            _contacts(exhibitor, steps)
            if isinstance(exhibitor, Exhibitor)
            else [_unreadable(exhibitor, steps)]
        )
        for row in rows:
            shown_ids.add(row.record_id)
            yield row
    for step in steps.values():
        if step.record.source_id not in shown_ids:
            yield ExhibitorPageRow(
                "", step.record.source_id, None, step.record.label, step, has_left=has_left(step)
            )


def _unreadable(row: Unreadable, steps: Mapping[SourceId, Step]) -> ExhibitorPageRow:
    record_id = _placeholder_id(row.id, steps)
    return ExhibitorPageRow(
        row.label, record_id, None, "Unreadable", steps.get(record_id), exhibitor_id=row.id
    )


def _contacts(exhibitor: Exhibitor, steps: Mapping[SourceId, Step]) -> Iterator[ExhibitorPageRow]:
    name, primary, record_id = (
        exhibitor.name or exhibitor.id,
        primary_contact(exhibitor),
        _placeholder_id(exhibitor.id, steps),
    )
    if record_id in steps or not exhibitor.contacts:
        yield ExhibitorPageRow(
            name, record_id, None, "No primary contact", steps.get(record_id), exhibitor_id=exhibitor.id
        )
    for contact in sorted(exhibitor.contacts, key=lambda contact: contact is not primary):
        person = contact.person
        step, is_primary = steps.get(person.id), contact is primary
        yield ExhibitorPageRow(
            name, person.id, person, person.label, step, is_primary, exhibitor_id=exhibitor.id
        )


def _placeholder_id(exhibitor_id: SourceId, steps: Mapping[SourceId, Step]) -> SourceId:
    """Return the record id of an exhibitor without contacts, prefixed if a contact has the plain one."""
    placeholder_id = SourceId(f"exhibitor:{exhibitor_id}")
    return placeholder_id if placeholder_id in steps else exhibitor_id
