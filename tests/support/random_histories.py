"""Random conferences, so small that people, e-mails and sessions often coincide."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
)
from core.domain.selection.source_snapshot import SourceSnapshot
from core.domain.tenancy.event_mappings import ExhibitorName, MappingSettings, TracksFrom
from tests.support.builders import agenda, at, exhibitor, exhibitor_list, person, programme, session

PEOPLE = ("ann", "bob", "cyd", "dee")
SESSIONS = ("s1", "s2", "s3")
EMAILS = ("a@example.org", "A@Example.org", "b@example.org", "c@example.org", "d@example.org")

SETTINGS = st.builds(
    MappingSettings,
    tracks=st.sampled_from(TracksFrom),
    chairpersons=st.booleans(),
    moderators=st.booleans(),
    exhibitor_name=st.sampled_from(ExhibitorName),
    one_name_is_enough=st.booleans(),
    only_accepted_roles=st.booleans(),
)


@dataclass(frozen=True)
class HistoryStep:
    """The edits in both systems before a sync, and the writes that a crash kept from being recorded."""

    programme: SourceSnapshot
    deleted_by_hand: frozenset[tuple[RecordKind, str]]
    unrecorded: frozenset[str]


@st.composite
def _people(draw: st.DrawFn) -> Mapping[str, Person]:
    return {
        person_id: person(
            person_id,
            email=draw(st.sampled_from((*EMAILS, f"{person_id}@example.org", None))),
            last_name=draw(st.sampled_from(("Lovelace", "Hopper", None))),
            job_title=draw(st.sampled_from(("Analyst", None))),
            created_at=draw(st.sampled_from((at(1), at(2), None))),
        )
        for person_id in PEOPLE
    }


@st.composite
def _sessions(draw: st.DrawFn, people: Mapping[str, Person]) -> list[Session]:
    roles = st.lists(
        st.builds(
            Participation,
            st.sampled_from([*people.values()]),
            st.sampled_from(ParticipationRole),
            st.sampled_from((None, None, True, False)),
        ),
        max_size=4,
    )
    there = draw(st.sets(st.sampled_from(SESSIONS)))
    return [
        session(
            each,
            *draw(roles),
            title=draw(st.sampled_from(("Opening", "Closing", None))),
            status=draw(st.sampled_from(("accepted", "accepted", "accepted", "declined"))),
            ends_at=draw(st.sampled_from((at(21, 10), at(21, 11), at(20, 10), None))),
            starts_at=at(20, 9),
            is_confirmed=draw(st.sampled_from((None, None, True, False))),
            track=draw(st.sampled_from(("Data", None))),
            tags=tuple(draw(st.lists(st.sampled_from(("x", "y")), max_size=2))),
        )
        for each in sorted(there)
    ]


@st.composite
def _exhibitors(draw: st.DrawFn, people: Mapping[str, Person]) -> list[Exhibitor]:
    contacts = st.lists(
        st.builds(ExhibitorContact, st.sampled_from([*people.values()]), is_primary=st.booleans()),
        max_size=3,
        unique_by=lambda contact: contact.person.id,
    )
    return [exhibitor(name, *draw(contacts)) for name in draw(st.sets(st.sampled_from(("acme", "umbrella"))))]


@st.composite
def programmes(draw: st.DrawFn) -> SourceSnapshot:
    people, settings = draw(_people()), draw(SETTINGS)
    return programme(
        agenda(*draw(_sessions(people)), settings=settings),
        exhibitor_list(*draw(_exhibitors(people)), settings=settings),
    )


DELETIONS = st.frozensets(
    st.sampled_from(
        [(SESSION, session_id) for session_id in SESSIONS]
        + [(kind, person_id) for kind in (SPEAKER, EXHIBITOR_CONTACT) for person_id in PEOPLE]
    ),
    max_size=2,
)


def histories(*, crashes: bool) -> st.SearchStrategy[list[HistoryStep]]:
    unrecorded = (
        st.frozensets(st.sampled_from((*PEOPLE, *SESSIONS))) if crashes else st.just(frozenset[str]())
    )
    return st.lists(st.builds(HistoryStep, programmes(), DELETIONS, unrecorded), min_size=1, max_size=4)
