"""The people whose portal addresses are made, listed or revoked together (rule 39)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.domain.access.portal_links import PersonRef, PortalAddress
from core.domain.email import normalize_email
from core.domain.errors import InvalidInput, NotFound, require, validate_id
from core.domain.ids import MappingId, SourceId
from core.domain.records.kinds import KINDS
from core.domain.records.synced_records import SyncedRecord
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.portal_person import person_ref
from ports.store.unit_of_work import UnitOfWork

EVERYBODY = 1_000_000
"""More people than any event has."""


@dataclass(frozen=True, slots=True)
class PortalSelection:
    """Some of a mapping's people, or all who match a search."""

    mapping_id: MappingId
    who: Sequence[str] = ()
    """E-mails, ids in the source, or the name of a kind and an id with a colon between them."""
    everybody: bool = False
    search: str = ""
    """With `everybody`: only those who match; see `RecordSearch`."""
    missing: bool = False
    """With `everybody`: only those without a share link."""


@dataclass(frozen=True, slots=True)
class HandOut:
    """What is handed out to one person."""

    person: SyncedRecord
    address: PortalAddress | None
    """None if there is none that opens the page."""
    signed: str = ""
    """The last part of the address."""


async def selected(unit: UnitOfWork, selection: PortalSelection) -> tuple[EventMapping, list[SyncedRecord]]:
    """Return a mapping and the selected people, each once, by kind and name.

    Raises:
        NotFound: the mapping does not exist, or somebody who is named was not synced; nobody is selected then.
        InvalidInput: nobody is named.
    """
    mapping = require(await unit.mappings.get(selection.mapping_id), "mapping", selection.mapping_id)
    if not selection.everybody and not selection.who:
        raise InvalidInput("Nobody is selected. Name people by e-mail or id, or select all.", about="who")
    target = mapping.organization_id, mapping.events.destination_id
    if selection.everybody:
        page = await unit.synced.people(
            *target, missing=selection.missing, search=selection.search, limit=EVERYBODY
        )
        return mapping, [*page.people]
    for each in selection.who:
        validate_id("synced person", each)
    if (people := await _by_ref(unit, mapping, selection.who)) is not None:
        return mapping, people
    page = await unit.synced.people(*target, limit=EVERYBODY)
    return mapping, _named(page.people, selection.who)


async def _by_ref(unit: UnitOfWork, mapping: EventMapping, who: Collection[str]) -> list[SyncedRecord] | None:
    """Return people who are all named by kind and id, without reading the others; None if some are not."""
    by_kind: dict[str, dict[SourceId, None]] = {}
    for each in who:
        kind, colon, source_id = each.partition(":")
        if not colon:
            return None
        by_kind.setdefault(kind, {})[SourceId(source_id)] = None
    target, people = (mapping.organization_id, mapping.events.destination_id), list[SyncedRecord]()
    for name, source_ids in by_kind.items():
        found = await unit.synced.find(*target, KINDS.named(name), source_ids)
        if len(found) < len(source_ids):
            return None
        people += (found[source_id] for source_id in source_ids)
    return people


def _named(people: Sequence[SyncedRecord], who: Collection[str]) -> list[SyncedRecord]:
    by_name: dict[str, list[int]] = {}
    for number, person in enumerate(people):
        names = {str(person.source_id), f"{person.kind.name}:{person.source_id}"}
        if person.email:
            names.add(normalize_email(person.email))
        for name in names:
            by_name.setdefault(name, []).append(number)
    chosen, unknown = set[int](), list[str]()
    for each in who:
        found = by_name.get(each) or by_name.get(normalize_email(each))
        if found is None:
            unknown.append(each)
        else:
            chosen.update(found)
    if unknown:
        more = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        raise NotFound("synced person", unknown[0], f"Nothing was done{more and more}.")
    return [people[number] for number in sorted(chosen)]


def refs(mapping: EventMapping, people: Sequence[SyncedRecord]) -> list[PersonRef]:
    return [person_ref(mapping, person.kind, person.source_id) for person in people]


def described(mapping: EventMapping, people: Sequence[SyncedRecord]) -> str:
    """Return whom an audit entry is about: one person by name, several by number."""
    return people[0].label if len(people) == 1 else f"{len(people):,} people of {mapping.label}"
