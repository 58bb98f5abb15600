"""The agenda: which sessions sync, and which people with them (rules 12 to 16)."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from core.domain import reasons
from core.domain.email import is_masked, same_mailbox
from core.domain.identifiers import SourceId
from core.domain.kinds import SESSION, SPEAKER
from core.domain.mappings import MappingSettings, TracksFrom
from core.domain.outcomes import RecordRef
from core.domain.reasons import Reason
from core.domain.selection import (
    UNDATED,
    Blocked,
    Candidate,
    Eligible,
    Skipped,
    filled,
    judge_fields,
    listed,
    unreadable_candidate,
)
from core.domain.source import Person, Role, Session, Unreadable, is_id
from core.domain.synced import Fields, FieldValue
from core.domain.time_zones import schedule_text

ACCEPTED = "accepted"


@dataclass(slots=True)
class _PersonOnAgenda:
    person: Person
    syncing: set[SourceId] = field(default_factory=set)
    """Sessions that sync, on which the person has a role that does."""
    roles_off: set[Role] = field(default_factory=set)
    """Roles that keep the person from being synced, on sessions that do sync."""
    on_passed_session: bool = False
    on_blocked_session: bool = False

    @property
    def has_left(self) -> bool:
        """Tell whether somebody who does not sync has left the programme: no session passed or waits to be put right."""
        return not (self.on_passed_session or self.on_blocked_session)


@dataclass(slots=True)
class Agenda:
    """The sessions of an event, judged as they are read; of each only what will be sent is kept."""

    settings: MappingSettings
    zone: ZoneInfo
    now: datetime
    sessions: dict[SourceId, Candidate] = field(default_factory=dict)
    instants: set[datetime] = field(default_factory=set)
    """When sessions that sync start and end: what rule 7 compares the zones over."""
    masked: str | None = None
    """An e-mail that Sessionboard masked, if there was one (rule 16)."""
    _people: dict[SourceId, _PersonOnAgenda] = field(default_factory=dict)

    def add(self, row: Session | Unreadable) -> None:
        """Take one row; a row that comes twice, as when rows move between pages, counts once."""
        if row.id in self.sessions:
            return
        if isinstance(row, Unreadable):
            self.sessions[row.id] = unreadable_candidate(SESSION, row)
            return
        verdict = judge_session(row, self.settings, self.zone, self.now)
        self.sessions[row.id] = Candidate(RecordRef(SESSION, row.id, row.label), verdict)
        if isinstance(verdict, Eligible) and row.starts_at and row.ends_at:
            self.instants |= {row.starts_at, row.ends_at}
        self._add_people(row, verdict)

    def _add_people(self, session: Session, verdict: Eligible | Skipped | Blocked) -> None:
        for participation in session.people:
            person, role = participation.person, participation.role
            if is_masked(person.email):
                self.masked = self.masked or person.email
            entry = self._people.get(person.id)
            if entry is None:
                entry = self._people[person.id] = _PersonOnAgenda(person)
            elif _is_newer(person, entry.person):
                entry.person = person
            if isinstance(verdict, Eligible):
                if self._syncs(role):
                    entry.syncing.add(session.id)
                else:
                    entry.roles_off.add(role)
            elif isinstance(verdict, Blocked):
                entry.on_blocked_session = True
            elif not verdict.has_left:
                entry.on_passed_session = True

    def _syncs(self, role: Role) -> bool:
        return {
            Role.SPEAKER: True,
            Role.CHAIRPERSON: self.settings.chairpersons,
            Role.MODERATOR: self.settings.moderators,
            Role.UNKNOWN: False,
        }[role]

    def session_candidates(self, barred_people: AbstractSet[SourceId]) -> Iterator[Candidate]:
        """Give every session's candidate, noting who may not be tied to it any more (rule 10)."""
        absent: dict[SourceId, list[str]] = {}
        for person_id in barred_people & self._people.keys():
            entry = self._people[person_id]
            for session in entry.syncing:
                absent.setdefault(session, []).append(entry.person.label)
        for candidate in self.sessions.values():
            names = absent.get(candidate.record.source_id)
            yield replace(candidate, notes=(reasons.ties_left_out(sorted(names)),)) if names else candidate

    @property
    def size(self) -> int:
        return len(self._people)

    def moving(self, held: Mapping[SourceId, str]) -> dict[SourceId, str]:
        """Tell who will give up an e-mail held in Gleanin, and for which one (both as `same_mailbox` writes it)."""
        rivals = self._rivals({email: who for who, email in held.items()})
        return {
            entry.person.id: same_mailbox(entry.person.email)
            for entry in self._people.values()
            if entry.syncing
            and entry.person.email
            and entry.person.id not in rivals
            and entry.person.id in held
            and held[entry.person.id] != same_mailbox(entry.person.email)
            and isinstance(self._judge_speaker(entry, {}), Eligible)
        }

    def speakers(
        self, ties: Mapping[SourceId, str], in_gleanin: Mapping[str, SourceId]
    ) -> Iterator[Candidate]:
        """Judge everybody on the agenda.

        Args:
            ties: what stands in Gleanin for each session that a person can be tied to.
            in_gleanin: for an e-mail (as `same_mailbox` writes it), whom we sent to Gleanin with it.
        """
        rivals = self._rivals(in_gleanin)
        for entry in self._people.values():
            person = entry.person
            record = RecordRef(SPEAKER, person.id, person.label, person.email)
            if not entry.syncing:
                yield Candidate(record, self._why_not(entry))
            else:
                problem = rivals.get(person.id) if is_id(person.id) else reasons.NO_ID
                yield Candidate(record, self._judge_speaker(entry, ties, problem))

    def _rivals(self, in_gleanin: Mapping[str, SourceId]) -> dict[SourceId, Reason]:
        going = (entry.person for entry in self._people.values() if entry.syncing and is_id(entry.person.id))
        return rivals_by_email(going, in_gleanin)

    def _judge_speaker(
        self, entry: _PersonOnAgenda, ties: Mapping[SourceId, str], problem: Reason | None = None
    ) -> Eligible | Blocked:
        tied = tuple(sorted(ties[session] for session in entry.syncing if session in ties))
        fields, notes = speaker_fields(entry.person, tied)
        if left_out := sorted(self.sessions[session].record.label for session in entry.syncing - ties.keys()):
            notes = (*notes, reasons.sessions_left_out(left_out))
        return judge_fields(SPEAKER, fields, notes, problem)

    @staticmethod
    def _why_not(entry: _PersonOnAgenda) -> Skipped:
        if entry.roles_off == {Role.UNKNOWN}:
            return Skipped(reasons.ROLE_WITHOUT_CATEGORY, entry.has_left)
        if entry.roles_off:
            off = reasons.role_off(role for role in entry.roles_off if role is not Role.UNKNOWN)
            return Skipped(off, entry.has_left)
        if entry.on_blocked_session:
            return Skipped(reasons.SESSIONS_BLOCKED, entry.has_left)
        if entry.on_passed_session:
            return Skipped(reasons.SESSIONS_PASSED, entry.has_left)
        return Skipped(reasons.NO_SYNCING_SESSION, entry.has_left)


def judge_session(
    session: Session, settings: MappingSettings, zone: ZoneInfo, now: datetime
) -> Eligible | Skipped | Blocked:
    """Apply rules 12, 13 and 18 to one session."""
    if reason := _not_in_programme(session):
        return Skipped(reason)
    start, end = session.starts_at, session.ends_at
    if end is not None and end <= now and (start is None or start <= now):
        return Skipped(reasons.PASSED, has_left=False)
    unusable = dict(_unusable_times(session))
    problem = reasons.unreadable_times(unusable.items()) if unusable else None
    if unusable:
        start, end = None if "starts_at" in unusable else start, None if "ends_at" in unusable else end
        session = replace(session, starts_at=start, ends_at=end)
    elif start is not None and end is not None and end < start:
        problem = reasons.ENDS_BEFORE_START
    fields = session_fields(session, settings, zone)
    return judge_fields(SESSION, fields, problem=problem, told=unusable)


def _unusable_times(session: Session) -> Iterator[tuple[str, str]]:
    yield from session.unreadable_times
    for name, at in (("starts_at", session.starts_at), ("ends_at", session.ends_at)):
        # At the ends of the calendar an instant cannot be written in every zone.
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


def speaker_fields(person: Person, ties: tuple[str, ...]) -> tuple[Fields, tuple[str, ...]]:
    """Map a person to a speaker's fields; the second part notes what was left out (rule 14)."""
    headshot = person.headshot
    notes: tuple[str, ...] = ()
    if headshot and is_heic(headshot):
        headshot, notes = None, (reasons.HEIC_LEFT_OUT,)
    names = [name.strip() for name in (person.first_name, person.last_name) if name and name.strip()]
    pairs: tuple[tuple[str, FieldValue | None], ...] = (
        ("first_name", person.first_name),
        ("last_name", person.last_name),
        ("name", " ".join(names)),
        ("email", person.email),
        ("job_title", person.job_title),
        ("company_name", person.company_name),
        ("headshot", headshot),
        ("sessions", ties),
    )
    return filled(pairs), notes


def is_heic(url: str) -> bool:
    if ".heic" not in url.lower():
        return False
    try:
        path = urlsplit(url.strip()).path
    except ValueError:
        path = url.strip()
    return path.lower().endswith(".heic")


def instant_text(at: datetime) -> str:
    """Write an instant as both APIs do: ISO 8601 in UTC, with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def rivals_by_email(people: Iterable[Person], in_gleanin: Mapping[str, SourceId]) -> dict[SourceId, Reason]:
    """Find who stays out because somebody else goes with the same e-mail (rule 15).

    Who is in Gleanin already goes on; among the others the older one goes.
    """
    by_email: dict[str, list[Person]] = {}
    for person in people:
        if person.email and person.email.strip():
            by_email.setdefault(same_mailbox(person.email), []).append(person)
    rivals = {}
    for email, sharers in by_email.items():
        if len(sharers) == 1:
            continue
        holder = in_gleanin.get(email)
        goes = min(sharers, key=lambda person: (person.id != holder, person.created_at or UNDATED, person.id))
        for person in sharers:
            if person is not goes:
                rivals[person.id] = reasons.same_email(goes.label, person.label, email)
    return rivals


def _is_newer(one: Person, other: Person) -> bool:
    if one.updated_at is None or other.updated_at is None:
        return False
    return one.updated_at > other.updated_at
