"""Parsing of Gleanin's responses, valid or not."""

import json
from typing import Any

import httpx
import pytest

from core.domain.ids import DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.kinds import SPEAKER
from core.domain.records.synced_records import ShareLink
from ports.destination import (
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    RecordRejected,
    RecordsNotReported,
    WriteForbidden,
    WriteOutcomeUnknown,
)
from tests.contract.gleanin.conftest import EVENT, Answering, Opening
from tests.contract.gleanin.fake_server import TOKEN

ID = ExternalId("sessionboard:c1:42")
ANN = {"first_name": "Ann", "last_name": "Lee", "name": "Ann Lee", "email": "ann@example.org"}


def always(status: int, body: object) -> Answering:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=content)


def event(listed: object = None, **relationship: object) -> dict[str, Any]:
    speakers = ({} if listed is None else {"data": listed}) | relationship
    return {"type": "events", "id": "8", "relationships": {"speakers": speakers} if speakers else {}}


def speaker(speaker_id: object, **attributes: object) -> dict[str, Any]:
    return {"type": "speakers", "id": speaker_id, "attributes": attributes}


def refer(*ids: object) -> list[dict[str, object]]:
    return [{"type": "speakers", "id": speaker_id} for speaker_id in ids]


async def read(answered_by: Opening, *documents: object) -> list[DestinationRecord]:
    pages = iter(documents)
    async with answered_by(lambda _: httpx.Response(200, json=next(pages))) as gleanin:
        return [record async for page in gleanin.records(EVENT, SPEAKER) for record in page]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"errors": [{"detail": "is too long", "source": {"pointer": "/data/attributes/name"}}]},
            "name: is too long",
        ),
        ({"errors": [{"title": "Conflict"}, {"status": "409", "code": "dup"}]}, "Conflict; dup"),
        ({"errors": [{"status": 422}]}, "422"),
        (
            {"errors": {"title": ["can't be blank", "is odd"], "email": ["is taken"]}},
            "title: can't be blank; is odd",
        ),
        ({"errors": ["one", "two"]}, "one; two"),
        ({"error": "Event is archived"}, "Event is archived"),
        ({"message": "No"}, "No"),
        (b"Plain\n  words\x00", "Plain words"),
        (b"<html><h1>Nginx</h1></html>", "returned a web page (HTTP 422)"),
        (b"", "HTTP 422, without an explanation."),
        ({"errors": []}, "HTTP 422, without an explanation."),
        ({"errors": None}, "HTTP 422, without an explanation."),
        (b"[" * 100_000, "[[["),
        ({"errors": [*([[]] * 19), ["one"]] + ["two"] * 100_000}, "one"),
        ({f"field{number}": "no" for number in range(50_000)}, "field0: no; field1: no"),
        (b'{"errors":' * 200 + b"[]" + b"}" * 200, "HTTP 422, without an explanation."),
        (b'{"errors":' * 200 + b'"deep"' + b"}" * 200, "deep"),
        (b"\xff\xfe", "\ufffd"),
    ],
)
async def test_rejection_quotes_gleanin(answered_by: Opening, body: object, words: str) -> None:
    async with answered_by(always(422, body)) as gleanin:
        with pytest.raises(RecordRejected) as rejection:
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
    assert words in str(rejection.value)


async def test_rejection_is_short_without_addresses_and_token(answered_by: Opening) -> None:
    detail = f"ann@example.org is taken, says {TOKEN}. " + "Really. " * 5000
    async with answered_by(always(409, {"errors": [{"detail": detail}]})) as gleanin:
        with pytest.raises(RecordRejected) as rejection:
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
    assert str(rejection.value).startswith("(address) is taken, says (token). Really.")
    assert len(str(rejection.value)) == 300


@pytest.mark.parametrize("status", [400, 405, 409, 413, 415, 422])
async def test_refused_write_rejects_that_record(answered_by: Opening, status: int) -> None:
    async with answered_by(always(status, {"error": "no"})) as gleanin:
        with pytest.raises(RecordRejected, match=r"^no$"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
        with pytest.raises(RecordRejected, match=r"^no$"):
            await gleanin.update(
                EVENT, SPEAKER, DestinationId("1"), (FieldChange("email", None, "a@example.org"),)
            )


PAGE = b"  <!doctype html><title>Just a moment...</title>"


@pytest.mark.parametrize("body", [{"error": f"bad token {TOKEN}"}, PAGE], ids=["JSON", "HTML"])
async def test_rules_01_and_29_401_refuses_the_token_on_reads_and_writes(
    answered_by: Opening, body: object
) -> None:
    async with answered_by(always(401, body)) as gleanin:
        with pytest.raises(DestinationRefused) as on_read:
            await gleanin.events()
        with pytest.raises(DestinationRefused) as on_write:
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
    assert str(on_read.value) == str(on_write.value)
    assert TOKEN not in str(on_read.value)


async def test_rule_29_403_refuses_the_token_on_reads_and_one_record_on_writes(
    answered_by: Opening,
) -> None:
    async with answered_by(always(403, {"error": f"not for {TOKEN}"})) as gleanin:
        with pytest.raises(DestinationRefused, match=r"^not for \(token\)$"):
            await gleanin.events()
        with pytest.raises(WriteForbidden, match=r"^not for \(token\)$"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
        with pytest.raises(WriteForbidden):
            await gleanin.update(
                EVENT, SPEAKER, DestinationId("1"), (FieldChange("email", None, "a@example.org"),)
            )


@pytest.mark.parametrize("status", [400, 403, 404, 410])
async def test_rule_29_web_page_instead_of_a_response_is_temporary(answered_by: Opening, status: int) -> None:
    async with answered_by(always(status, PAGE)) as gleanin:
        with pytest.raises(
            DestinationUnavailable, match=f"a web page instead of an API response .HTTP {status}"
        ):
            await gleanin.event(EVENT)
        with pytest.raises(WriteForbidden, match=f"a web page .HTTP {status}"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
        with pytest.raises(WriteForbidden):
            await gleanin.update(
                EVENT, SPEAKER, DestinationId("1"), (FieldChange("email", None, "a@example.org"),)
            )


async def test_rule_29_web_page_for_a_guessed_path_falls_back_to_the_list(
    answered_by: Opening,
) -> None:
    """Rails shows such pages for unknown paths; only the list of events is documented."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return httpx.Response(200, json={"data": [event([])], "included": []})
        return httpx.Response(404, content=PAGE)

    async with answered_by(answer) as gleanin:
        assert (await gleanin.event(EVENT)).id == EVENT
        assert not [page async for page in gleanin.records(EVENT, SPEAKER) if page]


async def test_rule_29_json_labelled_as_html_is_accepted(answered_by: Opening) -> None:
    headers = {"Content-Type": "text/html; charset=utf-8"}

    def answer(request: httpx.Request) -> httpx.Response:
        body = {"data": []} if request.method == "GET" else {"errors": ["title: is odd"]}
        status = 200 if request.method == "GET" else 422
        return httpx.Response(status, json=body, headers=headers)

    async with answered_by(answer) as gleanin:
        assert await gleanin.events() == ()
        with pytest.raises(RecordRejected, match="title: is odd"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)


async def test_rule_29_transient_web_page_is_retried(answered_by: Opening) -> None:
    answers = iter([PAGE, PAGE, b'{"data": []}'])

    async with answered_by(lambda _: httpx.Response(200, content=next(answers))) as gleanin:
        assert await gleanin.events() == ()


@pytest.mark.parametrize("body", [b"", b"<html>", {"data": {"id": "7"}}])
async def test_rule_32_accepted_create_has_an_unknown_outcome(answered_by: Opening, body: object) -> None:
    async with answered_by(always(202, body)) as gleanin:
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'"7"', b'{"data":{}}', b'{"data":null}', b'{"data":{"id":null}}',
     b'{"data":{"id":""}}', b'{"data":{"id":".."}}', b'{"data":{"id":true}}', b'{"data":[{"id":"7"}]}',
     b"[" * 100_000, b"\xff", b'"' + b"x" * 1_100_000 + b'"'],
)  # fmt: skip
async def test_rule_32_create_without_an_id_in_the_response_has_an_unknown_outcome(
    answered_by: Opening, body: bytes
) -> None:
    async with answered_by(always(201, body)) as gleanin:
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)


BOM = b"\xef\xbb\xbf"
"""The byte-order mark that some servers and proxies put before UTF-8 text."""


async def test_byte_order_mark_is_ignored(answered_by: Opening) -> None:
    listed = json.dumps({"data": [{"type": "events", "id": "8", "attributes": {"title": "PyCon"}}]}).encode()
    async with answered_by(always(200, BOM + listed)) as gleanin:
        assert [event.name for event in await gleanin.events()] == ["PyCon"]
    body = json.dumps({"data": event(refer(1)), "included": [speaker("1", external_idx=ID)]}).encode()
    async with answered_by(always(200, BOM + body)) as gleanin:
        found = [record.external_id async for page in gleanin.records(EVENT, SPEAKER) for record in page]
    assert found == [ID]
    async with answered_by(always(201, BOM + b'{"data": {"id": "7"}}')) as gleanin:
        assert await gleanin.create(EVENT, SPEAKER, ID, ANN) == "7"
        await gleanin.update(
            EVENT, SPEAKER, DestinationId("7"), (FieldChange("email", None, "a@example.org"),)
        )
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.update(
                EVENT, SPEAKER, DestinationId("8"), (FieldChange("email", None, "a@example.org"),)
            )
    async with answered_by(always(422, BOM + b'{"errors": [{"detail": "is too long"}]}')) as gleanin:
        with pytest.raises(RecordRejected, match=r"^is too long$"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)


async def test_update_response_may_be_empty_but_not_html(answered_by: Opening) -> None:
    change = (FieldChange("email", None, "a@example.org"),)
    async with answered_by(always(204, b"")) as gleanin:
        await gleanin.update(EVENT, SPEAKER, DestinationId("1"), change)
    async with answered_by(always(200, b"<html>Sign in</html>")) as gleanin:
        with pytest.raises(WriteOutcomeUnknown):
            await gleanin.update(EVENT, SPEAKER, DestinationId("1"), change)


async def test_404_on_a_create_in_an_existing_event_rejects_the_record(answered_by: Opening) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return (
            httpx.Response(404) if request.method == "POST" else httpx.Response(200, json={"data": event()})
        )

    async with answered_by(answer) as gleanin:
        with pytest.raises(RecordRejected):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"data": null}', b'{"data": 3}', b"{" * 100_000,
     b'{"data": [{}], "included": 3}', b'{"data": {"id": {}}}', b'{"data": {"id": "9"}, "included": []}',
     b'{"data": {"id": "8"}}', b'{"data": {"id": "8", "relationships": {"speakers": {"links": {}}}}}',
     b'{"data": {"id": "8"}, "included": [3]}', b'{"data": {"id": "8"}, "included": [{"type": "speakers"}]}'],
)  # fmt: skip
async def test_malformed_response_is_unreadable(answered_by: Opening, body: bytes) -> None:
    async with answered_by(always(200, body)) as gleanin:
        with pytest.raises(DestinationUnreadable):
            [page async for page in gleanin.records(EVENT, SPEAKER)]


async def test_missing_list_of_events_points_to_the_settings(answered_by: Opening) -> None:
    async with answered_by(always(404, {"error": "No route"})) as gleanin:
        with pytest.raises(DestinationUnreadable, match=r"gleanin\.example has no list of events.*settings"):
            await gleanin.events()


async def test_event_needs_only_an_id(answered_by: Opening) -> None:
    data = [
        {"id": 2},
        {"id": "3", "attributes": None, "relationships": []},
        {"id": "4", "attributes": {"slug": "abc", "state": "archived", "time_zone": 7}, "more": {}},
        {"id": "2", "attributes": {"title": "again"}},
    ]
    async with answered_by(always(200, {"data": data})) as gleanin:
        events = await gleanin.events()
    assert [(event.id, event.name, event.is_archived) for event in events] == [
        ("2", "2", False),
        ("3", "3", False),
        ("4", "abc", True),
    ]


async def test_record_needs_only_an_id(answered_by: Opening) -> None:
    odd = speaker(
        12,
        external_idx=None,
        email=["x"],
        session_ids=[3, "4", None],
        campaign_links=[None, {"title": "t"}, {"url": 3}],
    )
    found = await read(answered_by, {"data": event(), "included": [{"id": "11", "type": "speakers"}, odd]})
    assert found[0] == DestinationRecord(DestinationId("11"), links=None)
    assert (found[1].id, found[1].email, found[1].sessions) == ("12", None, ("3", "4"))


async def test_rules_30_and_38_links_have_campaigns_and_pages_for_everybody_are_none(
    answered_by: Opening,
) -> None:
    def link(url: str, campaign: object = 11411) -> dict[str, object]:
        return {"campaign_id": campaign, "title": "Speakers", "url": url}

    pages = (
        "https://app.gleanin.com/share/campaigns/11411/variants",
        "https://app.gleanin.com/share/campaigns/11411",
        "https://app.gleanin.com/share/campaigns/11411/variants/?utm=1",
    )
    own = "https://app.gleanin.com/share/campaigns-of-mine"
    links = [*map(link, pages), link("https://invt.io/1"), link("https://invt.io/2", None), link(own, "x")]
    included = [speaker("11", campaign_links=links)]
    found = await read(answered_by, {"data": event(refer("11")), "included": included})
    assert found[0].links == (
        ShareLink("Speakers", "https://invt.io/1", "11411"),
        ShareLink("Speakers", "https://invt.io/2"),
        ShareLink("Speakers", own, "x"),
    )


async def test_unstorable_text_is_cleaned(answered_by: Opening) -> None:
    raw = (
        b'{"data": {"id": "8"}, "included": [{"id": "11", "attributes": {"email": "a\\u0000nn\\ud83d@example.org",'
        b' "campaign_links": [{"title": "\\ud83d\\ude00", "url": "https://invt.io/1"}]}}]}'
    )
    async with answered_by(always(200, raw)) as gleanin:
        found = [record async for page in gleanin.records(EVENT, SPEAKER) for record in page]
    assert found == [
        DestinationRecord(
            DestinationId("11"), email="ann@example.org", links=(ShareLink("😀", "https://invt.io/1"),)
        )
    ]


async def test_sessions_can_be_in_relationships(answered_by: Opening) -> None:
    tied = {**speaker("11"), "relationships": {"sessions": {"data": [{"type": "sessions", "id": 5}]}}}
    found = await read(answered_by, {"data": event(refer("11")), "included": [tied]})
    assert found[0].sessions == ("5",)


async def test_record_of_another_event_is_ignored(answered_by: Opening) -> None:
    """In the documented sample, the response about event 2 has a speaker of event 8."""
    by_relationship = {**speaker("13", event_id=8), "relationships": {"event": {"data": {"id": "2"}}}}
    included = [speaker("11", event_id=8), speaker("12", event_id=2), by_relationship, speaker("14")]
    found = await read(answered_by, {"data": event(), "included": included})
    assert [record.id for record in found] == ["11", "14"]


async def test_events_list_takes_precedence_over_the_records_event_id(answered_by: Opening) -> None:
    included = [speaker("11", event_id=2), speaker("12"), speaker("13", event_id=8)]
    found = await read(answered_by, {"data": event(refer("11")), "included": included})
    assert [record.id for record in found] == ["11", "13"]


async def test_duplicate_record_counts_once(answered_by: Opening) -> None:
    found = await read(answered_by, {"data": event(refer(11)), "included": [speaker("11"), speaker(11)]})
    assert [record.id for record in found] == ["11"]


async def test_other_included_types_are_ignored(answered_by: Opening) -> None:
    included = [{"type": "sessions", "id": "3"}, speaker("11")]
    found = await read(answered_by, {"data": event(), "included": included})
    assert [record.id for record in found] == ["11"]


@pytest.mark.parametrize(
    "document",
    [
        {"data": event(refer("11", "12")), "included": [speaker("11")]},
        {"data": event(refer("11"))},
        {"data": event(refer("11"), links={"next": "/more"}), "included": [speaker("11")]},
    ],
    ids=["one is missing", "nothing is included", "the list goes on"],
)
async def test_rule_32_cut_response_is_detected(answered_by: Opening, document: object) -> None:
    with pytest.raises(DestinationUnreadable, match="cut"):
        await read(answered_by, document)


async def test_missing_kind_differs_from_an_empty_kind(
    answered_by: Opening,
) -> None:
    """Confusing the two would create all records a second time."""
    with pytest.raises(RecordsNotReported):
        await read(answered_by, {"data": event()})
    assert await read(answered_by, {"data": event([])}) == []
    assert await read(answered_by, {"data": event(), "included": []}) == []


async def test_listed_records_can_be_on_another_page(answered_by: Opening) -> None:
    found = await read(
        answered_by,
        {
            "data": event(refer("11", "12")),
            "included": [speaker("11")],
            "links": {"next": {"href": "?page=2"}},
        },
        {"included": [speaker("12")], "links": {"next": None}},
    )
    assert [record.id for record in found] == ["11", "12"]


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example/events?page=2",
        "http://gleanin.example/events?page=2",
        "https://gleanin.example:444/events?page=2",
        "https://user:password@gleanin.example/events?page=2",
        "//elsewhere.example/",
        "https://[",
        "",
        "?include=speakers",
    ],
)
async def test_link_to_another_host_or_a_known_page_is_not_followed(answered_by: Opening, link: str) -> None:
    requested: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requested.append(request.url)
        document = {"data": event(refer("11")), "included": [], "links": {"next": link}}
        return httpx.Response(200, json=document)

    async with answered_by(answer) as gleanin:
        with pytest.raises(DestinationUnreadable):
            [page async for page in gleanin.records(EVENT, SPEAKER)]
    assert len(requested) == 1


@pytest.mark.parametrize("body", [b'{"data":[' + b"[]," * 2000 + b"[]]}", b"[" + b"1," * 9000])
async def test_response_with_too_many_values_is_not_parsed(
    answered_by: Opening, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.gleanin.responses.MAX_VALUES", 2000)
    async with answered_by(always(200, body)) as gleanin:
        with pytest.raises(DestinationUnreadable, match="more than 2,000 values"):
            await gleanin.events()


async def test_commas_inside_strings_are_not_counted(
    answered_by: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.gleanin.responses.MAX_VALUES", 2000)
    listed = {"data": [{"type": "events", "id": "8", "attributes": {"title": "[{,}]" * 10_000}}]}
    async with answered_by(always(200, listed)) as gleanin:
        assert [event.id for event in await gleanin.events()] == ["8"]
