"""Links to the next page: followed as they are, and never to another host."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_same
from gleanin_sync_testkit.source.json_places import has_place, value_at
from gleanin_sync_testkit.source.pages import pages_of_sessions, with_value
from gleanin_sync_testkit.source.system import Rewrite, System, key_of
from gleanin_sync_testkit.wire import Answer, Request
from ports.source import SourceError

MARK = ("kit", "a/b c+d%")
ODD_LINKS: tuple[object, ...] = (7, {}, ["odd"], "http://[", True)
LINKED = ("is_paged", "has_linked_pages")


class LinkTests(SourceTests):
    @requirement("Follows a link to the next page with all its parameters", rule=34, needs=LINKED)
    async def test_parameters_of_a_link_are_kept(self, system: System) -> None:
        pages, _, put = await pages_of_sessions(system)

        def mark(_: Request, answer: Answer) -> Answer:
            is_there = has_place(answer.json, system.stand_in.next_at)
            link = value_at(answer.json, system.stand_in.next_at) if is_there else None
            return answer if not link else with_value(answer, system.stand_in.next_at, _marked(link))

        system.rewrites, before = [mark], len(system.wire.requests)
        check_same(await system.read(), put)
        followed = [request for request in system.wire.requests[before:] if MARK[0] in request.query]
        assert len(followed) == len(pages) - 1, (
            "The plug-in built links of its own. Follow those of the source."
        )
        for request in followed:
            assert request.query[MARK[0]] == MARK[1], (
                f"The link was changed before it was followed: {request.url}"
            )

    @requirement("Follows no link to another host", rule=29, needs=LINKED)
    async def test_link_to_another_host(self, system: System) -> None:
        pages, _, _ = await pages_of_sessions(system)
        home = urlsplit(system.stand_in.url)
        for host in (
            "https://evil.example.org",
            f"http://{home.netloc}",
            f"https://{home.netloc}@evil.example.org",
        ):
            lead_to = f"{host}/next"
            system.rewrites = [_linking(system, pages[0], lead_to)]
            before = len(system.wire.requests)
            reading = await system.read()
            reading.failed(SourceError, why=f"the link to the next page leads to {host}")
            assert all(not request.url.startswith(host) for request in system.wire.requests[before:])

    @requirement("Ends at a page that links to itself, with an error", rule=34, needs=LINKED)
    async def test_link_to_the_same_page(self, system: System) -> None:
        pages, _, _ = await pages_of_sessions(system)
        for at, target in ((0, 0), (1, 1), (1, 0), (2, 1)):
            system.rewrites = [_linking(system, pages[at], pages[target].url)]
            reading = await system.read()
            reading.failed(
                SourceError, why=f"page {at + 1} links to page {target + 1}, which was read already"
            )

    @requirement("Does not stop at a link that is none", rule=34, needs=LINKED)
    async def test_odd_link(self, system: System) -> None:
        pages, _, _ = await pages_of_sessions(system)
        for odd in ODD_LINKS:
            system.rewrites = [_linking(system, pages[0], odd)]
            reading = await system.read()
            reading.failed(SourceError, why=f"the link to the next page is {odd!r}")


def _linking(system: System, page: Request, link: object) -> Rewrite:
    wanted = key_of(page)

    def rewrite(request: Request, answer: Answer) -> Answer:
        return with_value(answer, system.stand_in.next_at, link) if key_of(request) == wanted else answer

    return rewrite


def _marked(link: str) -> str:
    parts = urlsplit(link)
    return urlunsplit(parts._replace(query=urlencode([*parse_qsl(parts.query), MARK])))
