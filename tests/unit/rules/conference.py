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
SESSIONS = {HERE: ("s1", "s2", "s3"), ELSEWHERE: ("t1", "t2")}
AGES: dict[str, datetime | None] = {
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

often = st.sampled_from((True,) * 11 + (False,))
text = st.sampled_from((None, "", " ", "\u200b", "one", "two", " two ", "\ufefftwo"))
days = st.integers(0, 9)


@st.composite
def persons(draw: st.DrawFn, who: str) -> Person:
    own = f"{who}@example.org"
    return Person(
        SourceId(who),
        first_name=who.title() if draw(often) else draw(text),
        last_name="Lovelace" if draw(often) else draw(text),
        full_name=draw(st.sampled_from((None, " ", "Ada King"))),
        email=draw(st.sampled_from((own, own, own, *MAILBOXES, *MAILBOXES, None, "nowhere"))),
        job_title=draw(text),
        company_name=draw(text),
        headshot=draw(
            st.sampled_from((None, "https://img.example.org/1.png", "https://img.example.org/1.HEIC", "n/a"))
        ),
        created_at=AGES[who],
    )


@st.composite
def sessions(draw: st.DrawFn, session_id: str) -> Session:
    """Draw a session of the coming days, without its people; often one that syncs."""
    starts = START + timedelta(days=draw(days), hours=draw(st.integers(0, 14)))
    return Session(
        SourceId(session_id),
        title=f"Talk {session_id}" if draw(often) else draw(text),
        description=draw(text),
        status="accepted" if draw(often) else draw(st.sampled_from(("declined", "submitted", None))),
        starts_at=starts if draw(often) else None,
        ends_at=starts + timedelta(hours=draw(st.sampled_from((1, 1, 1, 1, 1, 1, 0, 12, -1))))
        if draw(often)
        else None,
        is_abstract=not draw(often) and not draw(often),
        is_composition_source=not draw(often) and not draw(often),
        is_subsession=not draw(often) and not draw(often),
        track=draw(text),
        tags=tuple(draw(st.lists(st.sampled_from(("", "web", "data ", "data")), max_size=3))),
    )


casts = st.lists(st.tuples(st.sampled_from(SPEAKERS), st.sampled_from(ROLES)), min_size=1, max_size=4).map(
    tuple
)
Cast = tuple[tuple[str, ParticipationRole], ...]


@st.composite
def exhibitors(draw: st.DrawFn, exhibitor_id: str) -> Exhibitor:
    """Draw an exhibitor whose contacts have no more than an id yet."""
    there = draw(st.lists(st.sampled_from(CONTACTS[exhibitor_id]), unique=True, min_size=int(draw(often))))
    return Exhibitor(
        SourceId(exhibitor_id),
        draw(text),
        draw(st.sampled_from((None, "https://img.example.org/logo.png", "logo.png"))),
        tuple(
            ExhibitorContact(
                Person(SourceId(who)),
                is_primary=draw(often),
                in_role_since=draw(st.sampled_from((None, START, START - timedelta(days=1)))),
            )
            for who in there
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

    def programme(self, event: SourceEventId) -> list[Session]:
        return [
            replace(one, people=tuple(Participation(self.people[who], role) for who, role in cast))
            for one, cast in self.sessions[event].values()
        ]

    def exhibition(self, event: SourceEventId) -> list[Exhibitor]:
        return [
            replace(
                one,
                contacts=tuple(
                    replace(contact, person=self.people[contact.person.id]) for contact in one.contacts
                ),
            )
            for one in self.exhibitors[event].values()
        ]

    def publish(self, source: InMemorySource) -> None:
        for event in (HERE, ELSEWHERE):
            source.programmes[event].sessions[:] = self.programme(event)
            source.programmes[event].exhibitors[:] = self.exhibition(event)
