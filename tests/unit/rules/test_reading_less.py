"""A continuous sync reads less where nothing has changed, with the same result as one that reads everything.

Two installations have the same history; in one of them every run reads everything. The history has edits in both
systems: those that the change feed reports, and those that it does not. Of the latter, changes of time, settings,
exhibitors and Gleanin must be noticed all the same.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.domain.ids import DestinationId, external_id
from core.domain.records.kinds import KINDS, SPEAKER
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.unchanged_marker import FEW, READ_ALL_EVERY
from core.domain.tenancy.event_mappings import ExhibitorName, TracksFrom
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.sync import systems_reader
from tests.support.harness import HERE, TOKEN, Harness
from tests.support.systems import SESSIONBOARD
from tests.unit.rules.conference import (
    CONTACTS,
    MAILBOXES,
    PEOPLE,
    SESSIONS,
    SPEAKERS,
    Conference,
    casts,
    exhibitors,
    persons,
    sessions,
)

MINUTE = timedelta(minutes=1)
Report = dict[str, tuple[str, str, str]]
"""Outcome, reason and sentence by source id."""
Content = dict[str, dict[str, Any]]


class Installation:
    def __init__(self, *, reads_all: bool) -> None:
        self.harness = Harness()
        self.reads_all = reads_all

    async def begin(self, conference: Conference) -> None:
        conference.publish(self.harness.source)
        self.mapping = await self.harness.mapping()

    async def change(self, **settings: Any) -> None:
        await self.harness.change_settings(SettingsChange(self.mapping.id, **settings))

    async def latest_run(self) -> SyncRun:
        """Return the run whose outcomes are still valid, as nothing has changed since."""
        async with self.harness.units.read() as unit:
            marker = await unit.unchanged_markers.get(self.mapping.id)
            run = await unit.runs.get(marker.run_id) if marker else None
        assert run is not None
        return run

    async def sync(self, trigger: Trigger) -> tuple[SyncRun, bool, Report, Content]:
        """Return the run whose outcomes are valid, whether it is new, its outcomes, and Gleanin's content."""
        if self.reads_all:
            async with self.harness.units.write() as unit:
                await unit.unchanged_markers.remove(self.mapping.id)
                await unit.commit()
        if trigger is Trigger.MANUAL:
            new: SyncRun | None = await self.harness.sync(self.mapping)
        else:
            new = await self.harness.check(self.mapping)
        run = await self.latest_run() if new is None else new
        outcomes = await self.harness.outcomes(run)
        report = {
            source_id: (
                outcome.outcome.value,
                outcome.reason.code,
                self._named(f"{outcome.reason.sentence} {outcome.reason.detail}"),
            )
            for source_id, outcome in outcomes.items()
        }
        return run, new is not None, report, self.content()

    def _named(self, text: str) -> str:
        """Replace Gleanin's ids by source ids: the two installations may create records in another order."""
        for record in self.harness.gleanin.records.values():
            text = text.replace(record.id, self._name(record.external_id, record.fields))
        return text

    def _name(self, sent_as: str | None, fields: Any) -> str:
        return sent_as or f"foreign {fields.get('email')}"

    def content(self) -> Content:
        names = {
            record.id: self._name(record.external_id, record.fields)
            for record in self.harness.gleanin.records.values()
        }
        return {
            f"{record.kind} {names[record.id]}": {
                name: sorted(names.get(DestinationId(session), session) for session in value)
                if name == "sessions"
                else value
                for name, value in record.fields.items()
            }
            for record in self.harness.gleanin.records.values()
        }

    def delete_by_hand(self, kind: Any, source_id: str) -> None:
        sent_as = external_id(SESSIONBOARD, self.mapping.connection_id, source_id)  # type: ignore[arg-type]
        for record in self.harness.gleanin.list_by_event(self.mapping.events.destination_id, kind):
            if record.external_id == sent_as:
                self.harness.gleanin.delete_by_hand(record.id)

    def toggle_foreign_contact(self, email: str) -> None:
        """Add a contact with this e-mail in Gleanin, or delete it if it exists."""
        there = self.mapping.events.destination_id
        for record in self.harness.gleanin.list_by_event(there, SPEAKER):
            if record.external_id is None and record.fields.get("email") == email:
                self.harness.gleanin.delete_by_hand(record.id)
                return
        self.harness.gleanin.add_record(there, SPEAKER, {"email": email})


def _edit(data: st.DataObject, conference: Conference) -> str:
    """Edit what Sessionboard has, in a way that its change feed reports."""
    what = data.draw(st.sampled_from(("session", "cast", "person", "exhibitor", "contact")))
    scheduled = conference.sessions[HERE]
    match what:
        case "session" | "cast":
            key = data.draw(st.sampled_from(SESSIONS[HERE]))
            session, cast = scheduled.get(key) or (data.draw(sessions(key)), data.draw(casts))
            scheduled[key] = (
                (data.draw(sessions(key)), cast) if what == "session" else (session, data.draw(casts))
            )
        case "person":
            person_id = data.draw(st.sampled_from(SPEAKERS))
            conference.people[person_id] = data.draw(persons(person_id))
        case "exhibitor":
            key = data.draw(st.sampled_from((*CONTACTS,)))
            if key in conference.exhibitors[HERE] and data.draw(st.booleans()):
                del conference.exhibitors[HERE][key]
            else:
                conference.exhibitors[HERE][key] = data.draw(exhibitors(key))
        case _:
            contact_ids = [contact for contacts in CONTACTS.values() for contact in contacts]
            contact_id = data.draw(st.sampled_from(contact_ids))
            conference.people[contact_id] = data.draw(persons(contact_id))
    return what


async def _edited(
    data: st.DataObject, conference: Conference, installations: tuple[Installation, ...]
) -> None:
    _edit(data, conference)
    for installation in installations:
        conference.publish(installation.harness.source)


async def _time_passes(data: st.DataObject, _: Conference, installations: tuple[Installation, ...]) -> None:
    passed = data.draw(st.sampled_from((5, 11, 30, 90, 24 * 60))) * MINUTE
    for installation in installations:
        installation.harness.clock.advance(passed)


async def _settings_change(
    data: st.DataObject, _: Conference, installations: tuple[Installation, ...]
) -> None:
    changed = data.draw(st.sampled_from(SETTINGS))
    for installation in installations:
        await installation.change(**changed)


async def _deleted_in_gleanin(
    data: st.DataObject, _: Conference, installations: tuple[Installation, ...]
) -> None:
    kind = data.draw(st.sampled_from([*KINDS]))
    key = data.draw(st.sampled_from((*SESSIONS[HERE], *SPEAKERS, "e1", "e2", "e3")))
    for installation in installations:
        installation.delete_by_hand(kind, key)


async def _foreign_contact(
    data: st.DataObject, _: Conference, installations: tuple[Installation, ...]
) -> None:
    email = data.draw(st.sampled_from(MAILBOXES))
    for installation in installations:
        installation.toggle_foreign_contact(email)


async def _another_token(
    _data: st.DataObject, _: Conference, installations: tuple[Installation, ...]
) -> None:
    for installation in installations:
        await installation.harness.replace_destination_token(installation.mapping.organization_id, TOKEN)


async def _session_removed(
    data: st.DataObject, conference: Conference, installations: tuple[Installation, ...]
) -> None:
    """Remove a session, which the change feed does not report: the next full reading, due then, notices it."""
    conference.sessions[HERE].pop(data.draw(st.sampled_from(SESSIONS[HERE])), None)
    for installation in installations:
        conference.publish(installation.harness.source)
        installation.harness.clock.advance(READ_ALL_EVERY)


SETTINGS: tuple[dict[str, Any], ...] = (
    {"tracks": TracksFrom.TAGS},
    {"tracks": TracksFrom.TRACK},
    {"chairpersons": False},
    {"chairpersons": True},
    {"exhibitor_name": ExhibitorName.EXHIBITOR},
    {"one_name_is_enough": True},
    {"only_accepted_roles": False},
)
EDITS = (
    *(_edited, _edited, _time_passes, _settings_change, _deleted_in_gleanin),
    *(_foreign_contact, _another_token, _session_removed),
)


@st.composite
def conferences(draw: st.DrawFn) -> Conference:
    conference = Conference()
    for person_id in PEOPLE:
        conference.people[person_id] = draw(persons(person_id))
    for key in SESSIONS[HERE]:
        conference.sessions[HERE][key] = draw(sessions(key)), draw(casts)
    for key in CONTACTS:
        conference.exhibitors[HERE][key] = draw(exhibitors(key))
    return conference


async def _run_history(data: st.DataObject, seen: Counter[bool]) -> None:
    conference = data.draw(conferences())
    installations = Installation(reads_all=False), Installation(reads_all=True)
    for installation in installations:
        await installation.begin(conference)
        for _ in range(2):  # the first unchanged marker exists before anything happens
            await installation.sync(Trigger.CONTINUOUS)
    for _ in range(data.draw(st.integers(1, 12))):
        minutes = data.draw(st.sampled_from((4, 30, 33))) * MINUTE
        for installation in installations:
            installation.harness.clock.advance(minutes)
        for edit in data.draw(st.lists(st.sampled_from(EDITS), max_size=2)):
            await edit(data, conference, installations)
        trigger = data.draw(st.sampled_from((Trigger.CONTINUOUS,) * 5 + (Trigger.MANUAL,)))
        (run, is_new, report, content), (other, other_is_new, other_report, other_content) = [
            await installation.sync(trigger) for installation in installations
        ]
        assert report == other_report
        assert content == other_content
        assert (run.counts, run.message, run.state) == (other.counts, other.message, other.state)
        assert other_is_new
        seen[not is_new] += 1


@pytest.mark.parametrize("few", [0, FEW], ids=["many sessions", "few sessions"])
@pytest.mark.parametrize("examples", [200, pytest.param(3000, marks=pytest.mark.long, id="long")])
def test_rules_21_and_26_reading_less_gives_the_same_result_as_reading_everything(
    examples: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systems_reader, "FEW", few)
    seen = Counter[bool]()

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        asyncio.run(_run_history(data, seen))

    holds()
    assert seen[True] > seen[False] / 10, "too few runs read less"
