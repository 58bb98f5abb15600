"""Builders of records and verdicts: everything has a default, and a test sets what it is about."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from core.domain.ids import (
    ConnectionId,
    DestinationEventId,
    DestinationId,
    ExternalId,
    MappingId,
    OrganizationId,
    SourceEventId,
    SourceId,
    external_id,
)
from core.domain.planning.destination_index import DestinationIndex
from core.domain.planning.plan import Create, NoWrite, Planner, Step, Update
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed, SourceRow
from core.domain.records.fields import Fields
from core.domain.records.kinds import KINDS, SESSION, SPEAKER, RecordKind
from core.domain.records.outcomes import RecordRef
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
    Unreadable,
)
from core.domain.records.synced_records import SyncedRecord, fingerprint
from core.domain.selection.agenda import AgendaRows
from core.domain.selection.candidates import Blocked, Candidate, Eligible, Skipped
from core.domain.selection.exhibitor_contacts import ExhibitorRows
from core.domain.selection.feed_rows import FeedRows, SelectionContext
from core.domain.selection.source_snapshot import SourceSnapshot
from core.domain.tenancy.event_mappings import EventMapping, EventPair, MappingSettings
from tests.support.systems import SESSIONBOARD, SYSTEMS

T = TypeVar("T")
NOW = datetime(2027, 7, 20, 12, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
HERE = ConnectionId("here")
EARLIER = ConnectionId("earlier")
SETTINGS = MappingSettings()


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(2027, 7, day, hour, minute, tzinfo=UTC)


def person(person_id: str = "ada", **named: Any) -> Person:
    """Build a person with all required fields; the e-mail is derived from the id."""
    complete = Person(SourceId(person_id), person_id.title(), "Lovelace", email=f"{person_id}@example.org")
    return replace(complete, **named)


def on(
    person: Person, role: ParticipationRole = ParticipationRole.SPEAKER, *, is_accepted: bool | None = None
) -> Participation:
    return Participation(person, role, is_accepted)


def session(session_id: str = "opening", *people: Participation, **named: Any) -> Session:
    """Build a session that syncs: accepted, complete, tomorrow."""
    complete = Session(
        SourceId(session_id),
        title=f"Talk {session_id}",
        status="accepted",
        starts_at=at(21, 9),
        ends_at=at(21, 10),
        people=people,
    )
    return replace(complete, **named)


def exhibitor(exhibitor_id: str = "acme", *contacts: ExhibitorContact, **named: Any) -> Exhibitor:
    complete = Exhibitor(SourceId(exhibitor_id), "Acme Ltd", "https://img.example.org/acme.png", contacts)
    return replace(complete, **named)


def primary(person: Person, since: datetime | None = None) -> ExhibitorContact:
    return ExhibitorContact(person, is_primary=True, in_role_since=since)


def member(person: Person) -> ExhibitorContact:
    return ExhibitorContact(person)


def agenda(
    *rows: Session | Unreadable, settings: MappingSettings = SETTINGS, now: datetime = NOW
) -> AgendaRows:
    selector = AgendaRows(SelectionContext(settings, PARIS, now, SYSTEMS))
    for row in rows:
        selector.add(row)
    return selector


def exhibitor_list(*rows: Exhibitor | Unreadable, settings: MappingSettings = SETTINGS) -> ExhibitorRows:
    selector = ExhibitorRows(SelectionContext(settings, PARIS, NOW, SYSTEMS))
    for row in rows:
        selector.add(row)
    return selector


Verdict = Eligible | Skipped | Blocked


def by_id(candidates: Iterable[Candidate]) -> dict[str, Verdict]:
    """Index verdicts by source id; each record must have only one."""
    verdicts: dict[str, Verdict] = {}
    for candidate in candidates:
        assert candidate.record.source_id not in verdicts, f"two verdicts on {candidate.record}"
        verdicts[candidate.record.source_id] = candidate.verdict
    return verdicts


def selected(
    rows: FeedRows,
    kind: RecordKind,
    associations: Mapping[str, str] | None = None,
    in_gleanin: Mapping[str, str] | None = None,
    excluded: Iterable[str] = (),
) -> dict[str, Verdict]:
    """Select one kind's records; `in_gleanin` has the source ids of contacts sent earlier, by e-mail."""
    index = DestinationIndex(SESSIONBOARD, HERE)
    index.add(
        kind,
        [ours(f"g-{source_id}", source_id, email=email) for email, source_id in (in_gleanin or {}).items()],
    )
    session_ids = {SourceId(key): destination_id for key, destination_id in (associations or {}).items()}
    none_excluded = {other.name: frozenset[SourceId]() for other in KINDS}
    selection = rows.selectors()[kind].select(
        index, session_ids, none_excluded | {SPEAKER.name: frozenset(map(SourceId, excluded))}
    )
    verdicts = by_id(selection.candidates())
    assert selection.size == len(verdicts), "the size is the number of candidates"
    return verdicts


def sessions_of(selector: AgendaRows) -> dict[str, Verdict]:
    return selected(selector, SESSION)


def speakers_of(selector: AgendaRows, in_gleanin: Mapping[str, str] | None = None) -> dict[str, Verdict]:
    """Select the speakers as if each session that syncs were in Gleanin with the id `g-` and its source id."""
    associations = {
        key: f"g-{key}" for key, verdict in sessions_of(selector).items() if isinstance(verdict, Eligible)
    }
    return selected(selector, SPEAKER, associations, in_gleanin)


def programme(
    agenda_part: AgendaRows | None = None, exhibitors_part: ExhibitorRows | None = None
) -> SourceSnapshot:
    rows: dict[Feed[SourceRow], FeedRows] = {}
    if agenda_part is not None:
        rows[SESSIONS] = agenda_part
    if exhibitors_part is not None:
        rows[EXHIBITORS] = exhibitors_part
    return SourceSnapshot(rows)


def as_a(kind: type[T]) -> Callable[[object], T]:
    """Return a function that checks the type of its argument and returns it."""

    def checked(value: object) -> T:
        assert isinstance(value, kind), value
        return value

    return checked


eligible, skipped, blocked = as_a(Eligible), as_a(Skipped), as_a(Blocked)
no_write, create, update = as_a(NoWrite), as_a(Create), as_a(Update)


def ours(
    destination_id: str, source_id: str, connection: ConnectionId = HERE, **named: Any
) -> DestinationRecord:
    """Build a record in Gleanin that we created under the given connection."""
    return DestinationRecord(
        DestinationId(destination_id), external_id(SESSIONBOARD, connection, SourceId(source_id)), **named
    )


def foreign(destination_id: str, email: str, external_id: str | None = None) -> DestinationRecord:
    return DestinationRecord(
        DestinationId(destination_id), ExternalId(external_id) if external_id else None, email
    )


def gleanin(
    speakers: Iterable[DestinationRecord] = (),
    sessions: Iterable[DestinationRecord] = (),
    others: Mapping[RecordKind, Iterable[DestinationRecord]] | None = None,
) -> DestinationIndex:
    index = DestinationIndex(SESSIONBOARD, HERE)
    for kind, records in {SESSION: sessions, SPEAKER: speakers, **(others or {})}.items():
        index.add(kind, records)
    return index


SPEAKER_FIELDS: Fields = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "name": "Ada Lovelace",
    "email": "ada@example.org",
}


def synced(
    source_id: str = "ada", destination_id: str = "g1", kind: RecordKind = SPEAKER, **fields: Any
) -> SyncedRecord:
    """Build a synced record; a speaker has all required fields."""
    sent = {**(SPEAKER_FIELDS if kind is SPEAKER else {}), **fields}
    return SyncedRecord(
        kind,
        SourceId(source_id),
        source_id,
        DestinationId(destination_id),
        HERE,
        fingerprint(sent),
        sent,
        sent.get("email"),
    )


def candidate(
    verdict: Verdict | None = None, source_id: str = "ada", kind: RecordKind = SPEAKER, **fields: Any
) -> Candidate:
    """Build a candidate; by default it is eligible, and a speaker also has all required fields."""
    record = RecordRef(kind, SourceId(source_id), source_id)
    return Candidate(record, verdict or Eligible({**(SPEAKER_FIELDS if kind is SPEAKER else {}), **fields}))


def planned(
    candidate: Candidate,
    known: SyncedRecord | None = None,
    index: DestinationIndex | None = None,
    excluded: AbstractSet[str] = frozenset(),
    email_changes: Mapping[str, str] | None = None,
) -> Step:
    planner = Planner(
        candidate.record.kind,
        index or gleanin(),
        SYSTEMS,
        frozenset(SourceId(each) for each in excluded),
        {SourceId(person_id): email for person_id, email in (email_changes or {}).items()},
    )
    (step,) = planner.plan([candidate], {known.source_id: known} if known else {})
    return step


def sent_by(step: Step) -> dict[str, object]:
    return {change.field: change.new for change in update(step).changes}


def mapping(name: str = "m1", connection: ConnectionId = HERE, **named: Any) -> EventMapping:
    complete = EventMapping(
        MappingId(name),
        OrganizationId("org"),
        connection,
        pair(),
        SYSTEMS,
        "PyConf in Sessionboard",
        "PyConf in Gleanin",
        NOW,
    )
    return replace(complete, **named)


def pair(
    sessionboard: str = "sb1", gleanin_event: str = "gl1", url: str = "https://sb.example.org"
) -> EventPair:
    return EventPair(url, SourceEventId(sessionboard), DestinationEventId(gleanin_event))
