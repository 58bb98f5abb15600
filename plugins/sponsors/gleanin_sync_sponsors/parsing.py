"""Reads sponsors from the objects of Sessionboard's search, `POST /v1/event/{id}/sponsors`."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gleanin_sync_sponsors.sponsor import Sponsor
from gleanin_sync_sponsors.values import instant, plain_texts, source_id, text
from ports.plugins import ExhibitorContact, Person, SourceId, Unreadable, unreadable_row

PATH = "sponsors"


def sponsors_of(row: Mapping[str, Any]) -> Iterator[Sponsor | Unreadable]:
    """Yield the sponsor of an object, and each of its contacts that cannot be read.

    Raises:
        ValueError: it has no id.
        TypeError: its contacts are no list, so that all of them would seem to have left.
    """
    sponsor_id, listed = source_id(row.get("id")), row.get("contacts")
    if sponsor_id is None:
        raise ValueError("The sponsor has no valid id")
    if not isinstance(listed, list | None):
        raise TypeError("The sponsor's contacts are no list")
    contacts: list[ExhibitorContact] = []
    for each in listed or ():
        if not each and isinstance(each, Mapping | None):
            continue
        if isinstance(each, Mapping) and (contact_id := source_id(each.get("id"))):
            contacts.append(_contact(contact_id, each))
        else:
            yield _unreadable(each, text(row.get("name")) or sponsor_id)
    yield Sponsor(
        sponsor_id,
        text(row.get("name")),
        text(row.get("logo_image_url")),
        tuple(contacts),
        tuple(_custom_fields(row.get("custom_fields"))),
    )


def _contact(contact_id: SourceId, row: Mapping[str, Any]) -> ExhibitorContact:
    """Return a contact; its dates are those of the person, and that of its role at the sponsor."""
    person = Person(
        contact_id,
        first_name=text(row.get("first_name")),
        last_name=text(row.get("last_name")),
        full_name=text(row.get("full_name")),
        email=text(row.get("email")),
        job_title=text(row.get("title")),
        company_name=text(row.get("company_name")),
        headshot=text(row.get("photo_url")),
        created_at=instant(row.get("contact_created_at")),
        updated_at=instant(row.get("contact_updated_at")),
    )
    since = instant(row.get("relationship_created_at"))
    return ExhibitorContact(person, is_primary=row.get("is_primary") in (True, "true"), in_role_since=since)


def _unreadable(contact: Any, sponsor: str) -> Unreadable:
    row = unreadable_row(contact, f"A contact of the sponsor {sponsor:.200} has no valid id.")
    names = (contact.get(key) for key in ("full_name", "email")) if isinstance(contact, Mapping) else ()
    label = next(filter(None, map(text, names)), f"A contact of {sponsor:.200}")
    return replace(row, label=label)


def _custom_fields(listed: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the custom fields; anything else than a list has none."""
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping) and (name := text(each.get("internal_name"))):
            yield name, tuple(plain_texts(each.get("value")))
