"""The browser, its error checks and axe work as the other tests in this folder expect."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.browser.conftest import NewPage
from tests.support.axe import violations
from tests.support.chromium import PATH_VARIABLE, REQUIRED_VARIABLE, Chromium, Watch, aside
from tests.support.timeouts import WITHIN, join

ROOT = Path(__file__).parents[3]

GOOD = "<main><h1>Good</h1><form method=post action=/refused><button>Send</button></form>"
PAGES = {
    "/good": GOOD,
    "/unreadable": f"{GOOD}<p role=note style='color: #ddd; background: #fff'>Pale</p><img src=data:,>",
    "/crowded": f"{GOOD}{'<button class=tiny>x</button>' * 2}",
    "/wide": f"{GOOD}<script>document.title = innerWidth</script>",
    "/console": f"{GOOD}<script>console.error('a planted error')</script>",
    "/uncaught": f"{GOOD}<script>planted()</script>",
    "/missing": f"{GOOD}<img alt=gone src=/gone.png>",
    "/elsewhere": f"{GOOD}<img alt=far src=http://elsewhere.example/dot>",
    "/strict": f"{GOOD}<p style='color: red'>inline</p>",
    "/refused": GOOD,
}
STYLE = "<style>.tiny { width: 9px; height: 9px; padding: 0; border: 0; overflow: hidden }</style>"


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGES.get(self.path)
        self.send_response(404 if body is None else 422 if self.path == "/refused" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.path == "/strict":
            self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        if body is not None:
            style = "" if self.path == "/strict" else STYLE
            page = f"<!doctype html><html lang=en><head><title>Page</title>{style}</head><body>{body}</main></body></html>"
            self.wfile.write(page.encode())

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        join(thread)


@pytest.fixture
def site(served: str) -> str:
    return served


def violations_at(chromium: Chromium, watch: Watch, url: str) -> list[str]:
    """Open a page with this watch and return what it recorded."""
    with chromium.in_use() as browser:
        context = browser.new_context()
        watch.follow(context)
        context.new_page().goto(url)
        context.close()
    return watch.errors


def test_a_good_page_has_no_violations(page: Page) -> None:
    page.goto("/good")
    assert violations(page) == []
    assert violations(page) == [], "asked a second time"


def test_axe_names_the_rule_and_the_place_of_planted_violations(page: Page) -> None:
    page.goto("/unreadable")
    contrast, image, *others = violations(page)
    assert contrast.startswith("color-contrast (serious): Elements must meet minimum color contrast")
    assert contrast.endswith(": p")
    assert image.endswith(": img")
    assert image.startswith("image-alt (critical): ")
    assert others == []


def test_axe_asks_for_targets_large_enough_for_a_finger(page: Page) -> None:
    page.goto("/crowded")
    assert [line.split()[0] for line in violations(page)] == ["target-size"]


def test_axe_is_not_held_off_by_a_content_security_policy(chromium: Chromium, served: str) -> None:
    with chromium.in_use() as browser, browser.new_context() as context:
        page = context.new_page()
        page.goto(f"{served}/strict")
        assert violations(page) == []


def test_pages_have_the_options_that_they_were_asked_for(new_page: NewPage) -> None:
    small = new_page(width=360, color_scheme="dark")
    small.goto("/wide")
    assert small.title() == "360"
    assert small.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    plain = new_page(java_script_enabled=False)
    plain.goto("/wide")
    assert plain.title() == "Page"


@pytest.mark.parametrize("page", [{"width": 400, "color_scheme": "dark"}], indirect=True)
def test_options_may_come_by_a_mark(page: Page) -> None:
    page.goto("/wide")
    assert page.title() == "400"


def test_a_form_that_was_refused_is_no_fault_of_the_page(page: Page) -> None:
    page.goto("/good")
    with page.expect_response("**/refused") as refused:
        page.get_by_role("button", name="Send").click()
    assert refused.value.status == 422


@pytest.mark.parametrize(
    ("path", "error_detail"),
    [
        ("/console", "console error: a planted error"),
        ("/uncaught", "uncaught error: planted is not defined"),
        ("/missing", "failed to load: "),
        ("/strict", "console error: Applying inline style violates"),
    ],
)
def test_the_watch_notes_what_a_page_does_wrong(
    chromium: Chromium, served: str, path: str, error_detail: str
) -> None:
    (noted,) = violations_at(chromium, Watch(served), served + path)
    assert noted.startswith(error_detail)


def test_the_watch_notes_a_request_to_another_server_and_none_leaves_the_machine(
    chromium: Chromium, served: str
) -> None:
    requests, failed = violations_at(chromium, Watch(served), f"{served}/elsewhere")
    assert requests == "request to another server: http://elsewhere.example/dot"
    assert "net::ERR_NAME_NOT_RESOLVED" in failed


def test_the_first_page_says_which_server_is_watched_and_others_can_be_allowed(
    chromium: Chromium, served: str
) -> None:
    assert violations_at(chromium, Watch(), f"{served}/good") == []
    assert violations_at(chromium, Watch("http://127.0.0.1:1"), f"{served}/good") == [
        f"request to another server: {served}/good"
    ]
    assert violations_at(chromium, Watch("http://127.0.0.1:1", also=[served]), f"{served}/good") == []


def test_other_event_loops_run_beside_a_page(page: Page) -> None:
    with aside():
        asyncio.run(asyncio.sleep(0))
    page.goto("/good")


async def test_asynchronous_tests_run_while_the_browser_is_open(chromium: Chromium) -> None:
    await asyncio.sleep(0)
    assert chromium.loop is not asyncio.get_running_loop()


INNER = """
import asyncio
import pytest

def test_opens(page):
    page.goto("data:text/html,<title>opened</title>")
    assert page.title() == "opened"

def test_errs(page):
    page.goto("data:text/html,<script>console.error('a planted error')</script>")

async def test_waits():
    await asyncio.sleep(0)

async def test_mixes(page):
    pass
"""


def inner(folder: Path, **environment: str) -> str:
    """Run `INNER` with the fixtures of this folder and return pytest's report."""
    (folder / "test_inner.py").write_text(INNER)
    options = ["-c", "pyproject.toml", "-p", "no:cacheprovider", "-p", "tests.e2e.browser.conftest", "-rA"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(folder), str(folder)],
        cwd=ROOT,
        env={**os.environ, REQUIRED_VARIABLE: "", **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=2 * WITHIN,
        check=False,
    ).stdout


@pytest.mark.usefixtures("chromium")
def test_a_page_with_a_console_error_fails_its_test(tmp_path: Path) -> None:
    report = inner(tmp_path)
    assert "console error: a planted error" in report
    assert "A test that has a page cannot be asynchronous." in report
    assert "3 passed, 2 errors" in report


def test_without_a_browser_the_tests_are_skipped_with_a_reason(tmp_path: Path) -> None:
    report = inner(tmp_path, **{PATH_VARIABLE: "/nowhere/chromium"})
    assert "names /nowhere/chromium, which is no program" in report
    assert "1 passed, 3 skipped" in report


def test_a_browser_that_is_required_and_missing_fails_the_tests(tmp_path: Path) -> None:
    report = inner(tmp_path, **{PATH_VARIABLE: "/nowhere/chromium", REQUIRED_VARIABLE: "required"})
    assert "Install it with `apt-get install chromium`" in report
    assert "1 passed, 3 errors" in report
