"""What a suite requires of how destinations write a kind."""

from typing import Any

from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.requirements import requirement

SCHEMAS = ("has_schemas",)


class KindSchemas(KindBase):
    @requirement("Each destination gets fields of the kind only, and all required ones", needs=SCHEMAS)
    def test_fields_are_those_of_the_kind(self) -> None:
        kind = self.plugin.kind
        for destination, schema in self.plugin.schemas.items():
            unknown = schema.attributes.keys() - {*kind.fields}
            assert not unknown, f"{sorted(unknown)}, sent to {destination!r}, are no fields of the kind"
            missing = {*kind.required} - schema.attributes.keys()
            assert not missing, f"{sorted(missing)} are required, but {destination!r} never gets them"

    @requirement("No two values go into the same attribute", needs=SCHEMAS)
    def test_attributes_are_different(self) -> None:
        for destination, schema in self.plugin.schemas.items():
            names = [*schema.attributes.values()]
            twice = {name for name in names if names.count(name) > 1}
            assert not twice, f"At {destination!r}, several fields are sent as {sorted(twice)}"
            hidden = {*names} & schema.constants.keys()
            assert not hidden, f"At {destination!r}, constants replace the fields sent as {sorted(hidden)}"

    @requirement("Each destination knows which fields are lists of texts", needs=SCHEMAS)
    def test_lists_are_declared(self) -> None:
        fields = self.select(self.rows()).fields.values()
        lists = {name for sent in fields for name, value in sent.items() if isinstance(value, tuple)}
        texts = {name for sent in fields for name, value in sent.items() if isinstance(value, str)}
        for destination, schema in self.plugin.schemas.items():
            declared, sent = {*schema.lists}, schema.attributes.keys()
            assert declared <= sent, (
                f"{sorted(declared - sent)} are lists in the schema for {destination!r}, but are not sent to it"
            )
            undeclared, wrong = (lists & sent) - declared, texts & declared
            assert not undeclared, f"{sorted(undeclared)} are lists: say so in `lists` of {destination!r}"
            assert not wrong, f"{sorted(wrong)} are texts, but lists in the schema for {destination!r}"

    @requirement("Types, attributes and constants are texts", needs=SCHEMAS)
    def test_names_are_texts(self) -> None:
        for destination, schema in self.plugin.schemas.items():
            name: Any
            for name in (
                destination,
                schema.type,
                *schema.attributes.values(),
                *schema.constants,
                *schema.constants.values(),
            ):
                assert isinstance(name, str) and name.strip(), (
                    f"{name!r} in the schema for {destination!r} must be a text"
                )
