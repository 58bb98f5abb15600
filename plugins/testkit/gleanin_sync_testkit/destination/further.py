"""A kind of records as another plug-in brings it, made from one that the destination takes already."""

from dataclasses import replace

from ports.plugins import RecordKind, RecordSchema

FURTHER = "testkit_partner"
UNKNOWN_FIELD = "note"
"""A field of the kind that no schema has."""
CONSTANT = "Partner"


def further_kind(base: RecordKind) -> RecordKind:
    """Return a kind with the required fields of another one under other names."""
    return replace(
        base,
        name=FURTHER,
        plural="partners",
        singular="partner",
        required=tuple(map(_renamed, base.required)),
        optional=(UNKNOWN_FIELD,),
        takes_associations=False,
    )


def further_schema(base: RecordKind, schema: RecordSchema, type_: str) -> RecordSchema:
    """Return how the kind is written; a constant stands in an optional attribute that is a text."""
    optional = [
        name for name in base.optional if name in schema.attributes and name not in ("sessions", "tracks")
    ]
    constants = {schema.attributes[optional[0]]: CONSTANT} if optional else {}
    names = {_renamed(name): schema.attributes[name] for name in base.required if name in schema.attributes}
    return RecordSchema(type_, names, {**schema.constants, **constants})


def _renamed(name: str) -> str:
    return name if name == "email" else f"partner_{name}"
