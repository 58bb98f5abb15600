"""A read-only comparison of a real account with the assumptions in `wire.py`; it shows no personal data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.gleanin import responses, wire
from adapters.gleanin.client import GleaninClient
from adapters.gleanin.destination import GleaninDestinations
from adapters.http_client.json_shapes import SAMPLE, identifier, list_of, member, shape_of, type_of
from core.domain.records.kinds import KINDS
from core.domain.tenancy.secrets import Token
from ports.destination import DestinationError
from ports.plugins import RecordSchema
from ports.probe import Finding, Marked, Verdict

_MAX_SEEN = 200
_MAX_NAMES = 40


@dataclass(frozen=True, slots=True)
class GleaninProbe:
    destinations: GleaninDestinations

    async def __call__(self, token: Token) -> Sequence[Finding]:
        async with self.destinations.client(token) as client:
            return await probe(client, self.destinations.schemas)


async def probe(client: GleaninClient, further: Mapping[str, RecordSchema]) -> list[Finding]:
    """Compare an account with our assumptions.

    Args:
        client: of the account.
        further: how the kinds of other plug-ins are written.

    Raises:
        DestinationError: the list of events cannot be read.
    """
    events = await client.read(client.url(wire.EVENTS), responses.parse_plainly)
    listed = [item for item in list_of(member(events, "data")) if isinstance(item, dict)]
    findings = [
        _finding(
            "GET /events returns a list",
            wire.DOC,
            isinstance(member(events, "data"), list),
            shape_of(events),
        ),
        *_attributes("an event", listed, wire.EVENT_ATTRIBUTES),
        *_ids("an event", listed),
        _next_page("GET /events", events),
    ]
    event_id = next((text for item in listed if (text := wire.clean(item.get("id")))), None)
    for schema in _schemas(further):
        assumption = f"GET /events/{{id}}?include={schema.type} succeeds"
        if event_id is None:
            findings.append(Finding(assumption, wire.GUESS, Verdict.NOT_SEEN, "the account has no event"))
            continue
        try:
            url = client.url(wire.records_path(event_id, schema))
            document = await client.read(url, responses.parse_plainly)
        except DestinationError as error:
            findings.append(Finding(assumption, wire.GUESS, Verdict.DIFFERS, type(error).__name__))
            continue
        findings.extend(_included(schema, document))
    return findings


def _schemas(further: Mapping[str, RecordSchema]) -> Iterable[wire.ResourceSchema]:
    """Return one schema for each type; a type that several kinds share has the attributes of all of them."""
    brought = (
        wire.further_schema(schema, is_person=name in {kind.name for kind in KINDS.people})
        for name, schema in further.items()
    )
    by_type: dict[str, wire.ResourceSchema] = {}
    for schema in (*wire.SCHEMAS.values(), *brought):
        known = by_type.get(schema.type)
        by_type[schema.type] = _merged(known, schema) if known else schema
    return by_type.values()


def _merged(known: wire.ResourceSchema, other: wire.ResourceSchema) -> wire.ResourceSchema:
    names = {attribute.name for attribute in (*known.only_read, *known.written.values())}
    expected = (*other.only_read, *other.written.values())
    more = (attribute for attribute in expected if attribute.name not in names)
    return replace(known, only_read=(*known.only_read, *more))


def _included(schema: wire.ResourceSchema, document: Any) -> Iterator[Finding]:
    type_ = schema.type
    yield _finding(
        f"GET /events/{{id}}?include={type_} returns that event",
        wire.GUESS,
        isinstance(member(document, "data"), dict),
        shape_of(document),
    )
    relation = member(member(member(document, "data"), "relationships"), type_)
    linkage = member(relation, "data")
    included = member(document, "included")
    yield _finding(
        f"the response lists the event's {type_}, in included or in relationships",
        schema.marked,
        isinstance(linkage, list) or isinstance(included, list),
        f"relationships.{type_}: {shape_of(relation)}; included: {type_of(included)}",
    )
    all_records = [item for item in list_of(included) if isinstance(item, dict)]
    records = [item for item in all_records if item.get("type") == type_]
    types = sorted({identifier(item.get("type")) for item in all_records})
    if all_records:
        yield _finding(
            f"included records have the type {type_}", wire.GUESS, types == [type_], ", ".join(types)
        )
    yield from _ids(f"one of the {type_}", records)
    yield from _attributes(f"one of the {type_}", records, (*schema.only_read, *schema.written.values()))
    yield _next_page(f"GET /events/{{id}}?include={type_}", document)
    if isinstance(linkage, list):
        included_ids = {wire.clean(item.get("id")) for item in records}
        missing = sum(wire.clean(member(item, "id")) not in included_ids for item in linkage)
        is_complete = missing == 0 or wire.Document.model_validate(document).next is not None
        yield _finding(
            f"all {type_} of the event are included, or there is links.next",
            wire.GUESS,
            is_complete,
            f"{missing} missing",
        )


def _attributes(
    owner: str, resources: Sequence[dict[str, Any]], expected: Iterable[wire.Attribute]
) -> Iterator[Finding]:
    attributes = [member(resource, "attributes") or {} for resource in resources[:SAMPLE]]
    names = sorted({identifier(name) for item in attributes if isinstance(item, dict) for name in item})
    for attribute in expected:
        values = [value for item in attributes if (value := member(item, attribute.name)) is not None]
        assumption = f"{owner} has {attribute.name}: {attribute.value_type.words}"
        if not values:
            seen = f"attributes: {', '.join(names[:_MAX_NAMES])}" if names else "nothing to look at"
            yield Finding(assumption, attribute.marked, Verdict.NOT_SEEN, seen[:_MAX_SEEN])
            continue
        seen = ", ".join(sorted({type_of(value) for value in values}))
        yield _finding(assumption, attribute.marked, all(map(attribute.value_type.matches, values)), seen)


def _ids(owner: str, resources: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    if resources:
        types = sorted({type_of(resource.get("id")) for resource in resources})
        yield _finding(f"the id of {owner} is text", wire.DOC, types == ["text"], ", ".join(types))


def _next_page(request: str, document: Any) -> Finding:
    links = member(document, "links")
    link = wire.Document.model_validate(document if isinstance(document, dict) else {}).next
    verdict = Verdict.AGREES if link else Verdict.NOT_SEEN
    return Finding(
        f"{request} has links.next when there is more", wire.GUESS, verdict, f"links: {shape_of(links)}"
    )


def _finding(assumption: str, marked: Marked, agrees: bool, seen: str) -> Finding:
    return Finding(assumption, marked, Verdict.AGREES if agrees else Verdict.DIFFERS, seen[:_MAX_SEEN])
