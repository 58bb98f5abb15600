"""A read-only comparison of a real account with what is assumed of Sessionboard's API; it shows no personal data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from adapters.http_client.json_shapes import SAMPLE, list_of, member, shape_of, type_of
from adapters.sessionboard import link_wire
from adapters.sessionboard.client import SessionboardClient
from adapters.sessionboard.lists import OLDEST_FIRST, event_path
from adapters.sessionboard.parsing import parse
from adapters.sessionboard.wire import to_instant
from core.domain.ids import SourceEventId
from ports.probe import Finding, Marked, Verdict
from ports.source import SourceError

DOC, GUESS = Marked.DOCUMENTED, Marked.GUESSED
ONE_PAGE = {"page": 1, "pageSize": SAMPLE}
_MAX_SEEN = 200


async def probe(client: SessionboardClient) -> Sequence[Finding]:
    """Compare an account with our assumptions; nothing is written, so those about writes are not seen.

    Raises:
        SourceError: the list of events cannot be read.
    """
    events = await client.read("GET", "v1/events", ONE_PAGE, None, parse)
    listed = [row for row in list_of(member(events, "results")) if isinstance(row, dict)]
    findings = [
        _finding("GET events lists them under results", DOC, bool(listed), shape_of(events)),
        *_totals("GET events", events),
    ]
    event_id = next((str(row["id"]) for row in listed if row.get("id")), None)
    if event_id is None:
        return [*findings, Finding("an event has sessions and contacts", DOC, Verdict.NOT_SEEN, "no event")]
    path = event_path(SourceEventId(event_id))
    for name, search in (
        ("sessions", {"sort": OLDEST_FIRST}),
        ("contacts", {"sort": OLDEST_FIRST}),
        ("exhibitors", {"sort": OLDEST_FIRST}),
        ("fields", link_wire.fields_search(link_wire.CONTACTS)),
    ):
        try:
            document = await client.read("POST", f"{path}/{name}", ONE_PAGE, search, parse)
        except SourceError as error:
            findings.append(
                Finding(f"the search for {name} succeeds", DOC, Verdict.DIFFERS, type(error).__name__)
            )
            continue
        rows = [row for row in list_of(member(document, "results")) if isinstance(row, dict)]
        findings += _totals(f"the search for {name}", document)
        findings += _of_fields(rows) if name == "fields" else _of_records(name, rows)
    not_seen = "writes are not tried"
    return [
        *findings,
        Finding("a bulk takes 100 updates of custom fields", DOC, Verdict.NOT_SEEN, not_seen),
        Finding("updated_at guards each update of a bulk", GUESS, Verdict.NOT_SEEN, not_seen),
        Finding("other fields keep their values", GUESS, Verdict.NOT_SEEN, not_seen),
        Finding("module_id of a new field is its module's word", GUESS, Verdict.NOT_SEEN, not_seen),
    ]


def _totals(request: str, document: object) -> Iterator[Finding]:
    pagination = member(document, "pagination")
    total = member(pagination, "totalResults")
    yield _finding(f"{request} announces totalResults", DOC, isinstance(total, int), shape_of(pagination))


def _of_records(name: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    if not rows:
        yield Finding(f"the {name} have an id", DOC, Verdict.NOT_SEEN, "there are none")
        return
    yield _all(f"the {name} have an id", DOC, [row.get("id") for row in rows], bool)
    versions = [row.get("updated_at") for row in rows]
    yield _all(
        f"the {name} have updated_at, with an offset",
        DOC if name == "sessions" else GUESS,
        versions,
        lambda value: isinstance(value, str) and to_instant(value) is not None,
    )
    customs = [row["custom_fields"] for row in rows if row.get("custom_fields")]
    assumption = f"custom_fields of {name} are a list, each with internal_name"
    if not customs:
        yield Finding(assumption, DOC, Verdict.NOT_SEEN, "none has any")
        return
    items = [item for custom in customs for item in list_of(custom)]
    agrees = all(isinstance(custom, list) for custom in customs) and all(
        isinstance(member(item, "internal_name"), str) for item in items
    )
    yield _finding(assumption, DOC, agrees, shape_of(items[0]) if items else type_of(customs[0]))


def _of_fields(rows: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    if not rows:
        yield Finding("the event has custom fields of contacts", GUESS, Verdict.NOT_SEEN, "it has none")
        return
    yield _all(
        "fields have an internal_name",
        DOC,
        [row.get("internal_name") for row in rows],
        bool,
    )
    kinds = sorted({str(row.get("field_type")) for row in rows if str(row.get("field_type")).isidentifier()})
    texts = link_wire.TEXT_TYPES & {*kinds}
    yield _finding("texts are called text or textarea", GUESS, bool(texts), ", ".join(kinds))
    scopes = {row.get("scope") for row in rows}
    yield _finding(
        "the filter for fields of the event is obeyed",
        DOC,
        scopes <= {"event", None},
        f"{len(scopes)} scopes",
    )


def _all(assumption: str, marked: Marked, values: Sequence[Any], holds: Callable[[Any], bool]) -> Finding:
    seen = ", ".join(sorted({type_of(value) for value in values}))
    return _finding(assumption, marked, all(holds(value) for value in values), seen)


def _finding(assumption: str, marked: Marked, agrees: bool, seen: str) -> Finding:
    return Finding(assumption, marked, Verdict.AGREES if agrees else Verdict.DIFFERS, seen[:_MAX_SEEN])
