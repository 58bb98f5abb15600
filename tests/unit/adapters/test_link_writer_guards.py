"""Rules 38 and 43: what a plug-in's link writer raises names its package, and leaves open what may have been written."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from adapters.plugins.kind_checks import check_kind
from adapters.plugins.kinds import SESSION_PLUGIN
from adapters.plugins.link_writers import InstalledLinkWriters
from core.domain.ids import SourceEventId, SourceId
from core.domain.links.link_homes import HolderType, LinkField, LinkHome
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.destination import BeforeWrite
from ports.link_writer import (
    LinkQuotaUsedUp,
    LinkWrite,
    LinkWriter,
    LinkWriteUnknown,
    LinkWritten,
    Written,
)
from ports.plugins import Access, KindPlugin, OpenHttp, SourcePlugin
from ports.source import SourceFailed, SourceMissing
from tests.unit.adapters.test_plugin_guards import EVENT, SENTENCE, TOKEN, Stopped, no_http

PEOPLE = HolderType("people")
HOME = LinkHome(PEOPLE)
WRITE = LinkWrite(SourceId("ada"), "1", "https://invt.io/1")
Do = Callable[[LinkWriter], Any]


@dataclass
class FakeWriter:
    before_write: BeforeWrite
    limits: WriteLimits = WriteLimits(100, 100, timedelta(minutes=15), 10_000)  # noqa: RUF009 - frozen
    raised_before: Exception | None = None
    raised_after: Exception | None = None
    results: list[LinkWritten] = field(default_factory=list)

    async def fields(self, event_id: SourceEventId, holder: HolderType) -> Sequence[LinkField]:
        raise KeyError("id")

    async def holders(
        self, event_id: SourceEventId, holder: HolderType, field: str
    ) -> AsyncIterator[Sequence[LinkHolder]]:
        yield [LinkHolder(SourceId("ada"), None, "1")]
        raise KeyError("id")

    async def create_field(self, event_id: SourceEventId, holder: HolderType, name: str) -> None:
        await self._send()

    async def write(
        self, event_id: SourceEventId, holder: HolderType, field: str, writes: Sequence[LinkWrite]
    ) -> Sequence[LinkWritten]:
        await self._send()
        return self.results

    async def _send(self) -> None:
        if self.raised_before:
            raise self.raised_before
        await self.before_write()
        if self.raised_after:
            raise self.raised_after


async def nothing() -> None:
    pass


async def stop() -> None:
    raise Stopped


@asynccontextmanager
async def opened(fence: BeforeWrite = nothing, **named: Any) -> AsyncIterator[LinkWriter]:
    @asynccontextmanager
    async def open_writer(
        access: Access, http: OpenHttp, before_write: BeforeWrite
    ) -> AsyncIterator[LinkWriter]:
        yield FakeWriter(before_write, **named)

    async with writers(open_link_writer=open_writer).open(
        "toys", SystemCredentials("https://toys.example.org", Token(TOKEN.value)), fence
    ) as writer:
        yield writer


def writers(**named: Any) -> InstalledLinkWriters:
    @asynccontextmanager
    async def open_source(access: Access, http: OpenHttp) -> AsyncIterator[Any]:
        yield None

    plugin = SourcePlugin("toys", "Toy Box", open_source, link_homes={"speaker": HOME}, **named)
    return InstalledLinkWriters(lambda _: (plugin, "toy-package"), no_http, lambda _: {"sponsor": HOME})


WRITES: list[Do] = [
    lambda writer: writer.write(EVENT, PEOPLE, "link", [WRITE]),
    lambda writer: writer.create_field(EVENT, PEOPLE, "Link"),
]
each_write = pytest.mark.parametrize("do", WRITES, ids=["write", "create_field"])


@each_write
async def test_rule_38_a_mistake_before_the_write_left_wrote_nothing(do: Do) -> None:
    async with opened(raised_before=KeyError("id")) as writer:
        with pytest.raises(SourceFailed) as caught:
            await do(writer)
    assert str(caught.value) == SENTENCE


@each_write
async def test_rule_38_a_mistake_after_the_write_left_leaves_it_open(do: Do) -> None:
    async with opened(raised_after=KeyError("id")) as writer:
        with pytest.raises(LinkWriteUnknown) as caught:
            await do(writer)
    assert str(caught.value) == SENTENCE


@each_write
async def test_rule_38_errors_of_the_port_pass_unchanged(do: Do) -> None:
    error = LinkQuotaUsedUp("No more today.", 3600)
    async with opened(raised_after=error) as writer:
        with pytest.raises(LinkQuotaUsedUp) as caught:
            await do(writer)
    assert caught.value is error


@each_write
async def test_rule_8_what_forbids_the_write_passes_unchanged(do: Do) -> None:
    async with opened(stop, raised_after=AssertionError("it has left")) as writer:
        with pytest.raises(Stopped):
            await do(writer)


@pytest.mark.parametrize("results", [[], [LinkWritten(SourceId("bob"), Written.DONE)]])
async def test_rule_38_results_that_are_not_those_of_the_writes_leave_it_open(
    results: list[LinkWritten],
) -> None:
    async with opened(results=results) as writer:
        with pytest.raises(LinkWriteUnknown, match=r"toy-package failed: .*what became of each link"):
            await writer.write(EVENT, PEOPLE, "link", [WRITE])


async def test_rule_43_mistakes_in_reading_name_the_package() -> None:
    async with opened() as writer:
        with pytest.raises(SourceFailed, match="toy-package"):
            await writer.fields(EVENT, PEOPLE)
        pages = writer.holders(EVENT, PEOPLE, "link")
        assert len(await anext(pages)) == 1
        with pytest.raises(SourceFailed, match="toy-package"):
            await anext(pages)


def test_rule_38_only_a_source_that_takes_links_has_homes() -> None:
    assert not writers().homes("toys")
    assert writers(open_link_writer=nothing).homes("toys") == {"speaker": HOME, "sponsor": HOME}

    def missing(_: str) -> tuple[SourcePlugin, str]:
        raise SourceMissing("It is not installed.")

    assert not InstalledLinkWriters(missing, no_http, lambda _: {}).homes("toys")


def test_rule_38_only_people_have_homes_for_links() -> None:
    plugin = KindPlugin(SESSION_PLUGIN.kind, SESSION_PLUGIN.make_rows, link_homes={"toys": HOME})
    with pytest.raises(ValueError, match="only people have"):
        check_kind(plugin)
