"""The rules as one state machine: they hold whatever organizations, admins and crashes do."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from tests.support.harness import HERE, THERE
from tests.unit.rules.actors.clock import Clock
from tests.unit.rules.actors.destination_editor import DestinationEditor
from tests.unit.rules.actors.interruptions import Interruptions
from tests.unit.rules.actors.organizer import Organizer
from tests.unit.rules.actors.source_editor import SourceEditor
from tests.unit.rules.actors.state import ORGANIZATIONS
from tests.unit.rules.actors.worker import Worker
from tests.unit.rules.conference import CONTACTS, PEOPLE, SESSIONS, casts, exhibitors, persons, sessions


class RulesMachine(SourceEditor, DestinationEditor, Clock, Worker, Interruptions, Organizer):
    @initialize(data=st.data())
    def open_the_conference(self, data: st.DataObject) -> None:
        """Begin where it becomes interesting: connected, mapped, and with something to sync."""
        for name in ORGANIZATIONS:
            self.organization_ids[name] = self.do(self.harness.organization(name)).id
        for person_id in PEOPLE:
            self.conference.people[person_id] = data.draw(persons(person_id))
        self.conference.sessions[HERE] = {
            session_id: (data.draw(sessions(session_id)), data.draw(casts)) for session_id in SESSIONS[HERE]
        }
        self.conference.exhibitors[HERE] = {
            exhibitor_id: data.draw(exhibitors(exhibitor_id)) for exhibitor_id in CONTACTS
        }
        self.conference.publish(self.harness.source)
        self.connect("Acme")
        self.map("Acme", HERE, THERE)
