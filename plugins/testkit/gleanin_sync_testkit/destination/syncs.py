"""Requirements: whole syncs, also after kills and lost answers."""

from dataclasses import replace

import pytest

from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.domain.records.outcomes import Outcome
from gleanin_sync_testkit.destination.base import new_event
from gleanin_sync_testkit.destination.lost_answers import LOST
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.syncing import Conference, SyncSuiteBase, settling
from gleanin_sync_testkit.programmes import person, session
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import Person, RecordKind

MAX_MOMENTS = 400
PARTS = 10
"""So many tests share the moments at which the process is killed."""


class SyncTests(SyncSuiteBase):
    @requirement("The first sync creates everything, and the second writes nothing", rule=21)
    async def test_two_syncs(self, rig: Rig) -> None:
        conference = self.conference(rig)
        first = await conference.sync()
        conference.check_all_once(first, "After the first sync")
        conference.check_texts("After the first sync")
        assert first.number(Outcome.CREATED) == len(first.outcomes)
        await conference.check_writes_nothing("After a sync")

    @requirement("A change is sent, and only that", rule=21)
    async def test_change(self, rig: Rig) -> None:
        conference = self.conference(rig)
        await conference.sync()
        kind, source_id, people = _somebody(conference)
        before = dict(conference.the(kind, source_id).attributes)
        people[source_id] = replace(people[source_id], email="new.address@example.org")
        synced = await conference.sync()
        attribute = conference.schema(kind).attributes["email"]
        after = conference.the(kind, source_id).attributes
        assert after == {**before, attribute: "new.address@example.org"}, (
            f"Only the e-mail of the {kind} has changed, but it was {before} and is now {after}"
        )
        assert synced.number(Outcome.UPDATED) == 1
        await conference.check_writes_nothing("After a change")

    @requirement(
        "A field that was emptied is cleared if it was sent, and never otherwise",
        rule=20,
        needs=("can_clear",),
    )
    async def test_emptied_field(self, rig: Rig) -> None:
        conference = self.conference(rig)
        kind, source_id, people = _somebody(conference)
        names = {"job_title", "company_name"} & conference.schema(kind).attributes.keys() & {*kind.optional}
        if kind != SPEAKER or names != {"job_title", "company_name"}:
            pytest.skip("the schema of speakers has no job title and company name")
        sent, theirs = (conference.schema(kind).attributes[name] for name in ("job_title", "company_name"))
        people[source_id] = replace(people[source_id], job_title="Analyst", company_name=None)
        await conference.sync()
        rig.stand_in.update_record(conference.the(kind, source_id).id, {theirs: "entered by an admin"})
        people[source_id] = replace(people[source_id], job_title=None)
        await conference.sync()
        attributes = conference.the(kind, source_id).attributes
        assert not attributes.get(sent), (
            f"The job title was sent and is now empty in the source, but {sent!r} is {attributes.get(sent)!r}"
        )
        assert attributes.get(theirs) == "entered by an admin", (
            f"The company name was never sent, but what an admin has entered is now {attributes.get(theirs)!r}"
        )

    @requirement("A contact of somebody else's is not written to", rule=19, needs=("tells_emails",))
    async def test_contact_of_somebody_else(self, rig: Rig) -> None:
        conference = self.conference(rig)
        kind, source_id, people = _somebody(conference)
        email = people[source_id].email
        assert email is not None
        theirs = rig.stand_in.add_contact(conference.event, kind.name, email.upper())
        before = rig.state()[theirs]
        outcome = (await conference.sync()).of(kind, source_id)
        assert (outcome.outcome, outcome.reason.code) == (Outcome.BLOCKED, "foreign_contact"), (
            f"Somebody else's contact has the e-mail of the {kind}, so it must be blocked, but it is {outcome.outcome}"
        )
        assert rig.state()[theirs] == before, "A contact of somebody else's was written to (rule 19)"

    @requirement("What is sent under one connection is not sent again under the next", rule=10)
    async def test_reconnected(self, rig: Rig) -> None:
        conference = self.conference(rig)
        first = await conference.sync()
        await conference.product.reconnect()
        before = rig.state()
        again = await conference.sync()
        assert again.number(Outcome.SKIPPED) == len(first.outcomes), (
            f"After a disconnect nothing is synced again, but the run says {again.run.message}"
        )
        assert rig.state() == before

    @requirement("A record that was deleted in the destination is created again, once", rule=32)
    async def test_deleted_record(self, rig: Rig) -> None:
        conference = self.conference(rig)
        await conference.sync()
        kind, source_id, _ = _somebody(conference)
        rig.stand_in.remove_record(conference.the(kind, source_id).id)
        await conference.check_settles("After a record was deleted in the destination")

    @requirement(
        "A speaker stays tied to a session that is no longer his", rule=22, needs=("takes_associations",)
    )
    async def test_associations_only_grow(self, rig: Rig) -> None:
        attribute = self.speaker_schema(rig).attributes["sessions"]
        conference = self.conference(rig)
        await conference.sync()
        before = conference.the(SPEAKER, "ada").attributes[attribute]
        conference.talks["closing"] = session("closing")
        conference.people["eve"] = person("eve")
        await conference.sync()
        del conference.talks["opening"]
        await conference.sync()
        after = conference.the(SPEAKER, "ada").attributes[attribute]
        assert len(before) == 1, f"The speaker of one session has {attribute}={before}"
        assert len(after) == 2 and {*before} <= {*after}, (
            f"The speaker's {attribute} were {before}, then there was a second session, and the first one was removed "
            f"from the source: both must stay, but they are {after}"
        )

    @requirement("Nothing is created while the list cannot be read", rule=34, needs=("is_http",))
    async def test_unreadable_list(self, rig: Rig) -> None:
        conference = self.conference(rig)
        await conference.product.start()
        for answer in (Answer("text"), Answer({"error": "oops"}, 500), None):
            rig.fail(writes=False, answer=answer, times=None)
            await conference.sync()
            rig.wire.faults.clear()
            assert not rig.writes, "Records were written although it could not be read what there is"
        await conference.check_settles("After reads that failed")

    @requirement(
        "Whatever becomes of an answer, each record is there exactly once", rule=32, needs=("is_http",)
    )
    @pytest.mark.parametrize("loss", LOST)
    @pytest.mark.parametrize("when", ["executed", "late", "never"])
    async def test_lost_answers(self, rig: Rig, loss: str, when: str) -> None:
        conference = self.conference(rig)
        for number in range(3):
            rig.fail(
                writes=True,
                answer=LOST[loss],
                is_executed=when == "executed",
                is_late=when == "late",
                after=number,
            )
            settling(rig)
            await conference.sync()
            rig.wire.faults.clear()
            conference.talks = {
                key: replace(talk, title=f"{talk.title} {number}") for key, talk in conference.talks.items()
            }
        await conference.check_settles(f"After writes that were answered by {loss}")

    @requirement(
        "Whenever the process is killed, each record is there exactly once", rule=32, needs=("is_http",)
    )
    @pytest.mark.parametrize("part", range(PARTS))
    async def test_kills(self, part: int) -> None:
        moment = part + 1
        while moment < MAX_MOMENTS:
            rig = self.new_rig()
            conference = self.conference(rig)
            await conference.product.start()

            def pass_moment(_request: Request, conference: Conference = conference) -> None:
                conference.product.kill_point.pass_moment()

            rig.wire.before = rig.wire.after = pass_moment
            if await conference.killed_sync(moment):
                return
            await conference.check_settles(f"After the process was killed at its moment {moment}")
            rig.check()
            moment += PARTS
        pytest.fail(f"One sync had more than {MAX_MOMENTS} moments")

    @requirement("A write that the service refuses does not stop the others", rule=29, needs=("is_http",))
    @pytest.mark.parametrize("status", [403, 404, 422])
    async def test_refused_write(self, rig: Rig, status: int) -> None:
        conference = self.conference(rig)
        answer = replace(rig.stand_in.rejection("no"), status=status)
        rig.fail(writes=True, answer=answer)
        synced = await conference.sync()
        assert synced.number(Outcome.FAILED) >= 1
        assert synced.number(Outcome.CREATED) >= len(synced.outcomes) - 2, (
            f"One write was answered {status}, but the run says: {synced.run.message}"
        )
        await conference.check_settles(f"After a write that was answered {status}")

    @requirement("An event that was deleted ends the run", rule=29)
    async def test_deleted_event(self, rig: Rig) -> None:
        conference = self.conference(rig)
        await conference.sync()
        new_event(rig, "another one")
        rig.stand_in.remove_event(conference.event)
        before = rig.state()
        synced = await conference.sync()
        assert synced.writes == 0
        assert rig.state() == before


def _somebody(conference: Conference) -> tuple[RecordKind, str, dict[str, Person]]:
    """Return a person of the programme: the kind, the id, and where it stands."""
    if conference.people:
        return SPEAKER, "ada", conference.people
    return EXHIBITOR_CONTACT, "bob", conference.staff
