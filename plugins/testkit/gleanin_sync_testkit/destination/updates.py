"""Requirements: an update changes what it names, and nothing else."""

import pytest

from core.domain.records.kinds import SESSION, SPEAKER
from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.expectations import raises
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.requirements import requirement
from ports.plugins import (
    DestinationEventGone,
    DestinationId,
    ExternalId,
    FieldChange,
    Fields,
    RecordGone,
    RecordRejected,
    RecordSchema,
)

ODD_IDS = ("no-such-record", "", ".", "..", "{}/../{other}", "{}?a=b", "{}#a", "{}/", "../{other}")
"""Ids of no record; {} and {other} stand for the ids of two that there are."""


class UpdateTests(DestinationSuiteBase):
    @requirement("An update changes the named fields and leaves the others as they are", rule=20)
    async def test_update(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, schema in self.schemas(rig):
                fields = sample(kind, 1)
                updated = await destination.create(event, kind, ExternalId("a"), fields)
                other = await destination.create(event, kind, ExternalId("b"), sample(kind, 2))
                untouched = dict(rig.stand_in.records[other].attributes)
                for name in (name for name in fields if name in schema.attributes):
                    fields = {**fields, name: sample(kind, 3)[name]}
                    await destination.update(event, kind, updated, (FieldChange(name, None, fields[name]),))
                    self._check(rig, updated, schema, fields, f"an update of {name} of a {kind}")
                assert rig.stand_in.records[other].attributes == untouched, (
                    f"The update of one {kind} has changed another one"
                )
                assert rig.stand_in.records[updated].external_id == "a", "An update must keep the external id"

    @requirement("Several fields are changed by one update")
    async def test_several_changes(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, schema in self.schemas(rig):
                created = await destination.create(event, kind, ID, sample(kind, 1))
                new = sample(kind, 2)
                await destination.update(
                    event, kind, created, [FieldChange(name, "old", value) for name, value in new.items()]
                )
                self._check(rig, created, schema, new, f"an update of all fields of a {kind}")

    @requirement("An update keeps what was edited meanwhile in fields that it does not name", rule=20)
    async def test_edits_by_others_stay(self, rig: Rig) -> None:
        """Another connection edits the record, so that what the plug-in remembers of it is outdated."""
        event = new_event(rig)
        async with self.opened(rig) as destination, self.opened(rig) as other:
            for kind, schema in self.schemas(rig):
                names = [name for name in kind.fields if name in schema.attributes and name in sample(kind)]
                if len(names) < 2:
                    continue
                edited, changed = names[:2]
                created = await destination.create(event, kind, ID, sample(kind, 1))
                new = sample(kind, 2)
                await other.update(event, kind, created, (FieldChange(edited, None, new[edited]),))
                await destination.update(event, kind, created, (FieldChange(changed, None, new[changed]),))
                fields = {**sample(kind, 1), edited: new[edited], changed: new[changed]}
                self._check(
                    rig, created, schema, fields, f"an update of {changed} of a {kind} that was edited"
                )

    @requirement("A new value of None clears the field, and only that one", rule=20, needs=("can_clear",))
    async def test_clear(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, schema in self.schemas(rig):
                optional = [
                    name for name in kind.optional if name in schema.attributes and name != "sessions"
                ]
                fields = sample(kind)
                created = await destination.create(event, kind, ID, fields)
                for name in optional:
                    await destination.update(event, kind, created, (FieldChange(name, fields[name], None),))
                    fields = {key: value for key, value in fields.items() if key != name}
                    self._check(rig, created, schema, fields, f"an update that clears {name} of a {kind}")

    @requirement("An update of other fields keeps the associations", rule=22, needs=("takes_associations",))
    async def test_associations_stay(self, rig: Rig) -> None:
        event = new_event(rig)
        schema = self.speaker_schema(rig)
        async with self.opened(rig) as destination:
            session = await destination.create(event, SESSION, ExternalId("s1"), sample(SESSION))
            fields = {**sample(SPEAKER), "sessions": (session,)}
            speaker = await destination.create(event, SPEAKER, ID, fields)
            for name, value in sample(SPEAKER, 2).items():
                await destination.update(event, SPEAKER, speaker, (FieldChange(name, None, value),))
                fields = {**fields, name: value}
                self._check(rig, speaker, schema, fields, f"an update of {name} of a speaker with a session")
            (listed,) = await read_all(destination, event, SPEAKER)
            assert listed.sessions == (session,), f"The speaker's sessions are now {listed.sessions}"

    @requirement("An update of a deleted record says that it is gone")
    async def test_deleted_record(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, _ in self.schemas(rig):
                created = await destination.create(event, kind, ID, sample(kind))
                rig.stand_in.remove_record(created)
                assert await read_all(destination, event, kind) == [], f"A deleted {kind} is still listed"
                name = kind.required[0]
                with raises(RecordGone, when=f"When a {kind} was deleted in the service and is updated"):
                    await destination.update(event, kind, created, (FieldChange(name, None, "x"),))
                assert created not in rig.stand_in.records, "The update has created the record again"

    @requirement("An update in a deleted event fails as one of a missing record or event")
    async def test_deleted_event(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ID, sample(kind))
            rig.stand_in.remove_event(event)
            with raises(
                RecordGone,
                DestinationEventGone,
                when="When the event was deleted and a record of it is updated",
            ):
                await destination.update(event, kind, created, (FieldChange(kind.required[0], None, "x"),))

    @requirement("The id of a record never reaches another one")
    @pytest.mark.parametrize("odd", ODD_IDS)
    async def test_odd_ids(self, rig: Rig, odd: str) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        name = kind.required[0]
        async with self.opened(rig) as destination:
            first, second = [
                await destination.create(event, kind, ExternalId(f"x{number}"), sample(kind, number))
                for number in (1, 2)
            ]
            before = rig.state()
            unknown = DestinationId(odd.replace("{other}", second).replace("{}", first))
            with raises(
                RecordRejected, when=f"When a record with the id {unknown!r} is updated, which does not exist"
            ):
                await destination.update(event, kind, unknown, (FieldChange(name, None, "changed"),))
        assert rig.state() == before, (
            f"The update of {unknown!r}, which does not exist, has changed another record"
        )

    def _check(self, rig: Rig, record_id: str, schema: RecordSchema, fields: Fields, what: str) -> None:
        stored = _filled(rig.stand_in.records[record_id].attributes)
        expected = _filled(rig.stand_in.expected(schema, fields))
        assert stored == expected, f"After {what}, it must be {expected}, but it is {stored}"


def _filled(attributes: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in attributes.items() if value not in (None, "", [])}
