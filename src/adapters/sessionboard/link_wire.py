"""All our assumptions about how Sessionboard's custom fields are read and written; they are made here and nowhere else.

[spec] is in its OpenAPI document, [doc] on its help pages, [guess] assumed. `probe.py` compares what can be read with a
real account.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter

from adapters.sessionboard.parsing import RowSchema
from adapters.sessionboard.wire import ContactRow, ExhibitorRow, Id, Text, Wire, to_exhibitor
from core.domain.links.link_homes import HolderType, LinkField, LinkHome
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.domain.selection.exhibitor_contacts import primary_contact
from ports.link_writer import LinkWrite, LinkWritten, Written

CONTACTS, EXHIBITORS = HolderType("contacts"), HolderType("exhibitors")
# [spec] People of all kinds are contacts; their companies are records of their own.
HOMES = {SPEAKER.name: LinkHome(CONTACTS), EXHIBITOR_CONTACT.name: LinkHome(CONTACTS, EXHIBITORS)}
LIMITS = WriteLimits(
    batch=100,  # [spec]
    requests=100,  # [doc], apart for contacts, exhibitors and so on; a bulk counts as one
    window=timedelta(minutes=15),  # [doc]
    records_a_day=10_000,  # [spec] of creates; [guess] that every record of a bulk counts
)
TEXT_TYPES = frozenset({"text", "textarea"})  # [doc]: 255 and 5,000 characters
NEW_FIELD_TYPE = "textarea"  # [doc] advised for links
MASK = "***"  # [doc] of e-mails; [guess] of other personal data
GONE_CODES = frozenset({"NOT_FOUND", "NOTFOUND", "404"})  # [guess]
REFUSED_CODES = frozenset(
    {"VALIDATION", "VALIDATION_ERROR", "BAD_REQUEST", "INVALID", "400", "422"}
)  # [guess]


def module_of(holder: HolderType) -> str:
    """Return the module whose fields the records have [spec]; what the UI calls groups are accounts [guess]."""
    return "contact" if holder == CONTACTS else "account"


def write_scope(holder: HolderType) -> str:
    """Return the scope that a token needs for writing such records [spec]."""
    return f"write:{holder}"


def fields_search(holder: HolderType) -> Mapping[str, object]:
    """Return the search for the custom fields of the event itself [spec]: a global one is changed for all events."""
    return {"filters": {"module": module_of(holder), "source": "custom", "scope": "event"}}


def new_field(holder: HolderType, name: str) -> Mapping[str, str]:
    """Return the body that orders a field [spec]; that `module_id` is the module's word is a [guess]."""
    return {"name": name, "type": NEW_FIELD_TYPE, "module_id": module_of(holder)}


def bulk(field: str, writes: Sequence[LinkWrite]) -> Mapping[str, object]:
    """Return the body of a bulk of updates, of our one field only [spec]; `updated_at` guards an item [guess]."""
    return {
        "operations": [
            {
                "action": "update",
                "id": write.id,
                "data": {"updated_at": write.guard, "custom_fields": {field: write.value}},
            }
            for write in writes
        ]
    }


def read_results(document: object, field: str, writes: Sequence[LinkWrite]) -> Sequence[LinkWritten] | None:
    """Return what became of each item, which come in the order of the request [spec]; None if they do not match it."""
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list) or len(results) != len(writes):
        return None
    written = [_result(item, number, field, writes[number]) for number, item in enumerate(results)]
    return None if None in written else [each for each in written if each is not None]


def _result(item: object, number: int, field: str, write: LinkWrite) -> LinkWritten | None:
    if not isinstance(item, dict) or item.get("index", number) != number:
        return None
    if str(item.get("id") or write.id) != write.id:
        return None
    if item.get("status") == "success":
        return LinkWritten(write.id, Written.DONE, _value_in(item, field))
    error = item.get("error")
    code = str(error.get("code") or "").upper() if isinstance(error, dict) else ""
    if code in GONE_CODES:
        return LinkWritten(write.id, Written.GONE)
    if code in REFUSED_CODES:
        message = error.get("message") if isinstance(error, dict) else None
        return LinkWritten(write.id, Written.REFUSED, problem=str(message or code)[:200])
    # The codes are not documented: for an unknown one, too, reading the record again shows what to do.
    return LinkWritten(write.id, Written.CONFLICT)


def _value_in(item: Mapping[str, Any], field: str) -> str | None:
    """Return what the field holds by an item that has the record; that it has it is not documented."""
    for name in ("data", "record", "entity", "result"):
        if isinstance(record := item.get(name), dict) and "custom_fields" in record:
            return values_in(record["custom_fields"]).get(field, "")
    return None


def values_in(custom_fields: object) -> dict[str, str]:
    """Return what custom fields hold, by internal name: a list in answers [spec], a map in bodies."""
    if isinstance(custom_fields, dict):
        return {str(name): _text(value) for name, value in custom_fields.items()}
    if not isinstance(custom_fields, list):
        return {}
    return {
        str(each["internal_name"]): _text(each.get("value"))
        for each in custom_fields
        if isinstance(each, dict) and isinstance(each.get("internal_name"), str)
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)


class FieldRow(Wire):
    id: Id
    internal_name: Text | None = None
    public_name: Text | None = None
    field_type: Text | None = None
    field_source: Text | None = None
    scope: Text | None = None


class HolderRow(Wire):
    """A contact, or a company with its contacts."""

    id: Id
    full_name: Text | None = None
    name: Text | None = None
    updated_at: Text | None = None
    custom_fields: Any = None
    contacts: list[ContactRow | None] | None = None


def holder_schema(field: str) -> RowSchema[Any, LinkHolder]:
    """Return how the records of a search are read."""

    def to_holder(row: HolderRow) -> Iterator[LinkHolder]:
        value = values_in(row.custom_fields).get(field)
        (exhibitor,) = to_exhibitor(ExhibitorRow(id=row.id, name=row.name, contacts=row.contacts))
        primary = primary_contact(exhibitor)
        yield LinkHolder(
            exhibitor.id,
            value,
            row.updated_at or "",
            row.name or row.full_name or "",
            MASK in (value or ""),
            primary.person.id if primary else None,
        )

    return RowSchema(TypeAdapter(HolderRow), to_holder)


def _field(row: FieldRow) -> Iterator[LinkField]:
    """Yield the field if it can hold a link; what was asked for is checked, as filters may be ignored."""
    is_custom = row.field_source in (None, "custom")
    is_of_event = row.scope in (None, "event")
    if row.internal_name and row.field_type in TEXT_TYPES and is_custom and is_of_event:
        yield LinkField(row.internal_name, row.public_name or "")


FIELD_SCHEMA: RowSchema[Any, LinkField] = RowSchema(TypeAdapter(FieldRow), _field)
