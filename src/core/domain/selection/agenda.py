"""The agenda: its sessions, and which people sync with them (rules 12 to 16)."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from core.domain.email import is_masked
from core.domain.ids import SourceId
from core.domain.records import reasons
from core.domain.records.kinds import SESSION, SPEAKER, RecordKind
from core.domain.records.outcomes import RecordRef
from core.domain.records.reasons import Reason
from core.domain.records.source_records import (
    Participation,
    ParticipationRole,
    Person,
    Session,
    Unreadable,
    is_id,
)
from core.domain.records.spooled import Spooled
from core.domain.selection.candidates import (
    Blocked,
    Candidate,
    Eligible,
    Selection,
    Skipped,
    Verdict,
    check_required_fields,
    is_preferred,
    unreadable_candidate,
)
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.email_conflicts import EmailConflicts
from core.domain.selection.feed_rows import SelectionContext, Selector
from core.domain.selection.sessions import evaluate_session
from core.domain.selection.speakers import speaker_fields, waived_fields
from core.domain.systems import Systems


@dataclass(slots=True)
class PersonOnAgenda:
    """What is known of one person; tuples, because tens of thousands of sets would take twice the memory."""

    at: int
    """The index of the person among those that are spooled."""
    mark: int
    """A hash, to recognize an equal copy of the person without reading the spool."""
    syncing: tuple[SourceId, ...] = ()
    """Sessions that sync, in which the person has a role that does."""
    not_accepted: tuple[SourceId, ...] = ()
    """Sessions that sync, in which the person has not accepted a role that does (rule 35)."""
    roles_off: frozenset[ParticipationRole] = frozenset()
    """Roles that keep the person from being synced, in sessions that do sync."""
    on_passed_session: bool = False
    on_blocked_session: bool = False
    on_unconfirmed_session: bool = False

    @property
    def has_left(self) -> bool:
        """Check whether a person who does not sync has left the programme; not so if a session passed or is blocked."""
        return not (self.on_passed_session or self.on_blocked_session)


@dataclass(slots=True)
class AgendaRows:
    """The rows of the sessions feed: sessions, and the people in them."""

    context: SelectionContext
    instants: set[datetime] = field(default_factory=set)
    """When sessions that sync start and end: rule 7 compares the time zones over these."""
    masked: str | None = None
    """An e-mail that came masked, if one did (rule 16)."""
    next_transition_at: datetime | None = None
    """When the next session will have passed (rule 12)."""
    incomplete: bool = False
    """A row could not be read, nor the people in it: no person counts as having left."""
    sessions: Spooled[tuple[str, Verdict]] = field(init=False)
    """The label and the verdict of each."""
    session_at: dict[SourceId, int] = field(default_factory=dict)
    persons: Spooled[Person] = field(init=False)
    people: dict[SourceId, PersonOnAgenda] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sessions, self.persons = Spooled(self.context.spool), Spooled(self.context.spool)

    def selectors(self) -> Mapping[RecordKind, Selector]:
        return {SESSION: SessionSelector(self), SPEAKER: SpeakerSelector(self)}

    def add(self, row: object) -> None:
        if not isinstance(row, Session | Unreadable):
            raise TypeError(f"{type(row).__name__} is no row of the sessions feed")
        if row.id in self.session_at:
            return
        session_id = self.context.kept_id(SESSION, row.id)
        if isinstance(row, Unreadable):
            unreadable = unreadable_candidate(SESSION, row, self.context.systems)
            self.session_at[session_id] = self.sessions.append((unreadable.record.label, unreadable.verdict))
            self.incomplete = True
            return
        now = self.context.now
        verdict = evaluate_session(row, self.context)
        self.session_at[session_id] = self.sessions.append((row.label, verdict))
        if isinstance(verdict, Eligible) and row.starts_at and row.ends_at:
            self.instants |= {row.starts_at, row.ends_at}
        if row.ends_at is not None and row.ends_at > now:
            self.next_transition_at = min(row.ends_at, self.next_transition_at or row.ends_at)
        self._add_people(session_id, row.people, verdict)

    def _add_people(self, session_id: SourceId, people: Iterable[Participation], verdict: Verdict) -> None:
        for participation in people:
            entry = self._entry(participation.person)
            if isinstance(verdict, Eligible):
                self._add_role(entry, session_id, participation)
            elif isinstance(verdict, Blocked):
                entry.on_blocked_session = True
            elif verdict.reason == reasons.not_confirmed(self.context.systems):
                entry.on_unconfirmed_session = True
            elif not verdict.has_left:
                entry.on_passed_session = True

    def _entry(self, person: Person) -> PersonOnAgenda:
        """Return what is known of a person, after adding this copy of them."""
        if is_masked(person.email):
            self.masked = self.masked or person.email
        entry = self.people.get(person.id)
        if entry is None:
            entry = PersonOnAgenda(self.persons.append(person), hash(person))
            self.people[self.context.kept_id(SPEAKER, person.id)] = entry
        elif hash(person) != entry.mark and is_preferred(person, self.persons[entry.at]):
            entry.at, entry.mark = self.persons.append(person), hash(person)
        return entry

    def _add_role(self, entry: PersonOnAgenda, session_id: SourceId, participation: Participation) -> None:
        """Add a role in a session that syncs."""
        if not self._syncs(participation.role):
            entry.roles_off |= {participation.role}
        elif not self.context.settings.takes(participation.is_accepted):
            entry.not_accepted += (session_id,)
        elif session_id not in entry.syncing:
            entry.syncing += (session_id,)

    def _syncs(self, role: ParticipationRole) -> bool:
        return {
            ParticipationRole.SPEAKER: True,
            ParticipationRole.CHAIRPERSON: self.context.settings.chairpersons,
            ParticipationRole.MODERATOR: self.context.settings.moderators,
            ParticipationRole.UNKNOWN: False,
        }[role]


@dataclass(frozen=True, slots=True)
class SessionSelector:
    rows: AgendaRows

    def dependents(self, _records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return none: sessions depend on nothing."""
        return set()

    def select(
        self,
        _destination: DestinationView,
        _associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        candidates = partial(self._candidates, excluded[SPEAKER.name])
        return Selection(len(self.rows.sessions), candidates, incomplete=self.rows.incomplete)

    def _candidates(self, excluded_people: AbstractSet[SourceId]) -> Iterator[Candidate]:
        """Return every session, with a note of the people that must not be associated with it any more (rule 10)."""
        rows, absent = self.rows, dict[SourceId, list[str]]()
        for person_id in excluded_people & rows.people.keys():
            entry = rows.people[person_id]
            for session in entry.syncing:
                absent.setdefault(session, []).append(rows.persons[entry.at].label)
        for source_id, (label, verdict) in zip(rows.session_at, rows.sessions, strict=True):
            candidate = Candidate(RecordRef(SESSION, source_id, label), verdict)
            names = absent.get(source_id)
            yield candidate.with_note(reasons.associations_left_out(sorted(names))) if names else candidate


@dataclass(frozen=True, slots=True)
class SpeakerSelector:
    rows: AgendaRows

    def dependents(self, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return the people in any of these sessions: a session is written first (rule 25)."""
        sessions = records.get(SESSION.name, frozenset())
        if not sessions:
            return set()
        return {
            source_id
            for source_id, entry in self.rows.people.items()
            if not sessions.isdisjoint(entry.syncing)
        }

    def select(
        self,
        destination: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        rows = self.rows

        def syncing() -> Iterator[Person]:
            return (rows.persons[entry.at] for entry in rows.people.values() if entry.syncing)

        def is_eligible(person_id: SourceId) -> bool:
            entry = rows.people[person_id]
            verdict = self._evaluate(rows.persons[entry.at], entry, associations)
            return person_id not in excluded[SPEAKER.name] and isinstance(verdict, Eligible)

        in_use = destination.emails_in_use(SPEAKER)
        conflicts, changes = EmailConflicts(syncing, in_use, is_eligible, rows.context.systems).resolve()
        candidates = partial(self._candidates, associations, conflicts)
        return Selection(len(rows.people), candidates, changes, incomplete=rows.incomplete)

    def _candidates(
        self, associations: Mapping[SourceId, str], email_conflicts: Mapping[SourceId, Reason]
    ) -> Iterator[Candidate]:
        rows = self.rows
        for person_id, entry in rows.people.items():
            person = rows.persons[entry.at]
            record = RecordRef(SPEAKER, person_id, person.label, person.email)
            if not entry.syncing:
                left = entry.has_left and not rows.incomplete
                yield Candidate(record, Skipped(_why_skipped(entry, rows.context.systems), has_left=left))
            else:
                problem = (
                    email_conflicts.get(person.id)
                    if is_id(person.id)
                    else reasons.no_id(rows.context.systems)
                )
                yield Candidate(record, self._evaluate(person, entry, associations, problem))

    def _evaluate(
        self,
        person: Person,
        entry: PersonOnAgenda,
        associations: Mapping[SourceId, str],
        problem: Reason | None = None,
    ) -> Eligible | Blocked:
        rows = self.rows
        associated = tuple(
            sorted(associations[session] for session in entry.syncing if session in associations)
        )
        fields, notes = speaker_fields(person, associated)
        if left_out := [session for session in entry.syncing if session not in associations]:
            labels = sorted(rows.sessions[rows.session_at[session]][0] for session in left_out)
            notes = (*notes, reasons.sessions_left_out(labels, rows.context.systems))
        if declined := set(entry.not_accepted).difference(entry.syncing):
            labels = sorted(rows.sessions[rows.session_at[session]][0] for session in declined)
            notes = (*notes, reasons.roles_not_accepted(labels))
        waived = waived_fields(rows.context.settings)
        return check_required_fields(SPEAKER, fields, rows.context.systems, notes, problem, waived=waived)


def _why_skipped(entry: PersonOnAgenda, systems: Systems) -> Reason:
    if entry.not_accepted or entry.on_unconfirmed_session:
        return reasons.role_not_accepted(systems)
    if entry.roles_off == {ParticipationRole.UNKNOWN}:
        return reasons.role_without_category(systems)
    if entry.roles_off:
        return reasons.role_off(role for role in entry.roles_off if role is not ParticipationRole.UNKNOWN)
    if entry.on_blocked_session:
        return reasons.sessions_blocked(systems)
    return reasons.SESSIONS_PASSED if entry.on_passed_session else reasons.NO_SYNCING_SESSION
