"""The event team: it edits sessions, people and exhibitors in Sessionboard."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from core.domain.ids import SourceEventId
from tests.support.assertions import present
from tests.unit.rules.actors.checked_sync import CheckedSync
from tests.unit.rules.actors.state import choices, source_events, sync_after
from tests.unit.rules.conference import (
    CONTACTS,
    PEOPLE,
    SESSIONS,
    SPEAKERS,
    Cast,
    casts,
    exhibitors,
    persons,
    sessions,
)


class SourceEditor(CheckedSync):
    def publish_and_sync(self, sync_after: bool) -> None:
        self.conference.publish(self.harness.source)
        self.sync_all(sync_after)

    @rule(event=source_events, choice=choices, data=st.data(), cast=casts, sync_after=sync_after)
    def edit_session(
        self, event: SourceEventId, choice: int, data: st.DataObject, cast: Cast, sync_after: bool
    ) -> None:
        session_id = SESSIONS[event][choice % len(SESSIONS[event])]
        previous = self.conference.sessions[event].get(session_id)
        is_replaced = previous is None or data.draw(st.booleans())
        session = data.draw(sessions(session_id)) if is_replaced else present(previous)[0]
        self.conference.sessions[event][session_id] = (session, cast)
        self.publish_and_sync(sync_after)

    @rule(event=source_events, choice=choices, sync_after=sync_after)
    def delete_session(self, event: SourceEventId, choice: int, sync_after: bool) -> None:
        self.conference.sessions[event].pop(SESSIONS[event][choice % len(SESSIONS[event])], None)
        self.publish_and_sync(sync_after)

    @rule(person_id=st.sampled_from(PEOPLE), data=st.data(), sync_after=sync_after)
    def edit_person(self, person_id: str, data: st.DataObject, sync_after: bool) -> None:
        self.conference.people[person_id] = data.draw(persons(person_id))
        self.publish_and_sync(sync_after)

    @rule(first=st.sampled_from(SPEAKERS), second=st.sampled_from(SPEAKERS), sync_after=sync_after)
    def swap_emails(self, first: str, second: str, sync_after: bool) -> None:
        people = self.conference.people
        first_email, second_email = people[first].email, people[second].email
        people[first] = replace(people[first], email=second_email)
        people[second] = replace(people[second], email=first_email)
        self.publish_and_sync(sync_after)

    @rule(
        event=source_events, exhibitor_id=st.sampled_from([*CONTACTS]), data=st.data(), sync_after=sync_after
    )
    def edit_exhibitor(
        self, event: SourceEventId, exhibitor_id: str, data: st.DataObject, sync_after: bool
    ) -> None:
        self.conference.exhibitors[event][exhibitor_id] = data.draw(exhibitors(exhibitor_id))
        self.publish_and_sync(sync_after)

    @rule(event=source_events, exhibitor_id=st.sampled_from([*CONTACTS]), sync_after=sync_after)
    def delete_exhibitor(self, event: SourceEventId, exhibitor_id: str, sync_after: bool) -> None:
        self.conference.exhibitors[event].pop(exhibitor_id, None)
        self.publish_and_sync(sync_after)
