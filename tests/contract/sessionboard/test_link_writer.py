"""Rule 38: share links in Sessionboard's custom fields, by the API as far as it is known."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from adapters.http_client.retries import RetryPolicy
from adapters.sessionboard.link_writer import NO_VERSION, open_link_writer
from adapters.sessionboard.plugin import event_of_hint, record_of_hint
from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId, SourceId
from core.domain.links.echoes import HintedRecord
from core.domain.links.link_homes import HolderType, LinkField
from core.domain.links.write_back import LinkHolder
from core.domain.tenancy.secrets import Token
from ports.link_writer import (
    LinkQuotaUsedUp,
    LinkWrite,
    LinkWriteForbidden,
    LinkWriter,
    LinkWriteUnknown,
    LinkWritten,
    Written,
)
from ports.source import SourceEventGone, SourceIncomplete, SourceRefused, SourceUnavailable, SourceUnreadable

EVENT, CONTACTS, EXHIBITORS = SourceEventId("1"), HolderType("contacts"), HolderType("exhibitors")
FIELD, URL = "gleanin_link", "https://invt.io/1"
HASTE = RetryPolicy(first_delay=0.0001, max_delay=0.001, jitter=0.0001, max_retry_after=0.01)
Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Api:
    """Answers searches with rows, and writes as told."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    writes: list[Answer] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    asked: int = 0
    """How often it was asked whether a write may be sent."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        name = request.url.path.removeprefix("/v1/event/1/")
        if name.endswith(("/bulk", "/create")):
            return self.writes.pop(0)(request)
        rows, page, size = (
            self.rows.get(name, []),
            int(request.url.params["page"]),
            int(request.url.params["pageSize"]),
        )
        totals = {"totalPages": -(-len(rows) // size), "totalResults": len(rows)}
        return httpx.Response(
            200, json={"results": rows[(page - 1) * size : page * size], "pagination": totals}
        )

    @property
    def body(self) -> Any:
        """The body of the last request."""
        return json.loads(self.requests[-1].content)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def writer(api: Api) -> AsyncIterator[LinkWriter]:
    sources = SessionboardSources(transport=lambda: httpx.MockTransport(api), policy=HASTE)

    async def before_write() -> None:
        api.asked += 1

    async with open_link_writer(sources, "https://api.example.com", Token("a-token"), before_write) as writer:
        yield writer


def contact(number: int, value: str | None = None, **more: Any) -> dict[str, Any]:
    fields = [] if value is None else [{"id": "f", "internal_name": FIELD, "name": "Link", "value": value}]
    at = f"2026-09-01T08:00:00.{number % 1000:03}Z"
    return {"id": f"c{number}", "full_name": f"P {number}", "updated_at": at, "custom_fields": fields} | more


async def held(writer: LinkWriter, holder: HolderType = CONTACTS) -> list[LinkHolder]:
    return [each async for page in writer.holders(EVENT, holder, FIELD) for each in page]


def write(number: int = 1, guard: str = "2026-09-01T08:00:00.001Z") -> LinkWrite:
    return LinkWrite(SourceId(f"c{number}"), guard, URL)


async def written(writer: LinkWriter, *writes: LinkWrite) -> list[LinkWritten]:
    return [*await writer.write(EVENT, CONTACTS, FIELD, writes or (write(),))]


def results(*items: dict[str, Any]) -> Answer:
    body = {"batch_id": "b", "results": [*items], "stats": {"total": len(items)}}
    return lambda _: httpx.Response(200, json=body)


def success(number: int, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"index": index, "action": "update", "status": "success", "id": f"c{number}"} | more


def error(number: int, code: str | None, index: int = 0) -> dict[str, Any]:
    problem = {"code": code, "message": "It is too long."}
    return success(number, index) | {"status": "error", "error": problem}


def status(code: int, **headers: str) -> Answer:
    return lambda _: httpx.Response(
        code,
        json={"error": "Refused", "message": "No."},
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def test_rule_38_values_and_versions_are_read_from_the_search(api: Api, writer: LinkWriter) -> None:
    api.rows["contacts"] = [
        contact(1, URL),
        contact(2),
        contact(3, "h***"),
        contact(4) | {"custom_fields": None},
    ]
    assert await held(writer) == [
        LinkHolder(SourceId("c1"), URL, "2026-09-01T08:00:00.001Z", "P 1"),
        LinkHolder(SourceId("c2"), None, "2026-09-01T08:00:00.002Z", "P 2"),
        LinkHolder(SourceId("c3"), "h***", "2026-09-01T08:00:00.003Z", "P 3", is_masked=True),
        LinkHolder(SourceId("c4"), None, "2026-09-01T08:00:00.004Z", "P 4"),
    ]
    assert api.requests[0].method == "POST"
    assert api.body == {"sort": {"order": "createdAt", "sort": "asc"}}


async def test_rule_38_all_pages_are_read(api: Api, writer: LinkWriter) -> None:
    api.rows["contacts"] = [contact(number) for number in range(250)]
    assert len(await held(writer)) == 250
    assert len(api.requests) == 3


async def test_rules_34_and_38_a_row_that_cannot_be_read_makes_it_incomplete(
    api: Api, writer: LinkWriter
) -> None:
    api.rows["contacts"] = [contact(1), {"id": None}]
    with pytest.raises(SourceIncomplete, match="1 of Sessionboard's contacts"):
        await held(writer)


async def test_rules_17_and_38_a_company_has_its_primary_contact(api: Api, writer: LinkWriter) -> None:
    people = [
        {"id": "p1", "is_primary": False},
        {"id": "p2", "is_primary": True, "relationship_created_at": "2026-02-01T00:00:00Z"},
        {"id": "p3", "is_primary": True, "relationship_created_at": "2026-01-01T00:00:00Z"},
    ]
    api.rows["exhibitors"] = [
        contact(1, URL, name="Acme", contacts=people),
        contact(2, name="Alone", contacts=[]),
    ]
    acme, alone = await held(writer, EXHIBITORS)
    assert (acme.label, acme.value, acme.primary) == ("Acme", URL, "p3")
    assert alone.primary is None


async def test_rule_38_only_text_fields_of_the_event_are_offered(api: Api, writer: LinkWriter) -> None:
    def row(name: str, **more: str) -> dict[str, str]:
        usual = {"field_type": "textarea", "field_source": "custom", "scope": "event"}
        return {"id": name, "internal_name": name, "public_name": name.upper()} | usual | more

    api.rows["fields"] = [
        row("link"),
        row("short", field_type="text"),
        row("choice", field_type="dropdown"),
        row("of_all", scope="global"),
        row("title", field_source="standard"),
    ]
    assert await writer.fields(EVENT, CONTACTS) == [LinkField("link", "LINK"), LinkField("short", "SHORT")]
    assert api.body["filters"] == {"module": "contact", "source": "custom", "scope": "event"}
    await writer.fields(EVENT, EXHIBITORS)
    assert api.body["filters"]["module"] == "account"


async def test_rule_38_a_bulk_updates_our_one_field_and_nothing_else(api: Api, writer: LinkWriter) -> None:
    api.writes = [results(success(1), success(2, 1))]
    assert [each.status for each in await written(writer, write(1), write(2, "v2"))] == [Written.DONE] * 2
    assert api.body == {
        "operations": [
            {
                "action": "update",
                "id": f"c{number}",
                "data": {"updated_at": guard, "custom_fields": {FIELD: URL}},
            }
            for number, guard in ((1, "2026-09-01T08:00:00.001Z"), (2, "v2"))
        ]
    }
    assert api.requests[-1].url.path == "/v1/event/1/contacts/bulk"
    assert api.asked == 1


async def test_rule_38_each_items_result_is_read(api: Api, writer: LinkWriter) -> None:
    api.writes = [
        results(
            success(1),
            error(2, "CONFLICT", 1),
            error(3, "NOT_FOUND", 2),
            error(4, "VALIDATION", 3),
            error(5, "SOMETHING_NEW", 4),
            error(6, None, 5),
        )
    ]
    found = await written(writer, *(write(number) for number in range(1, 7)))
    assert [each.status for each in found] == [
        Written.DONE,
        Written.CONFLICT,
        Written.GONE,
        Written.REFUSED,
        Written.CONFLICT,
        Written.CONFLICT,
    ]
    assert found[3].problem == "It is too long."


@pytest.mark.parametrize("fields", [[{"internal_name": FIELD, "value": "other"}], {FIELD: "other"}])
async def test_rule_38_a_value_in_the_answer_is_compared(api: Api, writer: LinkWriter, fields: Any) -> None:
    api.writes = [results(success(1, data={"custom_fields": fields})), results(success(1))]
    assert [each.value for each in await written(writer)] == ["other"]
    assert [each.value for each in await written(writer)] == [None]


@pytest.mark.parametrize(
    "answer",
    [
        results(),
        results(success(1), success(2, 1)),
        results(success(7)),
        results(success(1, 5)),
        lambda _: httpx.Response(200, text="no JSON"),
        lambda _: httpx.Response(200, text="<html>", headers={"content-type": "text/html"}),
        status(500),
        status(504),
    ],
)
async def test_rule_38_an_answer_that_does_not_tell_leaves_it_open(
    api: Api, writer: LinkWriter, answer: Answer
) -> None:
    api.writes = [answer]
    with pytest.raises(LinkWriteUnknown):
        await written(writer)
    assert len(api.requests) == 1, "a write is never repeated blindly"


async def test_rule_38_a_cut_connection_leaves_it_open_and_a_refused_one_does_not(
    api: Api, writer: LinkWriter
) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut", request=request)

    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    api.writes = [cut, refused]
    with pytest.raises(LinkWriteUnknown):
        await written(writer)
    with pytest.raises(SourceUnavailable) as caught:
        await written(writer)
    assert not isinstance(caught.value, LinkWriteUnknown)


async def test_rule_38_a_missing_scope_is_named(api: Api, writer: LinkWriter) -> None:
    api.writes = [status(403), status(403)]
    with pytest.raises(LinkWriteForbidden, match="write:contacts"):
        await written(writer)
    with pytest.raises(LinkWriteForbidden, match="write:fields"):
        await writer.create_field(EVENT, CONTACTS, "Gleanin Link")


@pytest.mark.parametrize(("header", "seconds"), [({"Retry_After": "3600"}, 3600.0), ({}, None)])
async def test_rule_38_a_used_up_quota_is_told_and_never_waited_for(
    api: Api, writer: LinkWriter, header: dict[str, str], seconds: float | None
) -> None:
    api.writes = [status(429, **header)]
    with pytest.raises(LinkQuotaUsedUp) as caught:
        await written(writer)
    assert caught.value.retry_after == seconds
    assert len(api.requests) == 1


async def test_rule_38_limits_of_writing_do_not_slow_reading(api: Api, writer: LinkWriter) -> None:
    api.rows["contacts"] = [contact(1)]
    used_up = results(success(1))
    api.writes = [
        lambda request: httpx.Response(
            200,
            content=used_up(request).content,
            headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "900"},
        ),
        results(success(1)),
    ]
    await written(writer)
    assert len(await held(writer)) == 1
    await written(writer)


@pytest.mark.parametrize(
    ("code", "raised"), [(401, SourceRefused), (404, SourceEventGone), (400, SourceUnreadable)]
)
async def test_rule_38_other_refusals_wrote_nothing(
    api: Api, writer: LinkWriter, code: int, raised: type[Exception]
) -> None:
    api.writes = [status(code)]
    with pytest.raises(raised) as caught:
        await written(writer)
    assert not isinstance(caught.value, LinkWriteUnknown)


async def test_rule_38_a_conflict_of_the_whole_concerns_each_record(api: Api, writer: LinkWriter) -> None:
    api.writes = [status(409)]
    assert [each.status for each in await written(writer, write(1), write(2))] == [Written.CONFLICT] * 2


async def test_rule_38_a_record_without_a_version_is_not_written(api: Api, writer: LinkWriter) -> None:
    api.writes = [results(success(1))]
    first, second = await written(writer, write(1), write(2, ""))
    assert (first.status, second.status, second.problem) == (Written.DONE, Written.REFUSED, NO_VERSION)
    assert len(api.body["operations"]) == 1
    assert [each.status for each in await written(writer, write(2, ""))] == [Written.REFUSED]
    assert len(api.requests) == 1


async def test_rule_38_a_field_is_ordered_with_its_module_and_type(api: Api, writer: LinkWriter) -> None:
    api.writes = [lambda _: httpx.Response(200), lambda _: httpx.Response(200, json={}), status(502)]
    await writer.create_field(EVENT, CONTACTS, "Gleanin Link")
    assert api.body == {"name": "Gleanin Link", "type": "textarea", "module_id": "contact"}
    await writer.create_field(EVENT, EXHIBITORS, "Gleanin Link")
    assert api.body["module_id"] == "account"
    with pytest.raises(LinkWriteUnknown):
        await writer.create_field(EVENT, CONTACTS, "Gleanin Link")


def hint(action: str, data: Any, **metadata: Any) -> bytes:
    return json.dumps({"data": data, "metadata": {"action": action} | metadata}).encode()


def test_rule_38_a_webhook_tells_which_record_was_updated_and_what_it_holds() -> None:
    fields = [{"internal_name": FIELD, "value": URL}, {"internal_name": "other", "value": None}]
    body = hint(
        "contact.updated", {"id": "c1", "custom_fields": fields, "sourceOfChange": "api"}, event_id=None
    )
    assert record_of_hint(body) == HintedRecord(CONTACTS, SourceId("c1"), {FIELD: URL, "other": ""})
    assert event_of_hint(body) is None, "it concerns every event of the organization"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        hint("contact.deleted", {"id": "c1"}),
        hint("updated", {"id": "c1"}),
        hint("contact.updated", None),
        hint("contact.updated", {"id": None}),
        json.dumps({"data": {"id": "c1"}}).encode(),
        b"[" * 100_000,
    ],
)
def test_rule_38_a_webhook_of_another_shape_tells_of_no_record(body: bytes) -> None:
    assert record_of_hint(body) is None
