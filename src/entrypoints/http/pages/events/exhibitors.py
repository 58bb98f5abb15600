"""An event's exhibitors: their contacts, the primary one, and what a sync would do with each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.domain.ids import SourceId
from core.domain.planning.plan import Step
from core.domain.records import kinds
from core.domain.records.feeds import EXHIBITORS
from core.domain.records.kinds import EXHIBITOR_CONTACT
from core.domain.records.search import RecordSearch
from core.domain.records.source_records import Exhibitor, Person, Unreadable
from core.domain.selection.exhibitor_contacts import primary_contact
from core.domain.systems import ExternalSystem
from core.usecases.sync.get_event import EventView
from entrypoints.http.pages.events.record_page import Cell, Column, RecordPage, has_left, steps_of


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
    """It is in the destination but no longer in the source."""
    exhibitor_id: str = ""

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


def _rows(view: EventView) -> Iterator[ExhibitorPageRow]:
    """Yield each exhibitor's contacts, the primary one first, then those that are no longer in the source."""
    steps, shown_ids = steps_of(view, EXHIBITOR_CONTACT), set[SourceId]()
    for exhibitor in view.rows(EXHIBITORS):
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


def columns(source: ExternalSystem, _zone: str | None) -> Sequence[Column[ExhibitorPageRow]]:
    def role(row: ExhibitorPageRow) -> Cell:
        if row.has_left:
            return Cell(f"Not in {source}")
        if row.is_primary:
            return Cell("Primary", tone="blue")
        return Cell("Team member" if row.person else "")

    return (
        Column("Exhibitor", lambda row: Cell(row.exhibitor or "Unknown")),
        Column(
            "Contact",
            lambda row: Cell(row.label, "" if row.email == row.label else row.email),
            is_record=True,
        ),
        Column("Role", role),
    )


EXHIBITORS_PAGE = RecordPage(
    kinds.EXHIBITORS, "Exhibitors", "Exhibitors", "Search exhibitors and contacts", _rows, columns
)
