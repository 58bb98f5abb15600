"""The agenda: its sessions, and which people sync with them (rules 12 to 16)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

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
from core.domain.records.spooled import Spool, Spooled
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
from core.domain.selection.sessions import evaluate_session
from core.domain.selection.speakers import speaker_fields
from core.domain.tenancy.event_mappings import MappingSettings

KeptId = Callable[[RecordKind, SourceId], SourceId]
"""Returns an equal id that is kept already: of tens of thousands, none need be kept twice."""


def any_id(_kind: RecordKind, source_id: SourceId) -> SourceId:
    return source_id


@dataclass(slots=True)
class _PersonOnAgenda:
    """There are as many as people: without sets of their own, half as large."""

    at: int
    """Where the person is among those that are spooled."""
    mark: int
    """Tells whether another copy of the person is the same."""
    syncing: tuple[SourceId, ...] = ()
    """Sessions that sync, on which the person has a role that does."""
    roles_off: frozenset[ParticipationRole] = frozenset()
    """Roles that keep the person from being synced, on sessions that do sync."""
    on_passed_session: bool = False
    on_blocked_session: bool = False

    @property
    def has_left(self) -> bool:
        """Tell whether somebody who does not sync has left the programme: no session passed or waits to be put right."""
        return not (self.on_passed_session or self.on_blocked_session)


@dataclass(slots=True)
class AgendaSelector:
    """The sessions of an event, judged as they are read; of each only what will be sent is kept."""

    settings: MappingSettings
    zone: ZoneInfo
    now: datetime
    spool: InitVar[Spool]
    kept_id: KeptId = any_id
    instants: set[datetime] = field(default_factory=set)
    """When sessions that sync start and end: what rule 7 compares the zones over."""
    masked: str | None = None
    """An e-mail that Sessionboard masked, if there was one (rule 16)."""
    next_transition_at: datetime | None = None
    """When the next session will have passed (rule 12)."""
    incomplete: bool = False
    """A row could not be read, and with it its people: nobody can be said to have left."""
    _sessions: Spooled[tuple[str, Verdict]] = field(init=False)
    """Each with what people call it."""
    _session_at: dict[SourceId, int] = field(default_factory=dict)
    _persons: Spooled[Person] = field(init=False)
    _people: dict[SourceId, _PersonOnAgenda] = field(default_factory=dict)

    def __post_init__(self, spool: Spool) -> None:
        self._sessions, self._persons = Spooled(spool), Spooled(spool)

    def add(self, row: Session | Unreadable) -> None:
        """Take one row; a row that comes twice, as when rows move between pages, counts once."""
        if row.id in self._session_at:
            return
        session_id = self.kept_id(SESSION, row.id)
        if isinstance(row, Unreadable):
            unreadable = unreadable_candidate(SESSION, row)
            self._session_at[session_id] = self._sessions.append(
                (unreadable.record.label, unreadable.verdict)
            )
            self.incomplete = True
            return
        verdict = evaluate_session(row, self.settings, self.zone, self.now)
        self._session_at[session_id] = self._sessions.append((row.label, verdict))
        if isinstance(verdict, Eligible) and row.starts_at and row.ends_at:
            self.instants |= {row.starts_at, row.ends_at}
        if row.ends_at is not None and row.ends_at > self.now:
            self.next_transition_at = min(row.ends_at, self.next_transition_at or row.ends_at)
        self._add_people(session_id, row.people, verdict)

    def _add_people(self, session_id: SourceId, people: Iterable[Participation], verdict: Verdict) -> None:
        for participation in people:
            person, role = participation.person, participation.role
            if is_masked(person.email):
                self.masked = self.masked or person.email
            entry = self._people.get(person.id)
            if entry is None:
                entry = _PersonOnAgenda(self._persons.append(person), hash(person))
                self._people[self.kept_id(SPEAKER, person.id)] = entry
            elif hash(person) != entry.mark and is_preferred(person, self._persons[entry.at]):
                entry.at, entry.mark = self._persons.append(person), hash(person)
            if isinstance(verdict, Eligible):
                if not self._syncs(role):
                    entry.roles_off |= {role}
                elif session_id not in entry.syncing:
                    entry.syncing += (session_id,)
            elif isinstance(verdict, Blocked):
                entry.on_blocked_session = True
            elif not verdict.has_left:
                entry.on_passed_session = True

    def _syncs(self, role: ParticipationRole) -> bool:
        return {
            ParticipationRole.SPEAKER: True,
            ParticipationRole.CHAIRPERSON: self.settings.chairpersons,
            ParticipationRole.MODERATOR: self.settings.moderators,
            ParticipationRole.UNKNOWN: False,
        }[role]

    def dependents(self, kind: RecordKind, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return the people who are tied to any of these sessions: a session is written first (rule 25)."""
        sessions = records.get(SESSION.name, frozenset())
        if kind != SPEAKER or not sessions:
            return set()
        return {who for who, entry in self._people.items() if not sessions.isdisjoint(entry.syncing)}

    def select(
        self,
        kind: RecordKind,
        gleanin: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        if kind == SESSION:
            sessions = partial(self.session_candidates, excluded[SPEAKER.name])
            return Selection(len(self._sessions), sessions, incomplete=self.incomplete)

        def going() -> Iterator[Person]:
            return (self._persons[entry.at] for entry in self._people.values() if entry.syncing)

        def can_go(person_id: SourceId) -> bool:
            entry = self._people[person_id]
            return person_id not in excluded[SPEAKER.name] and isinstance(
                self._judge(self._persons[entry.at], entry, associations), Eligible
            )

        email_conflicts, email_changes = EmailConflicts(going, gleanin.emails_in_use(SPEAKER), can_go).judge()
        speakers = partial(self.speakers, associations, email_conflicts)
        return Selection(len(self._people), speakers, email_changes, incomplete=self.incomplete)

    def session_candidates(self, barred_people: AbstractSet[SourceId]) -> Iterator[Candidate]:
        """Give every session's candidate, noting who may not be tied to it any more (rule 10)."""
        absent: dict[SourceId, list[str]] = {}
        for person_id in barred_people & self._people.keys():
            entry = self._people[person_id]
            for session in entry.syncing:
                absent.setdefault(session, []).append(self._persons[entry.at].label)
        for source_id, (label, verdict) in zip(self._session_at, self._sessions, strict=True):
            candidate = Candidate(RecordRef(SESSION, source_id, label), verdict)
            names = absent.get(source_id)
            yield candidate.with_note(reasons.associations_left_out(sorted(names))) if names else candidate

    def speakers(
        self, associations: Mapping[SourceId, str], email_conflicts: Mapping[SourceId, Reason]
    ) -> Iterator[Candidate]:
        """Judge everybody on the agenda; `ties` tells what stands in Gleanin for a session."""
        for person_id, entry in self._people.items():
            person = self._persons[entry.at]
            record = RecordRef(SPEAKER, person_id, person.label, person.email)
            if not entry.syncing:
                yield Candidate(record, self._why_not(entry))
            else:
                problem = email_conflicts.get(person.id) if is_id(person.id) else reasons.NO_ID
                yield Candidate(record, self._judge(person, entry, associations, problem))

    def _judge(
        self,
        person: Person,
        entry: _PersonOnAgenda,
        associations: Mapping[SourceId, str],
        problem: Reason | None = None,
    ) -> Eligible | Blocked:
        tied = tuple(sorted(associations[session] for session in entry.syncing if session in associations))
        fields, notes = speaker_fields(person, tied)
        if left_out := [session for session in entry.syncing if session not in associations]:
            labels = sorted(self._sessions[self._session_at[session]][0] for session in left_out)
            notes = (*notes, reasons.sessions_left_out(labels))
        return check_required_fields(SPEAKER, fields, notes, problem)

    def _why_not(self, entry: _PersonOnAgenda) -> Skipped:
        return Skipped(_why_skipped(entry), has_left=entry.has_left and not self.incomplete)


def _why_skipped(entry: _PersonOnAgenda) -> Reason:
    if entry.roles_off == {ParticipationRole.UNKNOWN}:
        return reasons.ROLE_WITHOUT_CATEGORY
    if entry.roles_off:
        return reasons.role_off(role for role in entry.roles_off if role is not ParticipationRole.UNKNOWN)
    if entry.on_blocked_session:
        return reasons.SESSIONS_BLOCKED
    return reasons.SESSIONS_PASSED if entry.on_passed_session else reasons.NO_SYNCING_SESSION
