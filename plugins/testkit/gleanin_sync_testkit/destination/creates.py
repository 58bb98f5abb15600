"""Requirements: what a create sends, and what is listed afterwards."""

from dataclasses import replace

import pytest

from core.domain.records.kinds import SESSION, SPEAKER
from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.expectations import raises
from gleanin_sync_testkit.destination.further import FURTHER, further_kind, further_schema
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import HARD_FIELDS, HARD_TEXTS, required_only, sample
from gleanin_sync_testkit.requirements import requirement
from ports.plugins import (
    DestinationError,
    DestinationId,
    ExternalId,
    FieldChange,
    RecordKind,
    RecordSchema,
    UnsupportedKind,
)


class CreateTests(DestinationSuiteBase):
    @requirement(
        "A created record has every field, its external id, and the id under which it is listed", rule=32
    )
    async def test_create(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for number, (kind, schema) in enumerate(self.schemas(rig)):
                external_id = ExternalId(f"memory:c1:{kind.name}/{number} ü")
                fields = sample(kind, number)
                created = await destination.create(event, kind, external_id, fields)
                found = [record for record in rig.stored(event, schema) if record.external_id == external_id]
                assert len(found) == 1, (
                    f"After the create of a {kind}, the service has {len(found)} records with the external id "
                    f"{external_id!r}; it has {rig.stored(event, schema)}"
                )
                _check_same(
                    found[0].attributes, rig.stand_in.expected(schema, fields), f"The create of a {kind}"
                )
                assert created == found[0].id, (
                    f"create() returned {created!r}, but the record is {found[0].id!r}"
                )
                listed = [
                    record for record in await read_all(destination, event, kind) if record.id == created
                ]
                assert len(listed) == 1, (
                    f"The {kind} that was created as {created!r} is listed {len(listed)} times"
                )
                assert listed[0].external_id == external_id, (
                    f"The {kind} was created with the external id {external_id!r}, and is listed with "
                    f"{listed[0].external_id!r}: a create whose answer is lost could never be found again (rule 32)"
                )

    @requirement("A field that is absent is not sent on a create, not even empty", rule=20)
    async def test_absent_fields_are_not_sent(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, schema in self.schemas(rig):
                fields = required_only(kind)
                created = await destination.create(event, kind, ID, fields)
                _check_same(
                    rig.stand_in.records[created].attributes,
                    rig.stand_in.expected(schema, fields),
                    f"The create of a {kind} without its optional fields",
                )

    @requirement("Texts arrive as they are: long ones, emoji, right to left, HTML")
    @pytest.mark.parametrize("name", HARD_TEXTS)
    async def test_hard_texts(self, rig: Rig, name: str) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, schema in self.schemas(rig):
                hard = {field: HARD_TEXTS[name] for field in kind.fields if field in HARD_FIELDS}
                fields = {**sample(kind), **hard}
                created = await destination.create(event, kind, ID, fields)
                what = f"The create of a {kind} whose texts are {name}"
                _check_same(
                    rig.stand_in.records[created].attributes, rig.stand_in.expected(schema, fields), what
                )
                again = await destination.create(event, kind, ExternalId("other"), sample(kind))
                changes = [FieldChange(field, None, text) for field, text in hard.items()]
                await destination.update(event, kind, again, changes)
                _check_same(
                    rig.stand_in.records[again].attributes,
                    rig.stand_in.expected(schema, fields),
                    f"The update of a {kind} with texts that are {name}",
                )

    @requirement(
        "A field that the schema does not have is never sent, on a create or an update", needs=("is_http",)
    )
    async def test_unknown_fields_are_not_sent(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, schema in self.schemas(rig):
                odd = replace(kind, optional=(*kind.optional, "favourite_colour"))
                fields = sample(kind)
                created = await destination.create(event, odd, ID, {**fields, "favourite_colour": "blue"})
                expected = rig.stand_in.expected(schema, fields)
                what = f"of a {kind} with a field that its schema does not have"
                _check_same(rig.stand_in.records[created].attributes, expected, f"The create {what}")
                name = kind.required[0]
                changes = (
                    FieldChange("favourite_colour", None, "red"),
                    FieldChange(name, None, fields[name]),
                )
                await destination.update(event, odd, created, changes)
                _check_same(rig.stand_in.records[created].attributes, expected, f"The update {what}")

    @requirement(
        "Kinds of other plug-ins are written by their schema, with its constants",
        rule=43,
        needs=("takes_further_kinds",),
    )
    async def test_further_kinds(self, rig: Rig) -> None:
        event = new_event(rig)
        schema, kind = self._further(rig)
        fields = sample(kind)
        async with self.opened(rig, schemas={FURTHER: schema}) as destination:
            created = await destination.create(event, kind, ID, fields)
            stored = rig.stored(event, schema)
            assert [record.id for record in stored] == [created], (
                f"A {kind} must be created as {schema.type!r}, but of that type there is {stored}"
            )
            expected = rig.stand_in.expected(schema, fields)
            _check_same(stored[0].attributes, expected, f"The create of a {kind}")
            listed = [(record.id, record.external_id) for record in await read_all(destination, event, kind)]
            assert listed == [(created, ID)], f"The {kind} {created!r} is listed as {listed}"
            name = kind.required[0]
            unknown = kind.optional[-1]
            assert unknown not in schema.attributes
            await destination.update(
                event, kind, created, (FieldChange(name, None, "Other"), FieldChange(unknown, None, "secret"))
            )
            _check_same(
                stored[0].attributes,
                rig.stand_in.expected(schema, {**fields, name: "Other"}),
                f"The update of a {kind}",
            )

    @requirement(
        "A kind that the destination does not know is refused, and nothing of it is written",
        needs=("is_http",),
    )
    async def test_unknown_kind(self, rig: Rig) -> None:
        event = new_event(rig)
        _, kind = self._further(rig)
        async with self.opened(rig) as destination:
            with raises(
                UnsupportedKind,
                when=f"When records of the kind {kind.name!r} are listed, which has no schema",
            ):
                await read_all(destination, event, kind)
            with raises(
                DestinationError,
                when=f"When a record of the kind {kind.name!r} is created, which has no schema",
            ):
                await destination.create(event, kind, ID, sample(kind))
            with raises(DestinationError, when=f"When a record of the kind {kind.name!r} is updated"):
                await destination.update(
                    event, kind, DestinationId("1"), (FieldChange(kind.required[0], None, "x"),)
                )
        assert not rig.stand_in.records, f"A kind without a schema was written: {rig.stand_in.records}"

    @requirement("People are stored with the sessions they speak in", rule=25, needs=("takes_associations",))
    async def test_associations(self, rig: Rig) -> None:
        event = new_event(rig)
        schema = self.speaker_schema(rig)
        async with self.opened(rig) as destination:
            sessions = [
                await destination.create(event, SESSION, ExternalId(f"s{number}"), sample(SESSION, number))
                for number in range(3)
            ]
            chosen = tuple(sessions[:2])
            fields = {**sample(SPEAKER), "sessions": chosen}
            speaker = await destination.create(event, SPEAKER, ID, fields)
            stored = rig.stand_in.records[speaker].attributes
            _check_same(
                stored, rig.stand_in.expected(schema, fields), "The create of a speaker with two sessions"
            )
            (listed,) = await read_all(destination, event, SPEAKER)
            assert {*listed.sessions} == {*chosen}, (
                f"The speaker was created with the sessions {chosen}, and is listed with {listed.sessions}"
            )
            grown = (*chosen, sessions[2])
            await destination.update(event, SPEAKER, speaker, (FieldChange("sessions", chosen, grown),))
            _check_same(
                rig.stand_in.records[speaker].attributes,
                rig.stand_in.expected(schema, {**fields, "sessions": grown}),
                "The update of a speaker's sessions",
            )

    def _further(self, rig: Rig) -> tuple[RecordSchema, RecordKind]:
        base, schema = self.any_kind(rig)
        type_ = rig.stand_in.further_type or schema.type
        further = further_schema(base, schema, type_)
        return further, further_kind(base)


def _check_same(stored: object, expected: object, what: str) -> None:
    assert stored == expected, f"{what} must store {expected}, but it stored {stored}"
