"""Requests and responses checked against the vendor's OpenAPI description; skipped if that is not available."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema

from adapters.sessionboard.parsing import EVENT_SCHEMA, EXHIBITOR_SCHEMA, SESSION_SCHEMA, RowSchema
from adapters.sessionboard.repair import UNSAFE
from adapters.sessionboard.tally import PAGE_SIZE
from core.domain.ids import SourceEventId
from core.domain.records import feeds
from core.domain.records.source_records import Unreadable
from core.domain.text import normalize_line, normalize_rich_text, normalize_url
from ports.source import Source
from tests.contract.sessionboard.conftest import all_rows
from tests.contract.sessionboard.fake_api import FakeApi

DESCRIPTION = Path(__file__).parents[4] / "shared/contracts/sessionboard-openapi.yaml"
Json = dict[str, Any]

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason=f"{DESCRIPTION.name} is not at hand")


@cache
def description() -> Json:
    document: Json = yaml.safe_load(DESCRIPTION.read_text())
    return document


def resolved(schema: Any, *, depth: int = 6) -> Any:
    """Replace every reference by its schema, and OpenAPI 3.0's `nullable` by JSON Schema's equivalent.

    Schemas that go round in circles are cut off where they are deep enough.
    """
    if isinstance(schema, list):
        return [resolved(part, depth=depth) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if reference := schema.get("$ref"):
        part: Any = description()
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        return resolved(part, depth=depth - 1) if depth else {"type": "null"}
    plain = {
        key: resolved(part, depth=depth)
        for key, part in schema.items()
        if key not in ("nullable", "description", "examples", "example", "default")
    }
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") is True else plain


def operation(path: str, method: str) -> Json:
    found: Json = description()["paths"][path][method]
    return found


def template_of(path: str) -> str:
    """Return the described path that matches a requested one."""
    steps = path.split("/")
    for template in description()["paths"]:
        parts: list[str] = template.split("/")
        if len(steps) == len(parts) and all(
            given_ == want or want.startswith("{") for given_, want in zip(steps, parts, strict=True)
        ):
            return str(template)
    raise AssertionError(f"{path} is not described")


FORMATS = jsonschema.FormatChecker()


@FORMATS.checks("date-time")
def is_instant(value: object) -> bool:
    """Check for a time by RFC 3339: without another library, jsonschema accepts any text."""
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
    return not isinstance(value, str) or re.fullmatch(instant, value) is not None


def check(value: object, schema: Any) -> None:
    jsonschema.validate(value, resolved(schema), format_checker=FORMATS)


def check_request(request: httpx.Request) -> None:
    template = template_of(request.url.path)
    described = operation(template, request.method.lower())
    parameters = {
        (parameter["in"], parameter["name"]): parameter["schema"]
        for parameter in resolved(described["parameters"])
    }
    for name, text in request.url.params.multi_items():
        check(int(text), parameters["query", name])
    if "{eventId}" in template:
        check(int(request.url.path.split("/")[3]), parameters["path", "eventId"])
    if request.content:
        body = described["requestBody"]["content"]["application/json"]["schema"]
        properties = resolved(body)["properties"]
        sent = json.loads(request.content)
        assert sent.keys() <= properties.keys()
        check(sent, body)


async def test_every_request_is_valid(api: FakeApi, source: Source) -> None:
    api.sessions = [{"id": number} for number in range(250)]
    await source.events()
    await all_rows(source.records(SourceEventId("1"), feeds.SESSIONS))
    await all_rows(source.records(SourceEventId("1"), feeds.EXHIBITORS))
    assert not await source.has_changed(SourceEventId("1"), datetime(2027, 5, 1, 9, tzinfo=UTC))

    assert len(api.requests) == 7
    assert {request.method for request in api.requests} == {"GET", "POST"}
    for request in api.requests:
        check_request(request)


def test_invalid_request_is_detected() -> None:
    unzoned = {"filters": {"updatedAt": {"after": "2027-05-01 09:00"}}}
    for feed, params, body in (
        ("sessions", ("pageSize", "101"), {}),
        ("sessions", ("page", "1"), {"sort": {"order": "title"}}),
        ("sessions", ("page", "1"), unzoned),
        ("speakers", ("page", "1"), unzoned),
    ):
        request = httpx.Request(
            "POST", f"https://api.example.com/v1/event/1/{feed}", params=dict([params]), json=body
        )
        with pytest.raises(jsonschema.ValidationError):
            check_request(request)


def generated(schema: Any) -> st.SearchStrategy[Any]:
    """Make what the schema describes, with any key missing or null: none is declared to be there.

    hypothesis-jsonschema makes the plain values; its objects and lists need a Hypothesis older than ours.
    """
    match schema:
        case {"allOf": [*parts]}:
            whole: Json = {"type": "object", "properties": {}}
            for part in parts:
                whole["properties"] |= part.get("properties", {})
            return generated(whole)
        case {"anyOf": [*choices]} | {"oneOf": [*choices]}:
            return st.one_of([generated(choice) for choice in choices])
        case {"properties": dict(properties)}:
            keys = {key: st.none() | generated(part) for key, part in properties.items()}
            return st.fixed_dictionaries({}, optional=keys)
        case {"type": "array", "items": items}:
            return st.lists(generated(items), max_size=2)
        case {"type": "object"}:
            return st.dictionaries(st.text(), st.text(), max_size=2)
    return from_schema(schema)


def answers(path: str, method: str) -> st.SearchStrategy[Json]:
    schema = operation(path, method)["responses"]["200"]["content"]["application/json"]["schema"]
    parts = resolved(schema)["properties"]
    row = generated(parts["results"]["items"])
    return st.fixed_dictionaries(
        {"results": st.lists(row, max_size=4)},
        optional={"pagination": st.none() | generated(parts["pagination"])},
    )


Normalize = Callable[[str | None], str | None]


def resemblance(sent: object, read: object, normalize: Normalize) -> bool:
    """Check whether a text was kept, except for unstorable characters, in its normal form (rule 18)."""
    return not isinstance(sent, str) or normalize(UNSAFE.sub("\ufffd", sent)) == read


Texts = dict[str, tuple[str, Normalize]]
LISTS: list[tuple[str, str, RowSchema[Any, Any], Texts]] = [
    ("/v1/events", "get", EVENT_SCHEMA, {}),
    (
        "/v1/event/{eventId}/sessions",
        "post",
        SESSION_SCHEMA,
        {"title": ("title", normalize_line), "description": ("description", normalize_rich_text)},
    ),
    (
        "/v1/event/{eventId}/exhibitors",
        "post",
        EXHIBITOR_SCHEMA,
        {"name": ("name", normalize_line), "logo_image_url": ("logo", normalize_url)},
    ),
]


@pytest.mark.parametrize(("path", "method", "shape", "texts"), LISTS)
def test_every_described_response_is_read(
    path: str, method: str, shape: RowSchema[Any, Any], texts: Texts
) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(answers(path, method))
    def read(answer: Json) -> None:
        page = shape.read_page(json.dumps(answer).encode(), PAGE_SIZE)

        assert len(page.ids) == len(answer["results"])
        times = Counter(record.id for record in page.records)
        by_id = {record.id: record for record in page.records}
        for row, row_id in zip(answer["results"], page.ids, strict=True):
            record = by_id[row_id]
            if row.get("id") is None:
                assert isinstance(record, Unreadable)
            # Generated subsessions have the same few ids as sessions.
            elif str(row["id"]).strip() and times[row_id] == 1:
                assert not isinstance(record, Unreadable)
                for sent, (read_as, normalize) in texts.items():
                    assert resemblance(row.get(sent), getattr(record, read_as), normalize)

    read()
