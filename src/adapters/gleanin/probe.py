"""A read-only comparison of a real account with the assumptions of `wire.py`; shows no personal data."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.gleanin import responses, wire
from adapters.gleanin.client import GleaninClient
from adapters.gleanin.destination import GleaninDestinations
from core.domain.tenancy.secrets import Token
from ports.destination import DestinationError
from ports.probe import Finding, Marked, Verdict

_LONGEST_SEEN = 200
_MOST_NAMES = 40
_SAMPLE = 50
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,60}")


@dataclass(frozen=True, slots=True)
class GleaninProbe:
    destinations: GleaninDestinations

    async def __call__(self, token: Token) -> Sequence[Finding]:
        async with self.destinations.client(token) as client:
            return await probe(client)


async def probe(client: GleaninClient) -> list[Finding]:
    """Compare an account with our assumptions.

    Raises:
        DestinationError: even the list of events cannot be read.
    """
    events = await client.read(client.url(wire.EVENTS), responses.parse_plainly)
    listed = [item for item in _list(_member(events, "data")) if isinstance(item, dict)]
    findings = [
        _finding(
            "GET /events answers with a list",
            wire.DOC,
            isinstance(_member(events, "data"), list),
            _shape(events),
        ),
        *_attributes("an event", listed, wire.EVENT_ATTRIBUTES),
        *_ids("an event", listed),
        _next_page("GET /events", events),
    ]
    event_id = next((text for item in listed if (text := wire.clean(item.get("id")))), None)
    for shape in wire.SHAPES.values():
        assumption = f"GET /events/{{id}}?include={shape.type} is answered"
        if event_id is None:
            findings.append(Finding(assumption, wire.GUESS, Verdict.NOT_SEEN, "the account has no event"))
            continue
        try:
            url = client.url(wire.records_path(event_id, shape))
            document = await client.read(url, responses.parse_plainly)
        except DestinationError as error:
            findings.append(Finding(assumption, wire.GUESS, Verdict.DIFFERS, type(error).__name__))
            continue
        findings.extend(_included(shape, document))
    return findings


def _included(shape: wire.ResourceSchema, document: Any) -> Iterator[Finding]:
    type_ = shape.type
    yield _finding(
        f"GET /events/{{id}}?include={type_} is answered with that event",
        wire.GUESS,
        isinstance(_member(document, "data"), dict),
        _shape(document),
    )
    relation = _member(_member(_member(document, "data"), "relationships"), type_)
    linkage = _member(relation, "data")
    included = _member(document, "included")
    yield _finding(
        f"the answer tells which {type_} the event has, by included or by relationships",
        shape.marked,
        isinstance(linkage, list) or isinstance(included, list),
        f"relationships.{type_}: {_shape(relation)}; included: {_kind_of(included)}",
    )
    all_records = [item for item in _list(included) if isinstance(item, dict)]
    records = [item for item in all_records if item.get("type") == type_]
    types = sorted({_name(item.get("type")) for item in all_records})
    if all_records:
        yield _finding(
            f"what is included has the type {type_}", wire.GUESS, types == [type_], ", ".join(types)
        )
    yield from _ids(f"one of the {type_}", records)
    yield from _attributes(f"one of the {type_}", records, (*shape.only_read, *shape.written.values()))
    yield _next_page(f"GET /events/{{id}}?include={type_}", document)
    if isinstance(linkage, list):
        there = {wire.clean(item.get("id")) for item in records}
        missing = sum(wire.clean(_member(item, "id")) not in there for item in linkage)
        complete = missing == 0 or wire.Document.model_validate(document).next is not None
        yield _finding(
            f"all {type_} of the event are included, or links.next is there",
            wire.GUESS,
            complete,
            f"{missing} missing",
        )


def _attributes(
    whose: str, resources: Sequence[dict[str, Any]], expected: Iterable[wire.Attribute]
) -> Iterator[Finding]:
    attributes = [_member(resource, "attributes") or {} for resource in resources[:_SAMPLE]]
    named = sorted({_name(name) for item in attributes if isinstance(item, dict) for name in item})
    for one in expected:
        values = [value for item in attributes if (value := _member(item, one.name)) is not None]
        assumption = f"{whose} has {one.name}: {one.form.words}"
        if not values:
            seen = f"attributes: {', '.join(named[:_MOST_NAMES])}" if named else "nothing to look at"
            yield Finding(assumption, one.marked, Verdict.NOT_SEEN, seen[:_LONGEST_SEEN])
            continue
        seen = ", ".join(sorted({_kind_of(value) for value in values}))
        yield _finding(assumption, one.marked, all(map(one.form.fits, values)), seen)


def _ids(whose: str, resources: Sequence[dict[str, Any]]) -> Iterator[Finding]:
    if resources:
        kinds = sorted({_kind_of(resource.get("id")) for resource in resources})
        yield _finding(f"the id of {whose} is a text", wire.DOC, kinds == ["text"], ", ".join(kinds))


def _next_page(where: str, document: Any) -> Finding:
    links = _member(document, "links")
    following = wire.Document.model_validate(document if isinstance(document, dict) else {}).next
    verdict = Verdict.AGREES if following else Verdict.NOT_SEEN
    return Finding(
        f"{where} has links.next when there is more", wire.GUESS, verdict, f"links: {_shape(links)}"
    )


def _finding(assumption: str, marked: Marked, agrees: bool, seen: str) -> Finding:
    return Finding(assumption, marked, Verdict.AGREES if agrees else Verdict.DIFFERS, seen[:_LONGEST_SEEN])


def _member(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, dict) else None


def _list(thing: Any) -> list[Any]:
    return thing if isinstance(thing, list) else []


def _name(name: Any) -> str:
    """Show a name that looks like one; anything else could be something that somebody wrote."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "(not a name)"


def _shape(thing: Any) -> str:
    if isinstance(thing, dict):
        return "{" + ", ".join(f"{_name(name)}: {_kind_of(inner)}" for name, inner in thing.items()) + "}"
    return _kind_of(thing)


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "number"
        case list():
            inner = " or ".join(sorted({_kind_of(item) for item in value[:_SAMPLE]}))
            return f"list of {len(value)}" + (f" ({inner})" if inner else "")
        case _:
            return "object"
