"""What an opener gives to a plug-in of what an admin entered, and the probes of plug-ins (rules 2 and 43)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.gleanin.destination import GleaninDestinations
from adapters.gleanin.probe import GleaninProbe
from adapters.plugins.destinations import InstalledDestinations
from adapters.plugins.sources import InstalledSources
from core.domain.errors import InvalidInput, NothingToProbe
from core.domain.ids import DestinationEventId
from core.domain.records.destination_records import DestinationEvent
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessField, AccessRequirements
from core.domain.tenancy.secrets import NO_TOKEN, SystemCredentials, Token
from ports.destination import DestinationEventGone, DestinationFailed
from ports.plugins import (
    Access,
    BeforeWrite,
    DestinationPlugin,
    Finding,
    Marked,
    OpenHttp,
    RecordSchema,
    SourcePlugin,
    Verdict,
)

TOKEN = Token("some-token-1234")
PIN = AccessField("pin", "PIN", is_secret=True)
VALUES = {"pin": "4711"}
HERE, THERE = "https://here.example.org", "https://there.example.org"
FOUND = Finding("there is a shelf", Marked.GUESSED, Verdict.AGREES, "1")


def no_http(*_: object, **__: object) -> Any:
    raise NotImplementedError


class Shelf:
    async def events(self) -> Sequence[DestinationEvent]:
        return [DestinationEvent(DestinationEventId("7"), "Summer", None)]

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        return DestinationEvent(event_id, "Summer", None)


def shelves(
    accesses: list[Access], urls: Mapping[str, str] | None = None, **more: Any
) -> InstalledDestinations:
    @asynccontextmanager
    async def open_shelf(access: Access, _: OpenHttp, __: BeforeWrite | None) -> AsyncIterator[Any]:
        accesses.append(access)
        yield Shelf()

    plugin = DestinationPlugin("shelf", "Toy Shelf", open_shelf, access_fields=(PIN,), **more)
    return InstalledDestinations(lambda _: (plugin, "toy-package"), lambda _: {}, no_http, urls or {})


async def test_rule_43_a_plug_in_gets_what_was_entered_and_shows_none_of_it() -> None:
    accesses: list[Access] = []

    @asynccontextmanager
    async def open_source(access: Access, _: OpenHttp) -> AsyncIterator[Any]:
        accesses.append(access)
        yield None

    source = SourcePlugin("toys", "Toy Box", open_source, access_fields=(PIN,), needs_token=False)
    sources = InstalledSources(lambda _: (source, "toy-package"), no_http, str, lambda _: {}).named("toys")
    system = ExternalSystem("toys", "Toy Box")
    assert sources.requirements == AccessRequirements(system, (PIN,), needs_token=False)
    async with sources.open(SystemCredentials(HERE, NO_TOKEN, {"pin": "4711"})):
        pass
    shelf = shelves(accesses).named("shelf")
    assert shelf.requirements == AccessRequirements(ExternalSystem("shelf", "Toy Shelf"), (PIN,))
    async with shelf.open(SystemCredentials(HERE, TOKEN, {"pin": "4712"})):
        pass
    assert [(access.url, access.token, dict(access.fields)) for access in accesses] == [
        (HERE, NO_TOKEN, {"pin": "4711"}),
        (HERE, TOKEN, {"pin": "4712"}),
    ]
    assert "471" not in repr(accesses)


async def test_what_a_newer_plug_in_needs_is_named_and_what_it_has_no_more_is_left_out() -> None:
    accesses: list[Access] = []
    shelf = shelves(accesses).named("shelf")
    for stored, problem in (
        (SystemCredentials(HERE, TOKEN), "PIN"),
        (SystemCredentials(HERE, NO_TOKEN, VALUES), "token"),
    ):
        with pytest.raises(InvalidInput, match=problem):
            async with shelf.open(stored):
                pass
    async with shelf.open(SystemCredentials(HERE, TOKEN, {**VALUES, "former": "x"})):
        pass
    assert [dict(access.fields) for access in accesses] == [VALUES]


async def test_rule_10_events_of_two_servers_are_told_apart() -> None:
    shelf = shelves([]).named("shelf")
    ids = []
    for url in (HERE, THERE, HERE):
        async with shelf.open(SystemCredentials(url, TOKEN, VALUES)) as destination:
            ids += [event.id for event in await destination.events()]
    assert ids[0] == ids[2] != ids[1]
    async with shelf.open(SystemCredentials(HERE, TOKEN, VALUES)) as destination:
        assert (await destination.event(ids[0])).id == ids[0]
        with pytest.raises(DestinationEventGone):
            await destination.event(ids[1])


async def test_a_url_that_is_known_is_not_entered_and_the_settings_come_first() -> None:
    for urls, expected in (({}, HERE), ({"shelf": THERE}, THERE)):
        accesses: list[Access] = []
        shelf = shelves(accesses, urls, url=HERE).named("shelf")
        assert not shelf.requirements.needs_url
        async with shelf.open(SystemCredentials("", TOKEN, VALUES)) as destination:
            assert [event.id for event in await destination.events()] == ["shelf:7"]
        assert [access.url for access in accesses] == [expected]


@pytest.mark.parametrize("name", ["source", "destination"])
def test_two_fields_of_one_name_are_refused_when_the_plug_in_is_loaded(name: str) -> None:
    made: Any = SourcePlugin if name == "source" else DestinationPlugin
    with pytest.raises(ValueError, match="two access fields 'pin'"):
        made("toys", "Toy Box", no_http, access_fields=(PIN, replace(PIN, label="Another")))


async def test_a_probe_gets_the_access_and_what_it_raises_names_the_plug_in() -> None:
    seen: list[Access] = []

    async def probe(access: Access, _: OpenHttp) -> Sequence[Finding]:
        seen.append(access)
        return [FOUND]

    async def broken(_: Access, __: OpenHttp) -> Sequence[Finding]:
        raise ZeroDivisionError("the shelf broke")

    async def wrong(_: Access, __: OpenHttp) -> Any:
        return ["a finding"]

    entered = SystemCredentials(HERE, TOKEN, {"pin": "4711"})
    assert await shelves([], probe=probe).named("shelf").probe(entered) == [FOUND]
    assert [(access.url, dict(access.fields)) for access in seen] == [(HERE, {"pin": "4711"})]
    with pytest.raises(DestinationFailed, match="toy-package failed: ZeroDivisionError"):
        await shelves([], probe=broken).named("shelf").probe(entered)
    with pytest.raises(DestinationFailed, match=r"toy-package failed: .* no Finding"):
        await shelves([], probe=wrong).named("shelf").probe(entered)
    with pytest.raises(NothingToProbe, match="Toy Shelf has no checks to run"):
        await shelves([]).named("shelf").probe(entered)


async def test_gleanin_is_probed_for_the_types_of_further_kinds() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        type_ = request.url.params.get("include", "")
        included = [
            {"id": "1", "type": type_, "attributes": {"tier": "Gold", "logo_url": 7, "groups": ["A"]}}
        ]
        event: Any = {"id": "8", "type": "events", "attributes": {"title": "PyCon"}}
        return httpx.Response(200, json={"data": event, "included": included} if type_ else {"data": [event]})

    schemas = {
        "sponsor": RecordSchema(
            "exhibitors", {"logo": "logo_url", "level": "tier", "groups": "groups"}, lists=("groups",)
        ),
        "booth": RecordSchema("booths", {"name": "title"}),
    }
    gleanin = GleaninDestinations(
        "https://gleanin.example/api", transport=lambda: httpx.MockTransport(answer), schemas=schemas
    )
    found = {finding.assumption: finding.verdict for finding in await GleaninProbe(gleanin)(TOKEN)}
    assert found["one of the exhibitors has tier: text"] is Verdict.AGREES
    assert found["one of the exhibitors has logo_url: text"] is Verdict.DIFFERS
    assert found["one of the exhibitors has groups: a list of texts"] is Verdict.AGREES
    assert found["one of the booths has title: text"] is Verdict.NOT_SEEN
    assert sum("include=exhibitors" in url for url in asked) == 1
    assert sum("include=booths" in url for url in asked) == 1
