"""One Chromium per test process, and pages that are checked for errors.

Tests that use them are not asynchronous; asynchronous fixtures must be requested before the page.
"""

import inspect
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from typing import Any, Protocol

import pytest
from playwright.sync_api import Page

from tests.support.chromium import REQUIRED_VARIABLE, Chromium, NoChromium, Watch, launched, required


class NewPage(Protocol):
    def __call__(
        self, *, width: int = 1280, height: int = 800, also: Collection[str] = (), **context_options: Any
    ) -> Page:
        """Open a page in a new context, with options of Playwright's `new_context`.

        `also` lists the URLs of other servers that the page may contact.
        """


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    with ExitStack() as stack:
        try:
            browser = stack.enter_context(launched())
        except NoChromium as missing:
            if required():
                pytest.fail(f"{missing} ({REQUIRED_VARIABLE} is set to required.)", pytrace=False)
            pytest.skip(str(missing))
        yield browser


@pytest.fixture
def site() -> str | None:
    """Return the URL of the served site; to be overridden.

    Pages resolve URLs relative to it and may not contact any other server. Without it, the first URL that a
    page opens determines the server.
    """
    return None


@pytest.fixture
def new_page(chromium: Chromium, site: str | None, request: pytest.FixtureRequest) -> Iterator[NewPage]:
    """Open pages, as in `new_page(width=360, color_scheme="dark", java_script_enabled=False)`.

    Fail the test at its end if one of the pages broke a rule of `Watch`.
    """
    if inspect.iscoroutinefunction(request.function):
        pytest.fail("A test that has a page cannot be asynchronous.", pytrace=False)
    errors: list[str] = []
    with chromium.in_use() as browser, ExitStack() as stack:

        def new_page(
            *, width: int = 1280, height: int = 800, also: Collection[str] = (), **context_options: Any
        ) -> Page:
            options = {"base_url": site, **context_options}
            watch = Watch(options["base_url"], also)
            stack.callback(lambda: errors.extend(watch.errors))
            context = browser.new_context(viewport={"width": width, "height": height}, **options)
            stack.callback(context.close)
            watch.follow(context)
            return context.new_page()

        yield new_page
    if errors:
        pytest.fail("\n".join(["The page broke these rules:", *errors]), pytrace=False)


@pytest.fixture
def page(new_page: NewPage, request: pytest.FixtureRequest) -> Page:
    """Open a page; options come by `@pytest.mark.parametrize("page", [{"width": 360}], indirect=True)`."""
    options: dict[str, Any] = getattr(request, "param", {})
    return new_page(**options)
