"""A conference as its team edits it: people, and two events' sessions and exhibitors that refer to them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from adapters.memory.source import InMemorySource
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
)
from tests.support.harness import ELSEWHERE, HERE

START = datetime(2027, 5, 1, 9, tzinfo=UTC)
SPEAKERS = ("p1", "p2", "p3", "p4")
CONTACTS = {"x1": ("e1", "e2"), "x2": ("e3",)}
"""The contacts that each exhibitor may have."""
PEOPLE = (*SPEAKERS, *(contact for contacts in CONTACTS.values() for contact in contacts))
SESSIONS = {HERE: ("s1", "s2", "s3"), ELSEWHERE: ("t1", "t2")}
CREATED_AT: dict[str, datetime | None] = {
    "p1": START - timedelta(days=3),
    "p2": START - timedelta(days=9),
    "p3": None,
    "p4": START - timedelta(days=9),
    "e1": START - timedelta(days=5),
    "e2": START - timedelta(days=7),
    "e3": None,
}
ROLES = (
    *(ParticipationRole.SPEAKER,) * 6,
    ParticipationRole.CHAIRPERSON,
    ParticipationRole.MODERATOR,
    ParticipationRole.UNKNOWN,
)
MAILBOXES = ("a@example.org", "A@Example.ORG", "b@example.org", "c@example.org")

usually = st.sampled_from((True,) * 11 + (False,))
text = st.sampled_from((None, "", " ", "\u200b", "one", "two", " two ", "\ufefftwo"))
days = st.integers(0, 9)


@st.composite
def persons(draw: st.DrawFn, person_id: str) -> Person:
    unique_email = f"{person_id}@example.org"
    return Person(
        SourceId(person_id),
        first_name=person_id.title() if draw(usually) else draw(text),
        last_name="Lovelace" if draw(usually) else draw(text),
        full_name=draw(st.sampled_from((None, " ", "Ada King"))),
        email=draw(st.sampled_from((*(unique_email,) * 3, *MAILBOXES, *MAILBOXES, None, "nowhere"))),
        job_title=draw(text),
        company_name=draw(text),
        headshot=draw(
            st.sampled_from((None, "https://img.example.org/1.png", "https://img.example.org/1.HEIC", "n/a"))
        ),
        created_at=CREATED_AT[person_id],
    )


@st.composite
def sessions(draw: st.DrawFn, session_id: str) -> Session:
    """Draw a session of the next days, without its people; usually one that syncs."""
    starts = START + timedelta(days=draw(days), hours=draw(st.integers(0, 14)))
    return Session(
        SourceId(session_id),
        title=f"Talk {session_id}" if draw(usually) else draw(text),
        description=draw(text),
        status="accepted" if draw(usually) else draw(st.sampled_from(("declined", "submitted", None))),
        starts_at=starts if draw(usually) else None,
        ends_at=starts + timedelta(hours=draw(st.sampled_from((1, 1, 1, 1, 1, 1, 0, 12, -1))))
        if draw(usually)
        else None,
        is_abstract=not draw(usually) and not draw(usually),
        is_composition_source=not draw(usually) and not draw(usually),
        is_subsession=not draw(usually) and not draw(usually),
        is_confirmed=draw(st.sampled_from((None, True, True))) if draw(usually) else False,
        track=draw(text),
        tags=tuple(draw(st.lists(st.sampled_from(("", "web", "data ", "data")), max_size=3))),
    )


acceptances = st.sampled_from((None, None, None, True, True, False))
casts = st.lists(
    st.tuples(st.sampled_from(SPEAKERS), st.sampled_from(ROLES), acceptances), min_size=1, max_size=4
).map(tuple)
Cast = tuple[tuple[str, ParticipationRole, bool | None], ...]
"""(person, role, whether the role is accepted)."""


@st.composite
def exhibitors(draw: st.DrawFn, exhibitor_id: str) -> Exhibitor:
    """Draw an exhibitor whose contacts have only an id."""
    contact_ids = draw(
        st.lists(st.sampled_from(CONTACTS[exhibitor_id]), unique=True, min_size=int(draw(usually)))
    )
    return Exhibitor(
        SourceId(exhibitor_id),
        draw(text),
        draw(st.sampled_from((None, "https://img.example.org/logo.png", "logo.png"))),
        tuple(
            ExhibitorContact(
                Person(SourceId(contact_id)),
                is_primary=draw(usually),
                in_role_since=draw(st.sampled_from((None, START, START - timedelta(days=1)))),
            )
            for contact_id in contact_ids
        ),
    )


@dataclass(slots=True)
class Conference:
    people: dict[str, Person] = field(default_factory=dict)
    sessions: dict[SourceEventId, dict[str, tuple[Session, Cast]]] = field(
        default_factory=lambda: {HERE: {}, ELSEWHERE: {}}
    )
    exhibitors: dict[SourceEventId, dict[str, Exhibitor]] = field(
        default_factory=lambda: {HERE: {}, ELSEWHERE: {}}
    )

    def sessions_with_people(self, event: SourceEventId) -> list[Session]:
        return [
            replace(
                session,
                people=tuple(
                    Participation(self.people[person_id], role, is_accepted)
                    for person_id, role, is_accepted in cast
                ),
            )
            for session, cast in self.sessions[event].values()
        ]

    def exhibitors_with_people(self, event: SourceEventId) -> list[Exhibitor]:
        return [
            replace(
                exhibitor,
                contacts=tuple(
                    replace(contact, person=self.people[contact.person.id]) for contact in exhibitor.contacts
                ),
            )
            for exhibitor in self.exhibitors[event].values()
        ]

    def publish(self, source: InMemorySource) -> None:
        """Make this what Sessionboard has."""
        for event in (HERE, ELSEWHERE):
            source.programmes[event].sessions[:] = self.sessions_with_people(event)
            source.programmes[event].exhibitors[:] = self.exhibitors_with_people(event)
