"""Rule 38: pages for writing share links into the source. The source of links is one in memory."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from dependency_injector import providers

from adapters.memory.link_writer import CONTACTS, EXHIBITORS, InMemoryLinkHolders, InMemoryLinkWriters
from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId, RunId, SourceId
from core.domain.links.link_homes import LinkField, LinkHome, LinkSettings
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult
from core.domain.records.kinds import SPEAKER
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import ShareLink
from core.domain.tenancy.secrets import SystemCredentials
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.queries import ListShareLinks
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from ports.destination import BeforeWrite
from ports.link_writer import LinkQuotaUsedUp, LinkWriteForbidden, LinkWriter, LinkWriteUnknown
from ports.source import SourceError, SourceRefused, SourceUnavailable
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import post
from tests.support.http_fixtures import ADMIN, SUPPORT, VIEWER
from tests.support.link_source import COMPANY_FIELD, FIELD
from tests.support.memory_links import memory_links

OTHER = "bio"
MISSING_SCOPE = "The token lacks the scope fields:write."


@pytest.fixture
def source(fresh: Served) -> Iterator[InMemoryLinkHolders]:
    with memory_links(fresh.running, fresh.acme.mapping) as source:
        yield source


@pytest.fixture
def admin(fresh: Served, source: InMemoryLinkHolders) -> httpx.Client:
    assert source.fields, "there is a source before the first page is opened"
    return fresh.browser(ADMIN)


def at(served: Served, part: str = "") -> str:
    mapping = served.acme.mapping
    return f"/organizations/{served.acme.organization}/integrations/mappings/{mapping}/write-back{part}"


def settings_of(served: Served) -> LinkSettings:
    async def ask(container: Container) -> LinkSettings:
        mappings = await container.resolve(ListMappings)(served.acme.organization)  # type: ignore[arg-type]
        return mappings[0].settings.links

    return served.running.ask(ask)


def sync(served: Served) -> str:
    async def ask(container: Container) -> str:
        request = SyncRequest(MappingId(served.acme.mapping), actor=COMMAND_LINE)
        run = await container.resolve(RequestSync)(request)
        return (await container.resolve(RunSync)(run.id)).id

    return served.running.ask(ask)


def words(page: httpx.Response) -> str:
    """Return what a page says, on one line."""
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", page.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def switch_on(served: Served, admin: httpx.Client, **more: str) -> None:
    preview = at(served, f"/preview?field={FIELD}")
    assert post(admin, at(served), page=preview, field=FIELD, **more).status_code == 303


def test_rule_38_nothing_is_saved_before_the_preview_is_confirmed(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    chosen = admin.get(at(fresh))
    assert f'<option value="{FIELD}">Gleanin Link ({FIELD})</option>' in chosen.text
    preview = admin.get(at(fresh, f"/preview?field={FIELD}&company_field={COMPANY_FIELD}"))
    assert "Switch on" in preview.text
    assert "Nothing has been written." in words(preview)
    assert not settings_of(fresh).is_on
    assert source.writes == 0
    done = post(
        admin, at(fresh), page=str(preview.url.raw_path, "ascii"), field=FIELD, company_field=COMPANY_FIELD
    )
    assert done.headers["Location"] == at(fresh)
    assert settings_of(fresh) == LinkSettings(FIELD, COMPANY_FIELD)
    state = admin.get(at(fresh))
    assert "Sync now" in state.text
    assert "from the next sync on" in state.text
    assert source.writes == 0


def test_rule_38_the_preview_counts_each_outcome_and_lists_it(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    person, gone = fresh.acme.person, next(iter(reversed(source.holders[CONTACTS])))
    source.edit(CONTACTS, person, FIELD, "https://example.org/by-hand")
    del source.holders[CONTACTS][gone]
    preview = admin.get(at(fresh, f"/preview?field={FIELD}"))
    said = words(preview)
    assert "kept, because somebody else entered a value 1" in said
    assert "cannot be written 1" in said
    kept = words(admin.get(at(fresh, f"/preview?field={FIELD}&outcome=kept")))
    assert "Somebody else entered a value in Sessionboard, so it was kept." in kept
    assert "does not list this record in the event any more" not in kept
    assert "No matches" in words(admin.get(at(fresh, f"/preview?field={FIELD}&q=nothing-has-this")))


def test_rule_38_the_pages_of_a_preview_read_the_source_once(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    for query in ("", "&outcome=written", "&page=2", "&q=a"):
        assert admin.get(at(fresh, f"/preview?field={FIELD}{query}")).status_code == 200
    assert source.pages_read == 1
    switch_on(fresh, admin)
    sync(fresh)
    read = source.pages_read
    again = words(admin.get(at(fresh, f"/preview?field={FIELD}")))
    assert "would be written 0" in again, "what was read before the sync is outdated"
    assert source.pages_read > read


def test_rule_38_a_choice_that_is_none_comes_back_beside_its_field(
    fresh: Served, admin: httpx.Client
) -> None:
    for answer in (
        admin.get(at(fresh, f"/preview?field=nonsense&company_field={COMPANY_FIELD}")),
        post(admin, at(fresh), field="nonsense", company_field=COMPANY_FIELD),
    ):
        assert answer.status_code == 422
        assert "has no event-level text field" in answer.text
        assert 'aria-describedby="field-field-hint field-field-error"' in answer.text
        assert f'<option value="{COMPANY_FIELD}" selected>' in answer.text, "what was entered is kept"
    wrong = admin.get(at(fresh, f"/preview?field={FIELD}&company_field=nonsense"))
    assert 'aria-describedby="field-company_field-hint field-company_field-error"' in wrong.text
    nothing = admin.get(at(fresh, "/preview"))
    assert (nothing.status_code, nothing.headers["Location"]) == (303, at(fresh))
    assert not settings_of(fresh).is_on


@pytest.mark.parametrize(
    ("error", "status", "link"),
    [
        (SourceRefused("Sessionboard refused the token."), 422, "Replace Sessionboard's token"),
        (SourceRefused("The token lacks the scope fields:read."), 422, "Replace Sessionboard's token"),
        (SourceUnavailable("Sessionboard did not answer in time."), 503, "Try again"),
    ],
)
def test_rule_38_a_source_that_cannot_be_read_is_told_and_nothing_entered_is_lost(
    fresh: Served, source: InMemoryLinkHolders, error: SourceError, status: int, link: str
) -> None:
    admin, source.unlisted = fresh.browser(ADMIN), error
    query = f"field={OTHER}&company_field={COMPANY_FIELD}"
    answers = [admin.get(at(fresh, page)) for page in (f"?{query}", f"/preview?{query}")]
    for answer in answers:
        assert answer.status_code == status
        for said in (str(error), link, OTHER):
            assert said in words(answer)
    settings = admin.get(at(fresh).replace("/write-back", "/settings"))
    assert settings.status_code == 200
    assert str(error) not in words(settings), "the settings do not read it"
    source.unlisted = None
    (again,) = re.findall(r'href="([^"]+)"[^>]*>Try again<', answers[-1].text)
    retried = admin.get(html.unescape(again))
    assert f'<option value="{OTHER}" selected>' in retried.text
    assert f'<option value="{COMPANY_FIELD}" selected>' in retried.text


def test_rule_38_it_is_switched_off_without_the_source(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    switch_on(fresh, admin, company_field=COMPANY_FIELD)
    source.unlisted = source.unreadable = SourceUnavailable("down")
    state = admin.get(at(fresh))
    assert state.status_code == 200
    assert "Switch off" in state.text
    assert post(admin, at(fresh), field="").status_code == 303
    assert settings_of(fresh) == LinkSettings()


def order(served: Served, admin: httpx.Client, name: str, **more: str) -> httpx.Response:
    return post(admin, at(served, "/field"), name=name, **more)


def test_rule_38_a_field_is_ordered_after_it_was_said_what_is_made(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    asked = admin.get(at(fresh, "/field"))
    assert 'value="Gleanin Link"' in asked.text
    assert "A custom text field for people is made in Sessionboard, for this event only." in words(asked)
    made = order(fresh, admin, "A new one", company_field=COMPANY_FIELD)
    assert made.status_code == 303
    (field,) = (each for each in source.fields[CONTACTS] if each.public_name == "A new one")
    form = admin.get(made.headers["Location"])
    assert f'<option value="{field.internal_name}" selected>' in form.text
    assert f'<option value="{COMPANY_FIELD}" selected>' in form.text, "the rest of the choice is kept"
    again = order(fresh, admin, "A new one")
    assert "so no second one was made" in words(admin.get(again.headers["Location"]))
    assert sum(each.public_name == "A new one" for each in source.fields[CONTACTS]) == 1
    assert order(fresh, admin, "Of companies", target="company").status_code == 303
    assert source.fields[EXHIBITORS][-1].public_name == "Of companies"


def test_rule_38_of_two_fields_of_one_name_it_is_asked_which(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    source.fields[CONTACTS].append(LinkField("gleanin_link_2", "Gleanin Link"))
    told = order(fresh, admin, "Gleanin Link")
    assert told.status_code == 422
    assert "Gleanin Link (gleanin_link), Gleanin Link (gleanin_link_2)" in words(told)
    assert 'value="Gleanin Link"' in told.text
    form = admin.get(at(fresh))
    assert "Gleanin Link (gleanin_link_2)</option>" in form.text


def test_rule_38_a_field_that_is_not_listed_yet_says_to_come_back(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    source.makes_fields = False
    source.errors_after = [LinkWriteUnknown("The answer was lost.")]
    for _ in range(2):
        told = order(fresh, admin, "Late one")
        assert told.status_code == 409
        assert "List the fields again in a few minutes." in words(told)
        assert "List the fields again</a>" in told.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (LinkWriteForbidden(MISSING_SCOPE), 422),
        (LinkQuotaUsedUp("Too many requests."), 503),
        (SourceUnavailable("Sessionboard is down."), 503),
    ],
)
def test_rule_38_a_field_that_was_not_made_says_why_and_keeps_its_name(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders, error: SourceError, status: int
) -> None:
    source.errors = [error]
    told = order(fresh, admin, "My own name")
    assert told.status_code == status
    assert str(error) in words(told)
    assert 'value="My own name"' in told.text
    assert order(fresh, admin, "My own name").status_code == 303, "it may be ordered again at once"


def test_rule_38_a_name_that_cannot_be_one_comes_back(fresh: Served, admin: httpx.Client) -> None:
    for name in ("", "x" * 101):
        told = order(fresh, admin, name)
        assert told.status_code == 422
        assert 'class="field-error"' in told.text


def test_rule_38_a_campaign_is_asked_for_by_title_only_where_there_are_several(
    fresh: Served, admin: httpx.Client
) -> None:
    assert 'name="campaign"' not in admin.get(at(fresh)).text

    async def give(container: Container) -> None:
        (first, *_) = await container.resolve(ListShareLinks)(MappingId(fresh.acme.mapping))
        links = (
            ShareLink("Early birds", "https://app.gleanin.com/share/a", "71"),
            ShareLink("Main stage", "https://app.gleanin.com/share/b", "72"),
        )
        async with container.units().write() as unit:
            mapping = await unit.mappings.get(MappingId(fresh.acme.mapping))
            assert mapping
            target = mapping.organization_id, mapping.events.destination_id
            await unit.synced.save_links(*target, first.kind, {SourceId(first.source_id): links})
            await unit.commit()

    fresh.running.ask(give)
    form = admin.get(at(fresh))
    assert '<option value="72">Main stage</option>' in form.text
    preview = admin.get(at(fresh, f"/preview?field={FIELD}&campaign=72"))
    assert "Main stage" in words(preview)
    wrong = admin.get(at(fresh, f"/preview?field={FIELD}&campaign=99"))
    assert wrong.status_code == 422
    assert 'id="field-campaign-error"' in wrong.text
    switch_on(fresh, admin, campaign="72")
    assert "Main stage" in words(admin.get(at(fresh)))


def test_rule_38_a_run_has_counts_and_a_list_of_its_own(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    before = admin.get(f"/runs/{fresh.acme.run}")
    assert "Share links in Sessionboard" not in words(before)
    source.edit(CONTACTS, fresh.acme.person, FIELD, "by hand")
    switch_on(fresh, admin)
    run = sync(fresh)
    page = admin.get(f"/runs/{run}")
    assert re.search(r"written [1-9]\d* unchanged 0 kept 1 failed 0", words(page))
    kept = admin.get(f"/runs/{run}?link_outcome=kept")
    part = kept.text.partition('id="links"')[2]
    assert part.count('data-outcome="kept"') == 1
    assert 'data-outcome="written"' not in part
    assert admin.get(f"/runs/{run}?link_outcome=nonsense").status_code == 404


def test_rule_38_a_persons_history_says_where_the_link_is(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    url = f"/mappings/{fresh.acme.mapping}/records?who={fresh.acme.person}"
    assert "Share link in Sessionboard" not in words(admin.get(url))
    switch_on(fresh, admin)
    assert "Not written yet." in words(admin.get(url))
    sync(fresh)
    assert "Share link in Sessionboard written Written to Sessionboard for the first time." in words(
        admin.get(url)
    )
    assert source.value(CONTACTS, fresh.acme.person, FIELD)


def test_rule_38_who_may_only_read_sees_what_is_chosen_and_no_form(
    fresh: Served, admin: httpx.Client
) -> None:
    switch_on(fresh, admin)
    for role, forms in ((VIEWER, 1), (SUPPORT, 2)):
        page = fresh.browser(role).get(at(fresh))
        assert page.status_code == 200
        assert FIELD in words(page)
        assert page.text.count("<form") == forms, "to sign out, and for support to sync"
    assert fresh.browser(VIEWER).get(at(fresh, f"/preview?field={FIELD}")).status_code == 403


def test_rule_38_a_source_that_takes_no_links_says_so_without_a_form(served: Served) -> None:
    browser, settings = served.signed_in(ADMIN), at(served).replace("/write-back", "/settings")
    with memory_links(served.running, served.acme.mapping, takes_links=False):
        for page in (at(served), settings):
            answer = browser.get(page)
            assert "Sessionboard takes no share links, so they cannot be written there." in words(answer)
            assert 'href="' + at(served) not in answer.text
        assert browser.get(at(served, "/field")).headers["Location"] == at(served)


def test_rule_38_the_share_links_say_where_each_one_is(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    url = f"/organizations/{fresh.acme.organization}/share-links"
    assert "In Sessionboard" not in words(admin.get(url))
    source.edit(CONTACTS, fresh.acme.person, FIELD, "by hand")
    switch_on(fresh, admin)
    assert "Not yet" in words(admin.get(url))
    sync(fresh)
    told = words(admin.get(url))
    assert "written Written to Sessionboard for the first time." in told
    assert "kept Somebody else entered a value in Sessionboard, so it was kept." in told


def test_rule_38_a_runs_list_goes_on_page_by_page(fresh: Served) -> None:
    results = [
        LinkResult(
            SPEAKER,
            SourceId(f"person-{number}"),
            f"Person {number}",
            CONTACTS,
            LinkOutcome.WRITTEN,
            Reason("link_new", "New."),
        )
        for number in range(60)
    ]

    async def store(container: Container) -> None:
        async with container.units().write() as unit:
            run = await unit.runs.get(RunId(fresh.acme.run))
            assert run
            await unit.link_outcomes.add(run.mapping_id, run.id, results)
            await unit.runs.update(replace(run, links=LinkCounts({LinkOutcome.WRITTEN: 60})))
            await unit.commit()

    fresh.running.ask(store)
    admin, found = fresh.browser(ADMIN), list[str]()
    url = f"/runs/{fresh.acme.run}?link_outcome=written"
    for _ in range(2):
        part = admin.get(url).text.partition('id="links"')[2]
        found += re.findall(r">(Person \d+)<", part)
        onward = re.search(r'rel="next" href="([^"]+)"', part)
        url = html.unescape(onward[1]) if onward else ""
    assert found == [f"Person {number}" for number in range(60)]
    assert url == ""


class HeldWriters:
    """A source that answers only once it is released."""

    def __init__(self, writers: InMemoryLinkWriters) -> None:
        self.writers, self.is_released = writers, asyncio.Event()

    def homes(self, source: str) -> Mapping[str, LinkHome]:
        return self.writers.homes(source)

    @asynccontextmanager
    async def open(
        self, source: str, credentials: SystemCredentials, before_write: BeforeWrite
    ) -> AsyncIterator[LinkWriter]:
        await self.is_released.wait()
        async with self.writers.open(source, credentials, before_write) as writer:
            yield writer


def test_rule_38_a_slow_preview_shows_a_page_that_updates_by_itself(
    fresh: Served, admin: httpx.Client, source: InMemoryLinkHolders
) -> None:
    held = HeldWriters(InMemoryLinkWriters(source))
    url = at(fresh, f"/preview?field={FIELD}")
    with fresh.running.container.link_writers.override(providers.Object(held)):
        waiting = admin.get(url)
        assert "This page updates by itself." in waiting.text
        assert '<meta http-equiv="refresh"' in waiting.text, "without JavaScript, too"
        assert f'hx-get="{url}"' in waiting.text
        assert admin.get(url, headers={"HX-Request": "true"}).status_code == 204, "nothing to replace yet"

        async def release(_: Container) -> None:
            held.is_released.set()

        fresh.running.ask(release)
        assert "Switch on" in admin.get(url, headers={"HX-Request": "true"}).text


def test_rule_38_the_documentation_says_what_is_written_into_the_source(served: Served) -> None:
    with memory_links(served.running, served.acme.mapping):
        told = words(served.browser().get("/documentation"))
    assert (
        "Nothing is written to Sessionboard, unless an admin chooses to have share links written there."
        in told
    )
    assert "The links of speakers and exhibitors go to one text field of the person" in told
    with memory_links(served.running, served.acme.mapping, takes_links=False):
        assert "Nothing is written to Sessionboard." in words(served.browser().get("/documentation"))
